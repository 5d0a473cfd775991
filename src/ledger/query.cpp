#include "spillway/ledger/query.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "day_sums.hpp"
#include "ledger_file.hpp"
#include "record_row.hpp"
#include "seq_ranges.hpp"
#include "spillway/base/clock.hpp"
#include "spillway/base/secret.hpp"
#include "sqlite.hpp"

namespace spillway::ledger {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr int most_rows = 10'000;
constexpr int most_sums = 100'000;
constexpr days month{30};
/// A question that takes longer is given up: the query thread serves everybody.
constexpr std::chrono::seconds patience{20};
constexpr int steps_between_looks = 20'000;

std::optional<sys_days> parse_date(std::string_view text)
{
    if (text.size() < 10 || text[4] != '-' || text[7] != '-') {
        return std::nullopt;
    }
    const auto number = [&](std::size_t from, std::size_t length) {
        unsigned value = 0;
        const char* end = text.data() + from + length;
        const auto [stop, error] = std::from_chars(text.data() + from, end, value);
        return error == std::errc{} && stop == end ? std::optional{value} : std::nullopt;
    };
    const auto year = number(0, 4);
    const auto in_year = number(5, 2);
    const auto in_month = number(8, 2);
    if (!year || !in_year || !in_month) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                           std::chrono::month{*in_year},
                                           std::chrono::day{*in_month}};
    return date.ok() ? std::optional{sys_days{date}} : std::nullopt;
}

Result<Period> period_of(const LogsQuery& query)
{
    const auto micros = [](sys_days day) { return WallTime{day}.time_since_epoch().count(); };
    const auto refuse = [](std::string field) {
        return fail(
            Error{Errc::invalid_request, field + " must be written YYYY-MM-DD"}.about(field));
    };
    Period period;
    if (!query.start_date.empty()) {
        const auto day = parse_date(query.start_date);
        if (!day) {
            return refuse("start_date");
        }
        period.from = micros(*day);
    }
    if (!query.end_date.empty()) {
        const auto day = parse_date(query.end_date);
        if (!day) {
            return refuse("end_date");
        }
        period.until = micros(*day + days{1});  // The day itself belongs to the period.
    }
    return period;
}

/// The last 30 days and today.
Period last_month()
{
    const auto today = std::chrono::floor<days>(SystemClock{}.wall());
    return Period{WallTime{today - month}.time_since_epoch().count(),
                  std::numeric_limits<std::int64_t>::max()};
}

/// Keys are stored as hashes; a caller may give either.
std::string key_hash_of(const std::string& key)
{
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    const bool is_hash = key.size() == 64 && std::all_of(key.begin(), key.end(), is_hex);
    return key.empty() || is_hash ? key : sha256_hex(key);
}

/// Which records a question is about; empty texts do not restrict.
struct Filter {
    Period period;
    std::string key_hash;
    std::string end_user;
    std::string model;
};

/// The filter as SQL, over ?1 to ?9.
constexpr const char* where =
    " WHERE seq BETWEEN ?1 AND ?2 AND started >= ?3 AND started < ?4"
    " AND (?5 = '' OR key_hash = ?6 OR key_hash = ?5)"
    " AND (?7 = '' OR end_user = ?7)"
    " AND (?8 = '' OR ?9 IN (model_group, upstream_model, asked_model)"
    " OR ?8 IN (model_group, upstream_model, asked_model))";

enum class Direction : std::uint8_t { oldest_first, newest_first };

}  // namespace

struct Query::Parts {
    explicit Parts(std::string path) : file(std::move(path)) {}

    [[nodiscard]] Result<void> refresh();
    [[nodiscard]] Result<sqlite::Statement> prepare(const std::string& sql);
    [[nodiscard]] Result<std::string> one(const RequestId& id);
    [[nodiscard]] Result<std::string> rows(const Filter& filter, int limit);
    [[nodiscard]] Result<std::string> by_day(const Filter& filter);
    [[nodiscard]] Result<std::int64_t> word_id(const std::string& text);
    /// Runs `select ... from ... where ... rest` over the ranges; `row` answers whether to go on.
    template <class Row>
    [[nodiscard]] Result<void> each(const std::string& select, const Filter& filter,
                                    const std::string& rest, Direction direction, Row row);
    [[nodiscard]] Error failed();

