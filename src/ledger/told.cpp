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

/// The five columns that say which row it is, from the first parameter on.
void bind_key(Statement& statement, const Tiding& tiding)
{
    statement.bind(1, tiding.what);
    statement.bind(2, tiding.scope);
    statement.bind(3, tiding.name);
    statement.bind(4, tiding.period);
    statement.bind(5, micros(tiding.began));
}

/// SQLITE_DONE, or what went wrong.
int put(Statement& statement, const Notice& notice)
{
    const Running running(statement);
    bind_key(statement, notice.about);
    if (notice.about.ends)
        statement.bind(6, micros(*notice.about.ends));
    else
        statement.bind_null(6);
    statement.bind(7, notice.line);
    statement.bind(8, notice.message);
    return statement.step();
}

std::optional<std::vector<std::size_t>> put_all(sqlite::Connection& connection,
                                                std::span<const Notice> notices, WallTime now)
{
    auto statement = connection.prepare(
        "INSERT INTO told (what, scope, name, period, began, ends, line, message) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT DO NOTHING");
    auto forget = connection.prepare("DELETE FROM told WHERE ends < ?1");
    if (!statement || !forget || !connection.run("BEGIN IMMEDIATE"))
        return std::nullopt;
    std::vector<std::size_t> fresh;
    for (std::size_t i = 0; i < notices.size(); ++i) {
        if (put(*statement, notices[i]) != SQLITE_DONE)
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

bool mark_all(sqlite::Connection& connection, std::span<const Tiding> tidings)
{
    auto statement = connection.prepare(
        "UPDATE told SET line = NULL, message = NULL WHERE what = ?1 AND scope = ?2 AND name = ?3 "
        "AND period = ?4 AND began = ?5");
    if (!statement || !connection.run("BEGIN IMMEDIATE"))
        return false;
    for (const auto& tiding : tidings) {
        const Running running(*statement);
        bind_key(*statement, tiding);
        if (statement->step() != SQLITE_DONE)
            return false;
    }
    return connection.run("COMMIT").has_value();
}

Notice notice_of(const Statement& row)
{
    const auto text = [&row](int column) { return std::string(row.text(column)); };
    const auto time = [&row](int column) {
        return WallTime{std::chrono::microseconds{row.integer(column)}};
    };
    Notice notice{{text(0), text(1), text(2), text(3), time(4), {}}, text(6), text(7)};
    if (!row.is_null(5))
        notice.about.ends = time(5);
    return notice;
}

Result<sqlite::Connection> opened(const std::string& path, sqlite::Access access)
{
    auto connection = sqlite::Connection::open(path, access);
    if (!connection)
        return fail(Errc::ledger_unavailable, connection.error().message());
    return connection;
}

}  // namespace

Result<std::vector<std::size_t>> note_told(const std::string& ledger_path,
                                           std::span<const Notice> notices, WallTime now)
{
    auto connection = opened(ledger_path, sqlite::Access::write);
    if (!connection)
        return fail(std::move(connection).error());
    auto fresh = put_all(*connection, notices, now);
    // What was begun ends with the connection.
    if (!fresh)
        return fail(Errc::ledger_unavailable, connection->error("noting what is told").message());
    return *std::move(fresh);
}

Result<void> mark_told(const std::string& ledger_path, std::span<const Tiding> tidings)
{
    auto connection = opened(ledger_path, sqlite::Access::write);
    if (!connection)
        return fail(std::move(connection).error());
    if (!mark_all(*connection, tidings))
        return fail(Errc::ledger_unavailable, connection->error("noting what was told").message());
    return {};
}

Result<std::vector<Notice>> untold(const std::string& ledger_path)
{
    auto connection = opened(ledger_path, sqlite::Access::read);
    if (!connection)
        return fail(std::move(connection).error());
    auto statement = connection->prepare(
        "SELECT what, scope, name, period, began, ends, line, message FROM told "
        "WHERE message IS NOT NULL ORDER BY began");
    std::vector<Notice> notices;
    int code = SQLITE_ERROR;
    if (statement)
        while ((code = statement->step()) == SQLITE_ROW)
            notices.push_back(notice_of(*statement));
    if (code != SQLITE_DONE)
        return fail(Errc::ledger_unavailable, connection->error("reading what is told").message());
    return notices;
}

}  // namespace spillway::ledger
