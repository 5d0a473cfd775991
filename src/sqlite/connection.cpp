#include "spillway/sqlite/connection.hpp"

#include <time.h>

#include <string>

namespace spillway::sqlite {
namespace {

/// SQLite's own busy timeout sleeps whole milliseconds. Our writers hold the lock for some ten
/// microseconds, so the first looks come much sooner; after 2 s it gives up.
int wait_for_other_writer(void*, int looks)
{
    constexpr int quick_looks = 40;
    constexpr int all_looks = quick_looks + 400;
    if (looks >= all_looks) {
        return 0;
    }
    timespec pause{};
    pause.tv_nsec = looks < quick_looks ? 50'000 : 5'000'000;
    ::nanosleep(&pause, nullptr);
    return 1;
}

/// SQLite's own account of its memory takes a mutex at every malloc and free, and nobody asks for
/// it. Refused, without harm, when something else in the process used SQLite first.
void leave_memory_uncounted()
{
    static const int once = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)once;
}

std::string_view cause(int code)
{
    const int family = code & 0xFF;
    if (family == SQLITE_FULL) {
        return "the disk is full";
    }
    if (family == SQLITE_IOERR) {
        return means_failed_sync(code) ? "the disk failed to sync" : "the disk reports an error";
    }
    if (family == SQLITE_BUSY || family == SQLITE_LOCKED) {
        return "another writer holds it";
    }
    if (family == SQLITE_READONLY || family == SQLITE_PERM || family == SQLITE_CANTOPEN) {
        return "it cannot be opened for writing";
    }
    if (means_damage(code)) {
        return "the file is damaged";
    }
    return "SQLite refused";
}

}  // namespace

bool means_damage(int code)
{
    const int family = code & 0xFF;
    return family == SQLITE_CORRUPT || family == SQLITE_NOTADB;
}

bool means_failed_sync(int code)
{
    return code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
}

Result<Connection> Connection::open(const std::string& path, Access access, std::string_view whose)
{
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
    if (access == Access::create) {
        flags |= SQLITE_OPEN_CREATE;
    }
    leave_memory_uncounted();
    sqlite3* handle = nullptr;
    const int code = sqlite3_open_v2(path.c_str(), &handle, flags, nullptr);
    Connection connection{handle, whose};
    if (code != SQLITE_OK) {
        return fail(connection.error("opening " + std::string(whose)));
    }
    sqlite3_busy_handler(handle, wait_for_other_writer, nullptr);
    // Half a megabyte of pages is plenty for appending at the end; the daemon idles in 15 MB.
    // Readers must not fold the log into the file when they close: the keeper does that.
    std::string settings = "PRAGMA cache_size=-512; PRAGMA mmap_size=0; PRAGMA temp_store=FILE;";
    if (access != Access::create) {
        sqlite3_db_config(handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
        settings += "PRAGMA wal_autocheckpoint=0;";
    }
    if (access == Access::read) {
        settings += "PRAGMA query_only=ON;";
    }
    if (auto set = connection.run(settings); !set) {
        return fail(std::move(set).error());
    }
    return connection;
}

Result<void> Connection::run(const std::string& sql)
{
    if (sqlite3_exec(raw(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
        return fail(error("running a statement"));
    }
    return {};
}

Result<Statement> Connection::prepare(std::string_view sql)
{
    sqlite3_stmt* handle = nullptr;
    const int code = sqlite3_prepare_v3(raw(), sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
    if (code != SQLITE_OK) {
        return fail(error("preparing a statement"));
    }
    return Statement{handle};
}

Result<std::int64_t> Connection::number(std::string_view sql)
{
    auto statement = prepare(sql);
    if (!statement) {
        return fail(std::move(statement).error());
    }
    const int code = statement->step();
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return fail(error("reading"));
    }
    return code == SQLITE_ROW ? statement->integer(0) : 0;
}

Result<std::string> Connection::text(std::string_view sql)
{
    auto statement = prepare(sql);
    if (!statement) {
        return fail(std::move(statement).error());
    }
    const int code = statement->step();
    if (code != SQLITE_ROW && code != SQLITE_DONE) {
        return fail(error("reading"));
    }
    return code == SQLITE_ROW ? std::string{statement->text(0)} : std::string{};
}

Error Connection::error(std::string_view doing) const
{
    const int failed = handle_ ? code() : SQLITE_NOMEM;
    std::string message(whose_);
    message += ": ";
    message += cause(failed);
    message += " (";
    message += doing;
    message += ": ";
    message += handle_ ? sqlite3_errmsg(raw()) : "out of memory";
    message += ", SQLite code " + std::to_string(failed) + ")";
    return Error{means_damage(failed) ? Errc::io_error : Errc::ledger_unavailable,
                 std::move(message)};
}

}  // namespace spillway::sqlite
