#include "spillway/instances/bank.hpp"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "spillway/postgres/parts.hpp"
#include "tables.hpp"

namespace spillway::instances {

namespace {

using Json = nlohmann::json;
using postgres::Outcome;
using postgres::Trouble;

/// Nobody waits long for a lock, and nobody who stops in the middle holds one for long. The
/// isolation is what the locks are made for: each statement sees what was committed before it.
constexpr const char* begin =
    "BEGIN ISOLATION LEVEL READ COMMITTED;"
    "SET LOCAL lock_timeout = '2s';"
    "SET LOCAL idle_in_transaction_session_timeout = '3s'";

constexpr const char* renew_statement = R"sql(
UPDATE spillway_instances SET renewed_at = clock_timestamp()
WHERE id = $1 AND incarnation = $2
RETURNING (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
          (SELECT count(*) FROM spillway_instances
           WHERE id <> $1 AND renewed_at > clock_timestamp() - make_interval(secs => $3::int)))sql";

constexpr const char* open_statement = R"sql(
INSERT INTO spillway_windows (scope, name, period, began, ends, cap)
SELECT scope, name, period, began, ends, cap
FROM jsonb_to_recordset($1::jsonb)
     AS asked(scope text, name text, period text, began bigint, ends bigint, cap bigint)
ORDER BY scope, name, period, began
ON CONFLICT DO NOTHING)sql";

/// In one order, so that two instances never wait for each other.
constexpr const char* lock_statement = R"sql(
SELECT kept.id
FROM spillway_windows kept
JOIN jsonb_to_recordset($1::jsonb) AS asked(scope text, name text, period text, began bigint)
  ON (kept.scope, kept.name, kept.period, kept.began) =
     (asked.scope, asked.name, asked.period, asked.began)
ORDER BY kept.id
FOR UPDATE OF kept)sql";

/// A statement of its own behind the locks: it sees what others committed until then.
constexpr const char* read_statement = R"sql(
SELECT asked.at, kept.id, mine.granted, mine.spent, kept.hungry IS NOT NULL,
       coalesce(sum(theirs.granted), 0)::text,
       coalesce(sum(theirs.used), 0)::text,
       coalesce(sum(theirs.spent), 0)::text
FROM jsonb_to_recordset($1::jsonb)
     AS asked(at int, scope text, name text, period text, began bigint, expiring boolean)
JOIN spillway_windows kept
  ON (kept.scope, kept.name, kept.period, kept.began) =
     (asked.scope, asked.name, asked.period, asked.began)
LEFT JOIN spillway_leases mine ON mine.window_id = kept.id AND mine.instance = $2
LEFT JOIN spillway_leases theirs ON theirs.window_id = kept.id AND theirs.instance <> $2
     AND (NOT asked.expiring OR EXISTS (
         SELECT FROM spillway_instances living
         WHERE living.id = theirs.instance
           AND living.renewed_at > clock_timestamp() - make_interval(secs => $3::int)))
GROUP BY asked.at, kept.id, mine.granted, mine.spent, kept.hungry
ORDER BY asked.at)sql";

constexpr const char* write_statement = R"sql(
INSERT INTO spillway_leases
    (window_id, instance, granted, used, spent)
SELECT id, $2, granted, used, spent
FROM jsonb_to_recordset($1::jsonb) AS held(id bigint, granted bigint, used bigint, spent bigint)
ON CONFLICT (window_id, instance) DO UPDATE
SET granted = excluded.granted, used = excluded.used,
    spent = excluded.spent, renewed_at = now())sql";

/// Whoever gives back ends the hunger of all, whoever is fed that of its own; it comes again when
/// it was not enough.
constexpr const char* note_statement = R"sql(
UPDATE spillway_windows kept
SET cap = noted.cap,
    hungry = CASE WHEN noted.hungry THEN $2
                  WHEN noted.given OR (noted.fed AND kept.hungry = $2) THEN NULL
                  ELSE kept.hungry END,
    hungry_at = CASE WHEN noted.hungry THEN clock_timestamp() ELSE kept.hungry_at END
FROM jsonb_to_recordset($1::jsonb)
     AS noted(id bigint, cap bigint, hungry boolean, given boolean, fed boolean)
WHERE kept.id = noted.id
  AND (kept.cap <> noted.cap OR noted.hungry
       OR ((noted.given OR noted.fed) AND kept.hungry IS NOT NULL)))sql";

constexpr const char* wanted_statement = R"sql(
SELECT kept.scope, kept.name, kept.period, kept.began
FROM spillway_leases held JOIN spillway_windows kept ON kept.id = held.window_id
WHERE held.instance = $1 AND kept.hungry <> $1
  AND kept.hungry_at > clock_timestamp() - interval '5 seconds'
  AND held.granted > held.spent
LIMIT 500)sql";

