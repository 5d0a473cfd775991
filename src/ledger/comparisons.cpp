#include "spillway/ledger/comparisons.hpp"

#include <filesystem>
#include <utility>
#include <vector>

#include "record_row.hpp"
#include "seq_ranges.hpp"
#include "spillway/base/text.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {
namespace {

/// A read that lasts keeps the write-ahead log from being folded.
constexpr int page_size = 512;

constexpr const char* question =
    "SELECT c.number, c.request, c.at, c.route, c.weak_group, c.strong_group, c.served, "
    "c.features, c.weight, l.judge, l.weak, l.strong, l.certainty, t.prompt, t.weak, t.strong, "
    "t.expires "
    "FROM comparisons c "
    "JOIN comparison_labels l ON l.comparison = c.number AND l.judge = (SELECT max(judge) FROM "
    "comparison_labels WHERE comparison = c.number) "
    "LEFT JOIN comparison_texts t ON t.comparison = c.number AND ?4 "
    "WHERE c.number > ?1 AND c.at >= ?2 AND (?3 = '' OR c.route = ?3) "
    "ORDER BY c.number LIMIT ?5";

Error not_a_ledger(const std::string& path, const std::string& why)
{
    return {Errc::bad_config,
            "'" + printable(path) + "' holds no comparisons of this spillway: " + why};
}

std::uint64_t big_endian(std::string_view bytes)
{
    std::uint64_t value = 0;
    for (const char byte : bytes)
        value = value << 8U | static_cast<unsigned char>(byte);
    return value;
}

Comparison read(const sqlite::Statement& row)
{
    Comparison one;
    one.number = row.integer(0);
    if (const auto id = row.text(1); id.size() == 16)
        one.request = {big_endian(id.substr(0, 8)), big_endian(id.substr(8))};
    one.at = WallTime{WallTime::duration{row.integer(2)}};
    one.route = row.text(3);
    one.weak_group = row.text(4);
    one.strong_group = row.text(5);
    one.served = row.integer(6) == 0 ? Comparison::Served::weak : Comparison::Served::strong;
    one.features = row.text(7);
    one.weight = row.real(8);
    one.label = {static_cast<int>(row.integer(9)), row.real(10), row.real(11), row.real(12)};
    if (!row.is_null(13))
        one.texts = ComparisonTexts{std::string(row.text(13)), std::string(row.text(14)),
                                    std::string(row.text(15)),
                                    WallTime{WallTime::duration{row.integer(16)}}};
    return one;
}

}  // namespace

struct Comparisons::Parts {
    std::string path;
    sqlite::Connection connection;  // Outlives the statements below.
    sqlite::Statement page;
    sqlite::Connection writing;
    sqlite::Statement label;

    [[nodiscard]] Result<std::vector<Comparison>> read_page(std::int64_t after, WallTime since,
                                                            const std::string& route, Texts texts);
};

Comparisons::Comparisons(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Comparisons::Comparisons(Comparisons&&) noexcept = default;
Comparisons::~Comparisons() = default;

Result<Comparisons> Comparisons::open(const std::string& ledger_path)
{
    std::error_code unknown;
    if (!std::filesystem::is_regular_file(ledger_path, unknown))
        return fail(Errc::bad_config, "there is no ledger at '" + printable(ledger_path) + "'");
    auto parts = std::make_unique<Parts>();
    parts->path = ledger_path;
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::read);
    if (!connection)
        return fail(std::move(connection).error());
    parts->connection = std::move(*connection);
    auto page = parts->connection.prepare(question);
    if (!page)
        return fail(not_a_ledger(ledger_path, page.error().message()));
    parts->page = std::move(*page);
    return Comparisons{std::move(parts)};
}

Result<std::vector<Comparison>> Comparisons::Parts::read_page(std::int64_t after, WallTime since,
                                                              const std::string& route, Texts texts)
{
    const sqlite::Running running{page};
    page.bind(1, after);
    page.bind(2, since.time_since_epoch().count());
    page.bind(3, route);
    page.bind(4, static_cast<std::int64_t>(texts == Texts::read ? 1 : 0));
    page.bind(5, page_size);
    std::vector<Comparison> rows;
    int code = page.step();
    for (; code == SQLITE_ROW; code = page.step())
        rows.push_back(read(page));
    if (code != SQLITE_DONE)
        return fail(Errc::ledger_unavailable, connection.error("reading").message());
    return rows;
}

Result<void> Comparisons::each(WallTime since, const std::string& route, Texts texts,
                               const std::function<void(Comparison&&)>& see)
{
    std::int64_t after = 0;
    for (;;) {
        auto rows = parts_->read_page(after, since, route, texts);
        if (!rows)
            return fail(rows.error());
        if (rows->empty())
            return {};
        after = rows->back().number;
        for (auto& row : *rows)
            see(std::move(row));
    }
}

Result<void> Comparisons::set_label(std::int64_t comparison, const ComparisonLabel& label,
                                    WallTime now)
{
    auto& at = *parts_;
    if (!at.writing.open()) {
        auto connection = sqlite::Connection::open(at.path, sqlite::Access::write);
        if (!connection)
            return fail(std::move(connection).error());
        at.writing = std::move(*connection);
        auto statement = at.writing.prepare(
            "INSERT OR REPLACE INTO comparison_labels VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        if (!statement)
            return fail(std::move(statement).error());
        at.label = std::move(*statement);
    }
    const sqlite::Running running{at.label};
    at.label.bind(1, comparison);
    at.label.bind(2, static_cast<std::int64_t>(label.judge));
    at.label.bind_real(3, label.weak);
    at.label.bind_real(4, label.strong);
    at.label.bind_real(5, label.certainty);
    at.label.bind(6, now.time_since_epoch().count());
    if (at.label.step() != SQLITE_DONE)
        return fail(at.writing.error("writing a label"));
    return {};
}

Result<std::map<std::string, NanoUsd>> shadow_spend(const std::string& ledger_path, WallTime from)
{
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::read);
    if (!connection)
        return fail(std::move(connection).error());
    auto reader = RecordReader::open(*connection);
    auto rows = connection->prepare(
        "SELECT asked_model, coalesce(charged_nano_usd, cost_nano_usd) FROM records "
        "WHERE seq BETWEEN ?1 AND ?2 AND started >= ?3 "
        "AND coalesce(charged_nano_usd, cost_nano_usd, 0) > 0 "
        "AND (call_type IN (?4, ?5) OR call_type IN (SELECT id FROM words WHERE text IN (?4, "
        "?5)))");
    Period period;
    period.from = from.time_since_epoch().count();
    const auto ranges = ranges_of(*connection, period);
    if (!reader || !rows || !ranges)
        return fail(Errc::ledger_unavailable, connection->error("summing").message());
    std::map<std::string, NanoUsd> sums;
    for (const auto& range : *ranges) {
        const sqlite::Running running{*rows};
        rows->bind(1, range.first);
        rows->bind(2, range.last);
        rows->bind(3, period.from);
        rows->bind(4, shadow_call);
        rows->bind(5, judge_call);
        while (rows->step() == SQLITE_ROW) {
            auto& sum = sums[reader->word(*rows, 0)];
            sum = sum + NanoUsd{rows->integer(1)};
        }
    }
    return sums;
}

}  // namespace spillway::ledger
