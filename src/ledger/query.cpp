#include "spillway/ledger/query.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <map>
#include <utility>
#include <vector>

#include "day_sums.hpp"
#include "ledger_reader.hpp"
#include "seq_ranges.hpp"
#include "spillway/base/secret.hpp"
#include "sums_question.hpp"

namespace spillway::ledger {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr int most_rows = 10'000;
constexpr std::int64_t micros_per_day = 86'400'000'000;

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

Error no_date(std::string field)
{
    return Error{Errc::invalid_request, field + " must be written YYYY-MM-DD"}.about(field);
}

Period period_of(const DayRange& range)
{
    Period period;
    if (range.first != DayRange{}.first)
        period.from = range.first * micros_per_day;
    if (range.last != DayRange{}.last)
        period.until = (range.last + 1) * micros_per_day;  // The day itself belongs to it.
    return period;
}

/// Which records a question is about; empty texts do not restrict.
struct Filter {
    Period period;
    std::string key_hash;
    std::string team_id;
    std::string user_id;
    std::string end_user;
    std::string model;
};

/// The filter as SQL, over ?1 to ?14.
constexpr const char* where =
    " WHERE seq BETWEEN ?1 AND ?2 AND started >= ?3 AND started < ?4"
    " AND (?5 = '' OR key_hash IN (?5, ?6))"
    " AND (?7 = '' OR team_id IN (?7, ?8))"
    " AND (?9 = '' OR user_id IN (?9, ?10) OR end_user = ?9)"
    " AND (?11 = '' OR end_user = ?11)"
    " AND (?12 = '' OR ?13 IN (model_group, upstream_model, asked_model)"
    " OR ?12 IN (model_group, upstream_model, asked_model))";

}  // namespace

struct Query::Parts {
    explicit Parts(std::string path) : reader(std::move(path)) {}

    [[nodiscard]] Result<std::string> one(const RequestId& id);
    [[nodiscard]] Result<std::string> rows(const Filter& filter, int limit, int skip);
    [[nodiscard]] Result<std::string> by_day(const LogsQuery& query, const DayRange& range);
    [[nodiscard]] Result<std::vector<SumsRow>> of_logs(const LogsQuery& query,
                                                       const DayRange& range,
                                                       std::vector<Dimension> by);
    /// Runs `select ... from ... where ...` over the ranges, newest first; `row` answers whether to
    /// go on.
    template <class Row>
    [[nodiscard]] Result<void> each(const std::string& select, const Filter& filter,
                                    const std::string& rest, Row row);

    LedgerReader reader;
};