/// As that statement has it.
constexpr std::size_t most_wanted = 500;

constexpr const char* sweep_statement = R"sql(
DELETE FROM spillway_windows WHERE id IN (
    SELECT id FROM spillway_windows
    WHERE ends < ((extract(epoch FROM clock_timestamp()) - 3600) * 1000000)::bigint
    ORDER BY id LIMIT 1000 FOR UPDATE SKIP LOCKED);
DELETE FROM spillway_instances gone
WHERE renewed_at < clock_timestamp() - interval '1 day'
  AND NOT EXISTS (SELECT FROM spillway_leases held WHERE held.instance = gone.id))sql";

std::int64_t number(const std::optional<std::string>& text)
{
    if (!text)
        return 0;
    std::int64_t value = 0;
    const auto read = std::from_chars(text->data(), text->data() + text->size(), value);
    // Sums of many leases are numeric, and may pass what a column holds.
    return read.ec == std::errc::result_out_of_range ? INT64_MAX : value;
}

Json row_of(const WindowKey& window)
{
    return Json{{"scope", window.scope},
                {"name", window.name},
                {"period", window.period},
                {"began", window.began.time_since_epoch().count()}};
}

std::string text_of(const Json& json)
{
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

tl::unexpected<Trouble> passed_on(Trouble trouble)
{
    return tl::make_unexpected(std::move(trouble));
}

/// By the database's clock. A window that just ended may still be asked for: the clocks of
/// instances differ by what the network takes.
WindowFacts::Phase phase_of(const Ask& ask, WallTime database)
{
    constexpr std::chrono::seconds grace{30};
    if (ask.window.began > database)
        return WindowFacts::Phase::ahead;
    return ask.ends && *ask.ends + grace <= database ? WindowFacts::Phase::over
                                                     : WindowFacts::Phase::running;
}

}  // namespace

WindowKey key_of(const guard::Budgets::Unknown& window)
{
    return {std::string(guard::word(window.scope.kind)), window.scope.name,
            config::text_of(window.period), window.began};
}

struct Bank::Found {
    std::int64_t id = 0;
    bool held = false;  ///< This instance has a lease.
    std::int64_t granted = 0;
    std::int64_t spent = 0;  ///< As this ledger said before.
    bool hungry = false;
    std::int64_t others = 0;
    std::int64_t elsewhere = 0;
    std::int64_t spent_elsewhere = 0;
};

Outcome<void> Bank::join(Takeover takeover)
{
    if (auto ready = postgres::bring_up_to_date(session_, "instances", table_steps); !ready)
        return ready;
    const auto* statement = takeover == Takeover::yes
                                ? "INSERT INTO spillway_instances (id, incarnation, name) "
                                  "VALUES ($1, $2, $3) ON CONFLICT (id) DO UPDATE "
                                  "SET incarnation = excluded.incarnation, name = excluded.name, "
                                  "joined_at = now(), renewed_at = now()"
                                : "INSERT INTO spillway_instances (id, incarnation, name) "
                                  "VALUES ($1, $2, $3) ON CONFLICT (id) DO NOTHING";
    auto joined = session_.ask(statement, {identity_.id, identity_.incarnation, identity_.name});
    if (!joined)
        return passed_on(std::move(joined).error());
    // A process that ended uses no rates any more.
    if (takeover == Takeover::yes) {
        auto freed = session_.ask(
            "DELETE FROM spillway_leases held USING spillway_windows kept "
            "WHERE kept.id = held.window_id AND held.instance = $1 AND kept.scope LIKE $2",
            {identity_.id, std::string(rate_scope) + "%"});
        if (!freed)
            return passed_on(std::move(freed).error());
    }
    return session_.run("LISTEN spillway_leases_wanted");
}

Outcome<void> Bank::leave()
{
    auto left = session_.ask("DELETE FROM spillway_instances WHERE id = $1 AND incarnation = $2",
                             {identity_.id, identity_.incarnation});
    if (!left)
        return passed_on(std::move(left).error());
    return {};
}

Outcome<Round> Bank::round(const std::vector<Ask>& asks)
{
    Round round;
    if (auto begun = session_.run(begin); !begun)
        return passed_on(std::move(begun).error());
    if (auto renewed = renew(round); !renewed)
        return passed_on(std::move(renewed).error());
    if (!asks.empty()) {
        auto found = lock(asks);
        if (!found)
            return passed_on(std::move(found).error());
        if (auto written = write(asks, *found, round); !written)
            return passed_on(std::move(written).error());
    }
    if (auto done = session_.run("COMMIT"); !done)
        return passed_on(std::move(done).error());
    return round;
}

