#include "spillway/keys/sqlite_store.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::keys {
namespace {

using sqlite::Access;
using sqlite::Connection;
using sqlite::Running;
using sqlite::Statement;

constexpr std::int64_t layout = 1;
/// A removed row tells others that it is gone; these many of the latest are enough for anybody who
/// looks every second.
constexpr std::int64_t remembered_removals = 10'000;

// A key that was handed out must be there after a power cut.
constexpr const char* settings =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA secure_delete=ON;";
constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS spillway_keys_record (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  removed INTEGER NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS spillway_keys_record_version ON spillway_keys_record (version);
CREATE INDEX IF NOT EXISTS spillway_keys_record_removed ON spillway_keys_record (version)
  WHERE removed;
CREATE TABLE IF NOT EXISTS spillway_keys_version (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL,
  forgotten INTEGER NOT NULL
);
INSERT OR IGNORE INTO spillway_keys_version VALUES (1, 0, 0);
PRAGMA user_version = 1;
)";

Error changed(const Write& write)
{
    return {Errc::changed_meanwhile,
            "the " + std::string(word(write.kind)) + " '" + printable(write.id, 80) +
                "' was changed by another call meanwhile; nothing was written, try again"};
}

class SqliteStore final : public Store {
public:
    explicit SqliteStore(std::string path) : path_(std::move(path)) {}

    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<Contents> load() override;
    [[nodiscard]] Result<Contents> changed_since(Version version) override;
    [[nodiscard]] Result<Version> commit(std::span<const Write> writes) override;

private:
    [[nodiscard]] Result<void> prepare();
    [[nodiscard]] Result<Contents> read(Statement& rows, Contents::Extent extent);
    [[nodiscard]] Result<Version> write_all(std::span<const Write> writes);
    [[nodiscard]] Result<void> write_one(const Write& write, Version version);
    [[nodiscard]] Result<Version> version_of(const Write& write);
    [[nodiscard]] Result<void> count_up(Version version);
    [[nodiscard]] Error error(std::string_view doing) const;