    const std::string file;
    FileIdentity identity;
    sqlite::Connection connection;
    std::optional<RecordReader> reader;
    std::chrono::steady_clock::time_point give_up_at;
};

Query::Query(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Query::~Query() = default;

Result<std::unique_ptr<Query>> Query::open(const std::string& ledger_path)
{
    auto parts = std::make_unique<Parts>(ledger_path);
    if (auto ready = parts->refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    return std::unique_ptr<Query>{new Query{std::move(parts)}};
}

/// Follows the ledger when it was set aside and begun anew, and starts the clock of a question.
Result<void> Query::Parts::refresh()
{
    give_up_at = std::chrono::steady_clock::now() + patience;
    const auto now = identity_of(file);
    if (connection.open() && now == identity) {
        return {};
    }
    reader.reset();
    connection = {};
    auto fresh = sqlite::Connection::open(file, sqlite::Access::read);
    if (!fresh) {
        return fail(Errc::ledger_unavailable, fresh.error().message());
    }
    auto words = RecordReader::open(*fresh);
    if (!words) {
        return fail(Errc::ledger_unavailable, words.error().message());
    }
    sqlite3_progress_handler(
        fresh->raw(), steps_between_looks,
        [](void* self) {
            const auto& parts = *static_cast<Parts*>(self);
            return std::chrono::steady_clock::now() > parts.give_up_at ? 1 : 0;
        },
        this);
    connection = std::move(*fresh);
    reader.emplace(std::move(*words));
    identity = now;
    return {};
}

Error Query::Parts::failed()
{
    if ((connection.code() & 0xFF) == SQLITE_INTERRUPT) {
        return Error{Errc::overloaded, "the question covers too many records; narrow its dates"};
    }
    return Error{Errc::ledger_unavailable, connection.error("reading").message()};
}

Result<sqlite::Statement> Query::Parts::prepare(const std::string& sql)
{
    auto statement = connection.prepare(sql);
    if (!statement) {
        return fail(failed());
    }
    return statement;
}

/// The id of a word; -1, which no row has, when it was never stored.
Result<std::int64_t> Query::Parts::word_id(const std::string& text)
{
    auto statement = prepare("SELECT id FROM words WHERE text = ?1");
    if (!statement) {
        return fail(std::move(statement).error());
    }
    statement->bind(1, text);
    return statement->step() == SQLITE_ROW ? statement->integer(0) : -1;
}

template <class Row>
Result<void> Query::Parts::each(const std::string& select, const Filter& filter,
                                const std::string& rest, Direction direction, Row row)
{
    auto ranges = ranges_of(connection, filter.period);
    auto key_word = word_id(filter.key_hash);
    auto model_word = word_id(filter.model);
    auto statement = prepare(select + where + rest);
    if (!ranges || !key_word || !model_word || !statement) {
        return fail(failed());
    }
    if (direction == Direction::newest_first) {
        std::reverse(ranges->begin(), ranges->end());
    }
    for (const auto& range : *ranges) {
        const sqlite::Running running{*statement};
        statement->bind(1, range.first);
        statement->bind(2, range.last);
        statement->bind(3, filter.period.from);
        statement->bind(4, filter.period.until);
        statement->bind(5, filter.key_hash);
        statement->bind(6, *key_word);
        statement->bind(7, filter.end_user);
        statement->bind(8, filter.model);
        statement->bind(9, *model_word);
        int code = statement->step();
        for (; code == SQLITE_ROW; code = statement->step()) {
            if (!row(*statement)) {
                return {};
            }
        }
        if (code != SQLITE_DONE) {
            return fail(failed());
        }
    }
    return {};
}

Result<std::string> Query::Parts::one(const RequestId& id)
{
    const auto seq = seq_of(connection, id);
    if (!seq) {
        return fail(failed());
    }
    if (!*seq) {
        return "[]";
    }
    auto statement = prepare(select_records() + " WHERE seq = ?1");
    if (!statement) {
        return fail(std::move(statement).error());
    }
    statement->bind(1, **seq);
    if (statement->step() != SQLITE_ROW) {
        return fail(failed());
    }
    return "[" + spend_log_json(reader->read(*statement)) + "]";
}

/// Newest first, `limit` of them at most.
Result<std::string> Query::Parts::rows(const Filter& filter, int limit)
{
    int room = std::clamp(limit, 1, most_rows);
    std::string out = "[";
    auto read = each(select_records(), filter, " ORDER BY seq DESC", Direction::newest_first,
                     [&](const sqlite::Statement& row) {
                         out += out.size() > 1 ? "," : "";
                         out += spend_log_json(reader->read(row));
                         return --room > 0;
                     });
    if (!read) {
        return fail(std::move(read).error());
    }
    return out + "]";
}

Result<std::string> Query::Parts::by_day(const Filter& filter)
{
    std::map<std::int64_t, DaySums> sums;
    int room = most_sums;
    const std::string select =
        "SELECT started / 86400000000, CASE upstream_model WHEN 0 THEN asked_model ELSE "
        "upstream_model END, end_user, key_hash, sum(cost_nano_usd IS NULL), ";
    auto read = each(select + spend_columns + " FROM records", filter, " GROUP BY 1, 2, 3, 4",
                     Direction::oldest_first, [&](const sqlite::Statement& row) {
                         auto& day = sums[row.integer(0)];
                         const Spend spend{row.integer(5), row.integer(6)};
                         day.spend += spend;
                         day.unknown_costs += row.integer(4);
                         day.models[reader->word(row, 1)] += spend;
                         day.users[std::string{row.text(2)}] += spend;
                         day.keys[reader->word(row, 3)] += spend;
                         return --room > 0;
                     });
    if (!read) {
        return fail(std::move(read).error());
    }
    if (room == 0) {
        return fail(Errc::invalid_request, "the summary would be too long; narrow its dates");
    }
    return json_of(sums);
}

Result<std::string> Query::spend_logs(const LogsQuery& query)
{
    if (auto ready = parts_->refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    if (!query.request_id.empty()) {
        const auto id = parse_request_id(query.request_id);
        return id ? parts_->one(*id) : Result<std::string>{"[]"};
    }
    auto period = period_of(query);
    if (!period) {
        return fail(std::move(period).error());
    }
    const Filter filter{*period, key_hash_of(query.api_key), query.user_id, ""};
    const bool dated = !query.start_date.empty() || !query.end_date.empty();
    return dated && query.summarize ? parts_->by_day(filter) : parts_->rows(filter, query.limit);
}

Result<std::string> Query::global_spend_logs(const std::string& model, const std::string& api_key)
{
    if (auto ready = parts_->refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    const Filter filter{last_month(), key_hash_of(api_key), "", model};
    std::map<std::int64_t, Spend> spends;
    auto read = parts_->each(
        std::string{"SELECT started / 86400000000, "} + spend_columns + " FROM records", filter,
        " GROUP BY 1", Direction::oldest_first, [&](const sqlite::Statement& row) {
            spends[row.integer(0)] += Spend{row.integer(1), row.integer(2)};
            return true;
        });
    if (!read) {
        return fail(std::move(read).error());
    }
    return json_of(spends);
}

Result<std::string> Query::global_spend()
{
    if (auto ready = parts_->refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    const Filter filter{last_month(), "", "", ""};
    Spend spend;
    auto read = parts_->each(std::string{"SELECT "} + spend_columns + " FROM records", filter, "",
                             Direction::oldest_first, [&](const sqlite::Statement& row) {
                                 spend += Spend{row.integer(0), row.integer(1)};
                                 return true;
                             });
    if (!read) {
        return fail(std::move(read).error());
    }
    return R"({"spend":)" + spend.json() + R"(,"max_budget":null})";
}

}  // namespace spillway::ledger