Outcome<void> Bank::renew(Round& round)
{
    round.asked = std::chrono::steady_clock::now();
    auto rows = session_.rows(
        renew_statement,
        {identity_.id, identity_.incarnation, std::to_string(life_without_a_word.count())}, 1);
    if (!rows)
        return passed_on(std::move(rows).error());
    if (rows->empty())
        return passed_on({lost_identity,
                          "another process uses a copy of this ledger, or the list "
                          "of instances was emptied"});
    round.answered = std::chrono::steady_clock::now();
    round.database = WallTime(std::chrono::microseconds(number(rows->front()[0])));
    round.live = static_cast<std::size_t>(number(rows->front()[1])) + 1;
    return {};
}

/// Opens the windows asked for, locks them and reads how they stand.
Outcome<std::vector<Bank::Found>> Bank::lock(const std::vector<Ask>& asks)
{
    Json windows = Json::array();
    for (std::size_t i = 0; i < asks.size(); ++i) {
        auto row = row_of(asks[i].window);
        row["at"] = i;
        row["ends"] = asks[i].ends ? Json(asks[i].ends->time_since_epoch().count()) : Json();
        row["cap"] = asks[i].cap;
        row["expiring"] = asks[i].tenure == Tenure::expiring;
        windows.push_back(std::move(row));
    }
    const auto text = text_of(windows);
    for (const auto* statement : {open_statement, lock_statement})
        if (auto done = session_.rows(statement, {text}, asks.size()); !done)
            return passed_on(std::move(done).error());
    auto rows = session_.rows(read_statement,
                              {text, identity_.id, std::to_string(life_without_a_word.count())},
                              asks.size());
    if (!rows)
        return passed_on(std::move(rows).error());
    if (rows->size() != asks.size())
        return passed_on({"", "PostgreSQL knows other windows than were asked for"});
    std::vector<Found> found;
    for (const auto& row : *rows) {
        found.push_back({number(row[1]), row[2].has_value(), number(row[2]), number(row[3]),
                         row[4] == "t", number(row[5]), number(row[6]), number(row[7])});
    }
    return found;
}

/// Decides what each window's lease is from now on, and writes it down.
Outcome<void> Bank::write(const std::vector<Ask>& asks, const std::vector<Found>& found,
                          Round& round)
{
    Json leases = Json::array();
    Json notes = Json::array();
    bool somebody_waits = false;
    for (std::size_t i = 0; i < asks.size(); ++i) {
        const auto& ask = asks[i];
        const auto& at = found[i];
        Answer answer;
        answer.lost =
            ask.lost.value_or(at.held ? std::max<std::int64_t>(0, at.spent - ask.spent) : 0);
        const auto used = ask.spent + ask.reserved + answer.lost;
        const WindowFacts facts{ask.cap,     at.granted, at.others,  used,
                                ask.refused, ask.least,  round.live, phase_of(ask, round.database)};
        Share share;
        if (ask.keep)
            share.granted = std::max(used, std::min(at.granted, *ask.keep + answer.lost));
        else
            share = share_of(facts);
        const bool given = ask.keep && share.granted < at.granted;
        const bool hungry = share.hungry == Share::Hungry::yes;
        somebody_waits = somebody_waits || (at.hungry && given) || hungry;
        answer.granted = share.granted;
        answer.usable = share.granted - answer.lost;
        answer.elsewhere = at.elsewhere;
        answer.spent_elsewhere = at.spent_elsewhere;
        answer.low = share.low;
        answer.hungry = share.hungry;
        round.answers.push_back(answer);
        leases.push_back({{"id", at.id},
                          {"granted", share.granted},
                          {"used", used},
                          {"spent", ask.spent + answer.lost}});
        notes.push_back({{"id", at.id},
                         {"cap", ask.cap},
                         {"hungry", hungry},
                         {"given", given},
                         {"fed", share.granted > at.granted}});
    }
    for (const auto& [statement, rows] :
         {std::pair(write_statement, &leases), std::pair(note_statement, &notes)})
        if (auto done = session_.rows(statement, {text_of(*rows), identity_.id}, 0); !done)
            return passed_on(std::move(done).error());
    if (somebody_waits) {
        if (auto told =
                session_.ask("SELECT pg_notify('spillway_leases_wanted', $1)", {identity_.id});
            !told)
            return passed_on(std::move(told).error());
    }
    return {};
}

Outcome<std::vector<WindowKey>> Bank::wanted_elsewhere()
{
    auto rows = session_.rows(wanted_statement, {identity_.id}, most_wanted);
    if (!rows)
        return passed_on(std::move(rows).error());
    std::vector<WindowKey> windows;
    for (const auto& row : *rows)
        windows.push_back({row[0].value_or(""), row[1].value_or(""), row[2].value_or(""),
                           WallTime(std::chrono::microseconds(number(row[3])))});
    return windows;
}

Outcome<void> Bank::sweep()
{
    return session_.run(sweep_statement);
}

}  // namespace spillway::instances
