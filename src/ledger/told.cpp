#include "spillway/ledger/told.hpp"

#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

namespace {

using sqlite::Running;
using sqlite::Statement;

std::int64_t micros(WallTime time)
{
    return time.time_since_epoch().count();
}

/// SQLITE_DONE, or what went wrong.
int put(Statement& statement, const Tiding& tiding)
{
    const Running running(statement);
    statement.bind(1, tiding.what);
    statement.bind(2, tiding.scope);
    statement.bind(3, tiding.name);
    statement.bind(4, tiding.period);
    statement.bind(5, micros(tiding.began));
    if (tiding.ends)
        statement.bind(6, micros(*tiding.ends));
    else
        statement.bind_null(6);
    return statement.step();
}

std::optional<std::vector<std::size_t>> put_all(sqlite::Connection& connection,
                                                std::span<const Tiding> tidings, WallTime now)
{
    auto statement = connection.prepare(
        "INSERT INTO told (what, scope, name, period, began, ends) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING");
    auto forget = connection.prepare("DELETE FROM told WHERE ends < ?1");
    if (!statement || !forget || !connection.run("BEGIN IMMEDIATE"))
        return std::nullopt;
    std::vector<std::size_t> fresh;
    for (std::size_t i = 0; i < tidings.size(); ++i) {
        if (put(*statement, tidings[i]) != SQLITE_DONE)
            return std::nullopt;
        if (sqlite3_changes(connection.raw()) > 0)
            fresh.push_back(i);
    }
    {
        const Running running(*forget);
        forget->bind(1, micros(now - tidings_age));
        if (forget->step() != SQLITE_DONE)
            return std::nullopt;
    }
    if (!connection.run("COMMIT"))
        return std::nullopt;
    return fresh;
}

}  // namespace

Result<std::vector<std::size_t>> note_told(const std::string& ledger_path,
                                           std::span<const Tiding> tidings, WallTime now)
{
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::write);
    if (!connection)
        return fail(Errc::ledger_unavailable, connection.error().message());
    auto fresh = put_all(*connection, tidings, now);
    // What was begun ends with the connection.
    if (!fresh)
        return fail(Errc::ledger_unavailable, connection->error("noting what was told").message());
    return *std::move(fresh);
}

}  // namespace spillway::ledger
