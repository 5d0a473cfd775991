#include "spillway/instances/told_board.hpp"

#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "spillway/postgres/parts.hpp"

namespace spillway::instances {

namespace {

using Json = nlohmann::json;
using postgres::Outcome;

constexpr Millis patience{3'000};

/// Times are microseconds since 1970.
constexpr std::array<const char*, 1> steps{
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
};

/// Of two that come at once the second waits for the first one's commit, and then has a conflict.
/// In one order, so that two never wait for each other.
constexpr const char* claim_statement = R"sql(
WITH asked AS (
    SELECT * FROM jsonb_to_recordset($1::jsonb)
        AS asked(at int, what text, scope text, name text, period text, began bigint, ends bigint)
), taken AS (
    INSERT INTO spillway_told (what, scope, name, period, began, ends)
    SELECT what, scope, name, period, began, ends FROM asked
    ORDER BY what, scope, name, period, began
    ON CONFLICT DO NOTHING
    RETURNING what, scope, name, period, began
)
SELECT asked.at FROM asked JOIN taken USING (what, scope, name, period, began) ORDER BY asked.at)sql";

constexpr const char* forget_statement =
    "DELETE FROM spillway_told WHERE "
    "ends < ((extract(epoch FROM clock_timestamp()) - $1::int) * 1000000)::bigint";

Json row_of(const ledger::Tiding& tiding, std::size_t at)
{
    return {{"at", at},
            {"what", tiding.what},
            {"scope", tiding.scope},
            {"name", tiding.name},
            {"period", tiding.period},
            {"began", tiding.began.time_since_epoch().count()},
            {"ends", tiding.ends ? Json(tiding.ends->time_since_epoch().count()) : Json()}};
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

Outcome<std::vector<std::size_t>> ToldBoard::put(std::span<const ledger::Tiding> tidings)
{
    if (auto connected = connect(); !connected)
        return tl::make_unexpected(std::move(connected).error());
    auto rows = Json::array();
    for (std::size_t i = 0; i < tidings.size(); ++i)
        rows.push_back(row_of(tidings[i], i));
    const auto text = rows.dump(-1, ' ', false, Json::error_handler_t::replace);
    const auto taken = session_->rows(claim_statement, {text}, tidings.size());
    if (!taken)
        return tl::make_unexpected(taken.error());
    std::vector<std::size_t> positions;
    for (const auto& row : *taken) {
        const auto& digits = row.at(0).value_or("");
        std::size_t at = tidings.size();
        std::from_chars(digits.data(), digits.data() + digits.size(), at);
        if (at < tidings.size())
            positions.push_back(at);
    }
    // Those of windows that are long over are nobody's news any more.
    constexpr std::chrono::seconds age = ledger::tidings_age;
    (void)session_->ask(forget_statement, {std::to_string(age.count())});
    return positions;
}

Outcome<std::vector<std::size_t>> ToldBoard::claim(std::span<const ledger::Tiding> tidings)
{
    // The connection may have been idle, and closed, for hours.
    const bool fresh = !session_;
    auto taken = put(tidings);
    if (!taken)
        session_.reset();
    if (!taken && !fresh) {
        taken = put(tidings);
        if (!taken)
            session_.reset();
    }
    return taken;
}

}  // namespace spillway::instances