Query::Query(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
Query::~Query() = default;

Result<std::unique_ptr<Query>> Query::open(const std::string& ledger_path)
{
    auto parts = std::make_unique<Parts>(ledger_path);
    if (auto ready = parts->reader.refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    return std::unique_ptr<Query>{new Query{std::move(parts)}};
}

Result<DayRange> days_between(std::string_view start_date, std::string_view end_date)
{
    DayRange range;
    if (!start_date.empty()) {
        const auto day = parse_date(start_date);
        if (!day) {
            return fail(no_date("start_date"));
        }
        range.first = day->time_since_epoch().count();
    }
    if (!end_date.empty()) {
        const auto day = parse_date(end_date);
        if (!day) {
            return fail(no_date("end_date"));
        }
        range.last = day->time_since_epoch().count();
    }
    return range;
}

std::string key_hash_of(const std::string& key)
{
    const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
    const bool is_hash = key.size() == 64 && std::all_of(key.begin(), key.end(), is_hex);
    return key.empty() || is_hash ? key : sha256_hex(key);
}

template <class Row>
Result<void> Query::Parts::each(const std::string& select, const Filter& filter,
                                const std::string& rest, Row row)
{
    auto ranges = ranges_of(reader.connection(), filter.period);
    auto key_word = reader.word_id(filter.key_hash);
    auto team_word = reader.word_id(filter.team_id);
    auto user_word = reader.word_id(filter.user_id);
    auto model_word = reader.word_id(filter.model);
    auto statement = reader.prepare(select + where + rest);
    if (!ranges || !key_word || !team_word || !user_word || !model_word || !statement) {
        return fail(reader.failed());
    }
    std::reverse(ranges->begin(), ranges->end());
    for (const auto& range : *ranges) {
        const sqlite::Running running{*statement};
        statement->bind(1, range.first);
        statement->bind(2, range.last);
        statement->bind(3, filter.period.from);
        statement->bind(4, filter.period.until);
        statement->bind(5, filter.key_hash);
        statement->bind(6, *key_word);
        statement->bind(7, filter.team_id);
        statement->bind(8, *team_word);
        statement->bind(9, filter.user_id);
        statement->bind(10, *user_word);
        statement->bind(11, filter.end_user);
        statement->bind(12, filter.model);
        statement->bind(13, *model_word);
        int code = statement->step();
        for (; code == SQLITE_ROW; code = statement->step()) {
            if (!row(*statement)) {
                return {};
            }
        }
        if (code != SQLITE_DONE) {
            return fail(reader.failed());
        }
    }
    return {};
}

Result<std::string> Query::Parts::one(const RequestId& id)
{
    const auto seq = seq_of(reader.connection(), id);
    if (!seq) {
        return fail(reader.failed());
    }
    if (!*seq) {
        return "[]";
    }
    auto statement = reader.prepare(select_records() + " WHERE seq = ?1");
    if (!statement) {
        return fail(std::move(statement).error());
    }
    statement->bind(1, **seq);
    if (statement->step() != SQLITE_ROW) {
        return fail(reader.failed());
    }
    return "[" + spend_log_json(reader.record(*statement)) + "]";
}

/// Newest first, `limit` of them at most, behind the first `skip`.
Result<std::string> Query::Parts::rows(const Filter& filter, int limit, int skip)
{
    int room = std::clamp(limit, 1, most_rows);
    int to_skip = std::max(skip, 0);
    std::string out = "[";
    auto read =
        each(select_records(), filter, " ORDER BY seq DESC", [&](const sqlite::Statement& row) {
            if (to_skip > 0) {
                --to_skip;
                return true;
            }
            out += out.size() > 1 ? "," : "";
            out += spend_log_json(reader.record(row));
            return --room > 0;
        });
    if (!read) {
        return fail(std::move(read).error());
    }
    return out + "]";
}

/// The sums of the records that `query` is about. A user is the key's owner or the client's end
/// user: the latter are summed apart, without those that were summed already.
Result<std::vector<SumsRow>> Query::Parts::of_logs(const LogsQuery& query, const DayRange& range,
                                                   std::vector<Dimension> by)
{
    SumsQuery question;
    question.first = range.first;
    question.last = range.last;
    question.by = std::move(by);
    const auto only = [&](Dimension dimension, const std::string& name) {
        if (!name.empty())
            question.only.push_back({dimension, {name}});
    };
    only(Dimension::key, key_hash_of(query.api_key));
    only(Dimension::team, query.team_id);
    only(Dimension::end_user, query.end_user);
    auto as_end_user = question;
    only(Dimension::user, query.user_id);
    auto rows = ask_sums(reader, question);
    if (!rows || query.user_id.empty()) {
        return rows;
    }
    as_end_user.only.push_back({Dimension::end_user, {query.user_id}});
    as_end_user.by.push_back(Dimension::user);
    auto more = ask_sums(reader, as_end_user);
    if (!more) {
        return more;
    }
    for (auto& row : *more) {
        if (row.names.back() != query.user_id) {
            row.names.pop_back();
            rows->push_back(std::move(row));
        }
    }
    return rows;
}

Result<std::string> Query::Parts::by_day(const LogsQuery& query, const DayRange& range)
{
    auto rows =
        of_logs(query, range, {Dimension::day, Dimension::key, Dimension::user, Dimension::model});
    if (!rows) {
        return fail(std::move(rows).error());
    }
    std::map<std::string, DaySums> sums;
    for (const auto& row : *rows) {
        auto& day = sums[row.names[0]];
        day.spend += row.sums.cost;
        day.unknown_costs += row.sums.unknown_costs;
        day.keys[row.names[1]] += row.sums.cost;
        if (!row.names[2].empty())
            day.users[row.names[2]] += row.sums.cost;
        day.models[row.names[3]] += row.sums.cost;
    }
    // End users of keys that belong to nobody are users as well.
    rows = of_logs(query, range, {Dimension::day, Dimension::user, Dimension::end_user});
    if (!rows) {
        return fail(std::move(rows).error());
    }
    for (const auto& row : *rows) {
        if (row.names[1].empty())
            sums[row.names[0]].users[row.names[2]] += row.sums.cost;
    }
    return json_of(sums);
}

Result<std::string> Query::spend_logs(const LogsQuery& query)
{
    if (auto ready = parts_->reader.refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    if (!query.request_id.empty()) {
        const auto id = parse_request_id(query.request_id);
        return id ? parts_->one(*id) : Result<std::string>{"[]"};
    }
    const auto range = days_between(query.start_date, query.end_date);
    if (!range) {
        return fail(range.error());
    }
    const bool dated = !query.start_date.empty() || !query.end_date.empty();
    if (dated && query.summarize) {
        return parts_->by_day(query, *range);
    }
    const Filter filter{period_of(*range), key_hash_of(query.api_key),
                        query.team_id,     query.user_id,
                        query.end_user,    query.model};
    return parts_->rows(filter, query.limit, query.skip);
}

Result<std::int64_t> Query::count_logs(const LogsQuery& query)
{
    if (auto ready = parts_->reader.refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    const auto range = days_between(query.start_date, query.end_date);
    if (!range) {
        return fail(range.error());
    }
    std::vector<Dimension> by;
    if (!query.model.empty()) {
        by.push_back(Dimension::model);
        if (query.user_id.empty() && query.end_user.empty())
            by.push_back(Dimension::group);
    }
    const auto rows = parts_->of_logs(query, *range, by);
    if (!rows) {
        return fail(rows.error());
    }
    std::int64_t count = 0;
    for (const auto& row : *rows) {
        const auto& names = row.names;
        const bool meant = query.model.empty() ||
                           std::find(names.begin(), names.end(), query.model) != names.end();
        count += meant ? row.sums.requests : 0;
    }
    return count;
}

Result<std::vector<SumsRow>> Query::sums(const SumsQuery& query)
{
    if (auto ready = parts_->reader.refresh(); !ready) {
        return fail(std::move(ready).error());
    }
    return ask_sums(parts_->reader, query);
}

}  // namespace spillway::ledger
