#include "record_row.hpp"

namespace spillway::ledger {

RequestId id_of(std::string_view bytes)
{
    RequestId id;
    for (std::size_t i = 0; i < bytes.size() && i < 16; ++i) {
        auto& half = i < 8 ? id.high : id.low;
        half = (half << 8U) | static_cast<unsigned char>(bytes[i]);
    }
    return id;
}

std::array<unsigned char, 16> id_bytes(const RequestId& id)
{
    std::array<unsigned char, 16> bytes{};
    for (std::size_t i = 0; i < 8; ++i) {
        bytes[i] = static_cast<unsigned char>(id.high >> (56U - 8U * i));
        bytes[i + 8] = static_cast<unsigned char>(id.low >> (56U - 8U * i));
    }
    return bytes;
}

std::string select_records()
{
    return "SELECT " + std::string{record_columns} +
           ", record, route, rule, reason, features, kept_local, scanned, code_known"
           " FROM records LEFT JOIN routings ON routings.record = records.seq";
}

Result<RecordReader> RecordReader::open(sqlite::Connection& connection)
{
    auto lookup = connection.prepare("SELECT text FROM words WHERE id = ?1");
    if (!lookup) {
        return fail(std::move(lookup).error());
    }
    return RecordReader{std::move(*lookup)};
}

std::string RecordReader::word(const sqlite::Statement& row, int column)
{
    if (row.type(column) != SQLITE_INTEGER) {
        return std::string{row.text(column)};
    }
    const std::int64_t id = row.integer(column);
    if (id == 0) {
        return {};
    }
    if (const auto known = words_.find(id); known != words_.end()) {
        return known->second;
    }
    const sqlite::Running running{lookup_};
    lookup_.bind(1, id);
    if (lookup_.step() != SQLITE_ROW) {
        return {};
    }
    return words_.emplace(id, lookup_.text(0)).first->second;
}

SpendRecord RecordReader::read(const sqlite::Statement& row)
{
    int column = 1;  // 0 is seq.
    const auto number = [&] { return row.integer(column++); };
    const auto small = [&] { return static_cast<int>(row.integer(column++)); };
    const auto shared = [&] { return word(row, column++); };
    const auto text = [&] { return std::string{row.text(column++)}; };
    const auto amount = [&] {
        const int at = column++;
        return row.is_null(at) ? std::optional<NanoUsd>{} : NanoUsd{row.integer(at)};
    };

    SpendRecord record;
    record.id = id_of(row.text(column++));
    record.started = WallTime{std::chrono::microseconds{number()}};
    record.call_type = shared();
    record.key_hash = shared();
    record.end_user = text();
    record.tags = text();
    record.asked_model = shared();
    record.group = shared();
    record.deployment_id = shared();
    record.provider = shared();
    record.upstream_model = shared();
    record.api_base = shared();
    record.outcome = static_cast<Outcome>(number());
    record.status = small();
    record.error = shared();
    record.why = text();
    record.attempts = small();
    record.retries = small();
    record.fallbacks = small();
    record.streamed = number() != 0;
    record.usage.prompt = Tokens{number()};
    record.usage.completion = Tokens{number()};
    record.usage.cached = Tokens{number()};
    record.usage.cache_write = Tokens{number()};
    record.usage.reasoning = Tokens{number()};
    record.usage.source = static_cast<chat::UsageSource>(number());
    record.cost = amount();
    record.at_least = number() != 0;
    record.queue = Millis{number()};
    if (!row.is_null(column)) {
        record.first_token = Millis{row.integer(column)};
    }
    ++column;
    record.total = Millis{number()};
    record.team_id = shared();
    record.user_id = shared();
    record.charged = amount();
    if (!row.is_null(column)) {
        record.charged_at = WallTime{std::chrono::microseconds{row.integer(column)}};
    }
    ++column;
    record.reference_cost = amount();
    record.replayed = number() != 0;
    record.engine = text();
    record.routing = read_routing(row, column);
    return record;
}

std::shared_ptr<const RouteTaken> RecordReader::read_routing(const sqlite::Statement& row,
                                                             int column)
{
    if (row.is_null(column)) {
        return nullptr;
    }
    auto taken = std::make_shared<RouteTaken>();
    taken->route = word(row, column + 1);
    taken->rule = word(row, column + 2);
    taken->reason = std::string{row.text(column + 3)};
    taken->features = std::string{row.text(column + 4)};
    taken->kept_local = row.integer(column + 5) != 0;
    taken->scanned = row.integer(column + 6) != 0;
    taken->code_known = row.integer(column + 7) != 0;
    return taken;
}

}  // namespace spillway::ledger