    std::string path_;
    Connection connection_;
    Statement all_;
    Statement since_;
    Statement newest_;
    Statement find_;
    Statement put_;
    Statement count_;
    Statement forget_;
};

Error SqliteStore::error(std::string_view doing) const
{
    return connection_.error(doing).within("'" + path_ + "'");
}

Result<void> SqliteStore::open()
{
    // Made by us, because SQLite would let the group read it.
    const int made = ::open(path_.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (made >= 0)
        ::close(made);
    auto connection = Connection::open(path_, Access::create, "the file of keys");
    if (!connection)
        return fail(std::move(connection).error().within("'" + path_ + "'"));
    connection_ = std::move(*connection);
    if (!connection_.run(settings))
        return fail(error("setting up the file"));
    const auto found = connection_.number("PRAGMA user_version");
    if (!found)
        return fail(error("reading the file"));
    if (*found > layout)
        return fail(Errc::io_error, "'" + path_ + "' was made by a newer spillway");
    if (*found < layout && !connection_.run(std::string("BEGIN IMMEDIATE;") + schema + "COMMIT;"))
        return fail(error("making tables"));
    return prepare();
}

Result<void> SqliteStore::prepare()
{
    const std::pair<Statement*, std::string_view> statements[] = {
        {&all_,
         "SELECT kind, id, version, body, removed FROM spillway_keys_record WHERE NOT removed"},
        {&since_,
         "SELECT kind, id, version, body, removed FROM spillway_keys_record WHERE version > ?1 "
         "ORDER BY version"},
        {&newest_, "SELECT version, forgotten FROM spillway_keys_version"},
        {&find_, "SELECT version, removed FROM spillway_keys_record WHERE kind = ?1 AND id = ?2"},
        {&put_, "INSERT OR REPLACE INTO spillway_keys_record VALUES (?1, ?2, ?3, ?4, ?5)"},
        {&count_, "UPDATE spillway_keys_version SET version = ?1, forgotten = max(forgotten, ?2)"},
        {&forget_, "DELETE FROM spillway_keys_record WHERE removed AND version <= ?1"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = connection_.prepare(sql);
        if (!prepared)
            return fail(error("preparing statements"));
        *statement = std::move(*prepared);
    }
    return {};
}

Result<Store::Contents> SqliteStore::load()
{
    if (!connection_.run("BEGIN"))
        return fail(error("reading keys"));
    auto contents = read(all_, Contents::Extent::all);
    (void)connection_.run("COMMIT");
    return contents;
}

Result<Store::Contents> SqliteStore::changed_since(Version version)
{
    if (!connection_.run("BEGIN"))
        return fail(error("reading keys"));
    const auto forgotten = connection_.number("SELECT forgotten FROM spillway_keys_version");
    auto contents = Result<Contents>{fail(error("reading keys"))};
    if (forgotten && *forgotten > version) {
        contents = read(all_, Contents::Extent::all);
    } else if (forgotten) {
        since_.bind(1, version);
        contents = read(since_, Contents::Extent::changes);
    }
    (void)connection_.run("COMMIT");
    return contents;
}

Result<Store::Contents> SqliteStore::read(Statement& rows, Contents::Extent extent)
{
    Contents contents;
    contents.extent = extent;
    {
        const Running running(newest_);
        if (newest_.step() != SQLITE_ROW)
            return fail(error("reading keys"));
        contents.version = newest_.integer(0);
    }
    const Running running(rows);
    int code = SQLITE_ROW;
    while ((code = rows.step()) == SQLITE_ROW) {
        const auto kind = parse_kind(rows.text(0));
        if (!kind)
            return fail(Errc::io_error, "'" + path_ + "' holds records of a newer spillway");
        Row row{*kind, std::string(rows.text(1)), rows.integer(2), std::nullopt};
        if (rows.integer(4) == 0)
            row.body = std::string(rows.text(3));
        contents.rows.push_back(std::move(row));
    }
    if (code != SQLITE_DONE)
        return fail(error("reading keys"));
    return contents;
}

Result<Version> SqliteStore::commit(std::span<const Write> writes)
{
    if (!connection_.run("BEGIN IMMEDIATE"))
        return fail(error("writing keys"));
    auto version = write_all(writes);
    if (version && !connection_.run("COMMIT"))
        version = fail(error("writing keys"));
    if (!version && sqlite3_get_autocommit(connection_.raw()) == 0)
        (void)connection_.run("ROLLBACK");
    return version;
}

Result<Version> SqliteStore::write_all(std::span<const Write> writes)
{
    const auto newest = connection_.number("SELECT version FROM spillway_keys_version");
    if (!newest)
        return fail(error("writing keys"));
    const auto version = *newest + 1;
    for (const auto& write : writes)
        if (auto written = write_one(write, version); !written)
            return fail(std::move(written).error());
    if (auto counted = count_up(version); !counted)
        return fail(std::move(counted).error());
    return version;
}

Result<void> SqliteStore::write_one(const Write& write, Version version)
{
    const auto now = version_of(write);
    if (!now)
        return fail(now.error());
    if (*now != write.read)
        return fail(changed(write));
    const Running running(put_);
    put_.bind(1, word(write.kind));
    put_.bind(2, write.id);
    put_.bind(3, version);
    put_.bind(4, write.body ? std::string_view(*write.body) : std::string_view());
    put_.bind(5, std::int64_t{write.body ? 0 : 1});
    if (put_.step() != SQLITE_DONE)
        return fail(error("writing keys"));
    return {};
}

/// 0 when it is not there.
Result<Version> SqliteStore::version_of(const Write& write)
{
    const Running running(find_);
    find_.bind(1, word(write.kind));
    find_.bind(2, write.id);
    const int code = find_.step();
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return fail(error("writing keys"));
    return code == SQLITE_ROW && find_.integer(1) == 0 ? find_.integer(0) : Version{0};
}

/// The commit's number, and the end of what long ago removed rows still tell.
Result<void> SqliteStore::count_up(Version version)
{
    const auto forgotten = std::max<Version>(0, version - remembered_removals);
    const Running counting(count_);
    const Running forgetting(forget_);
    count_.bind(1, version);
    count_.bind(2, forgotten);
    forget_.bind(1, forgotten);
    if (count_.step() != SQLITE_DONE || (forgotten > 0 && forget_.step() != SQLITE_DONE))
        return fail(error("writing keys"));
    return {};
}

}  // namespace

std::string keys_path(const std::string& ledger_path)
{
    const std::filesystem::path path(ledger_path);
    auto name = path.stem();
    name += ".keys";
    name += path.extension();
    return (path.parent_path() / name).string();
}

Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path)
{
    auto store = std::make_unique<SqliteStore>(path);
    if (auto opened = store->open(); !opened)
        return fail(std::move(opened).error());
    return store;
}

}  // namespace spillway::keys
