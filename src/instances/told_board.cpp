#include "spillway/instances/told_board.hpp"

#include <array>
#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "spillway/postgres/parts.hpp"

namespace spillway::instances {

namespace {

using Json = nlohmann::json;
using postgres::Outcome;

constexpr Millis patience{3'000};

/// Times are microseconds since 1970. A row with a message is still to be told, by who claimed it
/// last; others take it over when that is too long ago.
constexpr std::array<const char*, 2> steps{
    R"sql(
CREATE TABLE spillway_told (
    what text NOT NULL,
    scope text NOT NULL,
    name text NOT NULL,
    period text NOT NULL,
    began bigint NOT NULL,
    ends bigint,
    told_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (what, scope, name, period, began)
);
CREATE INDEX spillway_told_ends ON spillway_told (ends);
)sql",
    R"sql(
ALTER TABLE spillway_told
    ADD COLUMN line text,
    ADD COLUMN message text,
    ADD COLUMN claimed_at timestamptz NOT NULL DEFAULT now();
CREATE INDEX spillway_told_open ON spillway_told (claimed_at) WHERE message IS NOT NULL;
)sql",
};

/// Of two that come at once the second waits for the first one's commit, and then has a conflict.
/// In one order, so that two never wait for each other.
constexpr const char* claim_statement = R"sql(
WITH asked AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS asked(at int, what text, scope text, name text, period text, began bigint, ends bigint,
                    line text, message text)
), taken AS (
    INSERT INTO spillway_told (what, scope, name, period, began, ends, line, message)
    SELECT what, scope, name, period, began, ends, line, message FROM asked
    ORDER BY what, scope, name, period, began
    ON CONFLICT DO NOTHING
    RETURNING what, scope, name, period, began
)
SELECT asked.at FROM asked JOIN taken USING (what, scope, name, period, began) ORDER BY asked.at)sql";

/// Changes rows that are asked for, locked in one order.
std::string update_statement(std::string_view change)
{
    return R"sql(
WITH asked AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS asked(what text, scope text, name text, period text, began bigint)
), mine AS (
    SELECT told.what, told.scope, told.name, told.period, told.began FROM spillway_told AS told
    JOIN asked USING (what, scope, name, period, began)
    ORDER BY told.what, told.scope, told.name, told.period, told.began FOR UPDATE OF told
)
UPDATE spillway_told AS told SET )sql" +
           std::string(change) + R"sql( FROM mine
WHERE (told.what, told.scope, told.name, told.period, told.began)
    = (mine.what, mine.scope, mine.name, mine.period, mine.began))sql";
}

/// What somebody else is about to take is left to him.
constexpr const char* take_over_statement = R"sql(
WITH left_behind AS (
    SELECT what, scope, name, period, began FROM spillway_told
    WHERE message IS NOT NULL AND claimed_at < now() - $1::int * interval '1 second'
    ORDER BY claimed_at LIMIT 64 FOR UPDATE SKIP LOCKED
)
UPDATE spillway_told AS told SET claimed_at = now() FROM left_behind AS old
WHERE (told.what, told.scope, told.name, told.period, told.began)
    = (old.what, old.scope, old.name, old.period, old.began)
RETURNING told.what, told.scope, told.name, told.period, told.began, told.ends, told.line,
    told.message)sql";

constexpr std::size_t most_taken_over = 64;

constexpr const char* forget_statement =
    "DELETE FROM spillway_told WHERE "
    "ends < ((extract(epoch FROM clock_timestamp()) - $1::int) * 1000000)::bigint";

Json key_of(const ledger::Tiding& tiding)
{
    return {{"what", tiding.what},
            {"scope", tiding.scope},
            {"name", tiding.name},
            {"period", tiding.period},
            {"began", tiding.began.time_since_epoch().count()}};
}

Json row_of(const ledger::Notice& notice, std::size_t at)
{
    const auto& ends = notice.about.ends;
    auto row = key_of(notice.about);
    row["at"] = at;
    row["ends"] = ends ? Json(ends->time_since_epoch().count()) : Json();
    row["line"] = notice.line;
    row["message"] = notice.message;
    return row;
}

std::string text_of(const Json& rows)
{
    return rows.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::int64_t number_of(const std::optional<std::string>& digits)
{
    std::int64_t value = 0;
    if (digits)
        std::from_chars(digits->data(), digits->data() + digits->size(), value);
    return value;
}

ledger::Notice notice_of(const postgres::Row& row)
{
    const auto text = [&row](std::size_t column) { return row.at(column).value_or(""); };
    const auto time = [&row](std::size_t column) {
        return WallTime{std::chrono::microseconds{number_of(row.at(column))}};
    };
    ledger::Notice notice{{text(0), text(1), text(2), text(3), time(4), {}}, text(6), text(7)};
    if (row.at(5))
        notice.about.ends = time(5);
    return notice;
}

}  // namespace

Outcome<void> ToldBoard::connect()
{
    if (session_)
        return {};
    auto session = dialer_.dial(stop_->descriptor());
    if (!session)
        return tl::make_unexpected(std::move(session).error());
    session->set_patience(patience);
    if (auto ready = postgres::bring_up_to_date(*session, "told", steps); !ready)
        return ready;
    session_.emplace(std::move(*session));
    return {};
}

Outcome<std::vector<std::size_t>> ToldBoard::put(std::span<const ledger::Notice> notices)
{
    auto rows = Json::array();
    for (std::size_t i = 0; i < notices.size(); ++i)
        rows.push_back(row_of(notices[i], i));
    const auto taken = session_->rows(claim_statement, {text_of(rows)}, notices.size());
    if (!taken)
        return tl::make_unexpected(taken.error());
    std::vector<std::size_t> positions;
    for (const auto& row : *taken) {
        const auto at = static_cast<std::size_t>(number_of(row.at(0)));
        if (row.at(0) && at < notices.size())
            positions.push_back(at);
    }
    // Those of windows that are long over are nobody's news any more.
    constexpr std::chrono::seconds age = ledger::tidings_age;
    (void)session_->ask(forget_statement, {std::to_string(age.count())});
    return positions;
}

Outcome<std::vector<std::size_t>> ToldBoard::claim(std::span<const ledger::Notice> notices)
{
    return asked([&] { return put(notices); });
}

Outcome<void> ToldBoard::update(std::string_view change, std::span<const ledger::Tiding> tidings)
{
    const auto statement = update_statement(change);
    auto rows = Json::array();
    for (const auto& tiding : tidings)
        rows.push_back(key_of(tiding));
    return asked([&]() -> Outcome<void> {
        const auto done = session_->ask(statement, {text_of(rows)});
        if (!done)
            return tl::make_unexpected(done.error());
        return {};
    });
}

Outcome<void> ToldBoard::mark(std::span<const ledger::Tiding> tidings)
{
    return update("line = NULL, message = NULL", tidings);
}

Outcome<void> ToldBoard::renew(std::span<const ledger::Tiding> tidings)
{
    return update("claimed_at = now()", tidings);
}

Outcome<std::vector<ledger::Notice>> ToldBoard::take_over(std::chrono::seconds age)
{
    return asked([&]() -> Outcome<std::vector<ledger::Notice>> {
        const auto rows =
            session_->rows(take_over_statement, {std::to_string(age.count())}, most_taken_over);
        if (!rows)
            return tl::make_unexpected(rows.error());
        std::vector<ledger::Notice> notices;
        for (const auto& row : *rows)
            notices.push_back(notice_of(row));
        return notices;
    });
}

}  // namespace spillway::instances
