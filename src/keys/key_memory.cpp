#include "spillway/keys/key_memory.hpp"

#include <time.h>

#include <fstream>
#include <utility>

#include "spillway/base/clock.hpp"
#include "spillway/base/log.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::keys {
namespace {

using sqlite::Running;
using sqlite::Statement;
using std::chrono::microseconds;

/// A loss at a power cut only makes it older than it is.
constexpr const char* settings = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;";
constexpr const char* schema = R"(
CREATE TABLE IF NOT EXISTS spillway_keys_seen_record (
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  version INTEGER NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS spillway_keys_seen (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  version INTEGER NOT NULL,
  wall INTEGER NOT NULL,
  boot TEXT NOT NULL,
  up INTEGER NOT NULL
);
)";
/// Between two notes that nothing has changed.
constexpr std::chrono::seconds quiet{2};

std::string boot_id()
{
    std::ifstream file("/proc/sys/kernel/random/boot_id");
    std::string id;
    std::getline(file, id);
    return id;
}

}  // namespace

Seen Seen::now()
{
    static const std::string boot = boot_id();
    timespec up{};
    ::clock_gettime(CLOCK_BOOTTIME, &up);
    return {SystemClock().wall(), boot,
            std::chrono::duration_cast<microseconds>(std::chrono::seconds{up.tv_sec} +
                                                     std::chrono::nanoseconds{up.tv_nsec})};
}

std::optional<Millis> age(const Seen& then, const Seen& now)
{
    const bool same_boot = !now.boot.empty() && then.boot == now.boot;
    const auto past = same_boot ? now.up - then.up
                                : std::chrono::duration_cast<microseconds>(now.wall - then.wall);
    if (past < microseconds{0})
        return std::nullopt;
    return std::chrono::ceil<Millis>(past);
}

struct KeyMemory::Parts {
    std::string path;
    sqlite::Connection connection;
    Statement put;
    Statement drop;
    Statement look;                  ///< Notes when something was seen.
    std::optional<Version> version;  ///< What is noted; empty: nothing.
    Seen noted;
    bool broken = false;

    [[nodiscard]] Result<void> open();
    [[nodiscard]] Result<std::optional<Recalled>> recall();
    [[nodiscard]] bool write(const Store::Contents& contents, const Seen& seen);
    [[nodiscard]] bool write_rows(const Store::Contents& contents);
    [[nodiscard]] bool write_seen(Version now, const Seen& seen);
};

Result<void> KeyMemory::Parts::open()
{
    auto opened = sqlite::Connection::open(path, sqlite::Access::write, "the file of keys");
    if (!opened)
        return fail(std::move(opened).error());
    connection = std::move(*opened);
    if (!connection.run(settings) ||
        !connection.run(std::string("BEGIN IMMEDIATE;") + schema + "COMMIT;"))
        return fail(connection.error("making tables"));
    const std::pair<Statement*, std::string_view> statements[] = {
        {&put, "INSERT OR REPLACE INTO spillway_keys_seen_record VALUES (?1, ?2, ?3, ?4)"},
        {&drop, "DELETE FROM spillway_keys_seen_record WHERE kind = ?1 AND id = ?2"},
        {&look, "INSERT OR REPLACE INTO spillway_keys_seen VALUES (1, ?1, ?2, ?3, ?4)"},
    };
    for (const auto& [statement, sql] : statements) {
        auto prepared = connection.prepare(sql);
        if (!prepared)
            return fail(connection.error("preparing statements"));
        *statement = std::move(*prepared);
    }
    return {};
}

Result<std::optional<KeyMemory::Recalled>> KeyMemory::Parts::recall()
{
    auto seen = connection.prepare("SELECT version, wall, boot, up FROM spillway_keys_seen");
    auto rows = connection.prepare("SELECT kind, id, version, body FROM spillway_keys_seen_record");
    if (!seen || !rows)
        return fail(connection.error("reading keys"));
    const Running looking(*seen);
    const int found = seen->step();
    if (found == SQLITE_DONE)
        return std::optional<Recalled>{};
    if (found != SQLITE_ROW)
        return fail(connection.error("reading keys"));
    Recalled out;
    out.contents.version = seen->integer(0);
    out.contents.extent = Store::Contents::Extent::all;
    out.seen = {WallTime{microseconds{seen->integer(1)}}, std::string(seen->text(2)),
                microseconds{seen->integer(3)}};
    const Running running(*rows);
    int code = SQLITE_ROW;
    while ((code = rows->step()) == SQLITE_ROW) {
        const auto kind = parse_kind(rows->text(0));
        if (!kind)
            return fail(Errc::io_error, "'" + path + "' holds records of a newer spillway");
        out.contents.rows.push_back(
            {*kind, std::string(rows->text(1)), rows->integer(2), std::string(rows->text(3))});
    }
    if (code != SQLITE_DONE)
        return fail(connection.error("reading keys"));
    return std::optional(std::move(out));
}

bool KeyMemory::Parts::write_rows(const Store::Contents& contents)
{
    if (contents.extent == Store::Contents::Extent::all &&
        !connection.run("DELETE FROM spillway_keys_seen_record"))
        return false;
    for (const auto& row : contents.rows) {
        auto& statement = row.body ? put : drop;
        const Running running(statement);
        statement.bind(1, word(row.kind));
        statement.bind(2, row.id);
        if (row.body) {
            statement.bind(3, row.version);
            statement.bind(4, *row.body);
        }
        if (statement.step() != SQLITE_DONE)
            return false;
    }
    return true;
}

bool KeyMemory::Parts::write_seen(Version now, const Seen& seen)
{
    const Running running(look);
    look.bind(1, now);
    look.bind(2, seen.wall.time_since_epoch().count());
    look.bind(3, seen.boot);
    look.bind(4, seen.up.count());
    return look.step() == SQLITE_DONE;
}

bool KeyMemory::Parts::write(const Store::Contents& contents, const Seen& seen)
{
    if (!connection.run("BEGIN IMMEDIATE"))
        return false;
    const bool done = write_rows(contents) && write_seen(contents.version, seen) &&
                      connection.run("COMMIT").has_value();
    if (!done && sqlite3_get_autocommit(connection.raw()) == 0)
        (void)connection.run("ROLLBACK");
    return done;
}

KeyMemory::KeyMemory(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
KeyMemory::~KeyMemory() = default;

Result<std::unique_ptr<KeyMemory>> KeyMemory::open(const std::string& path)
{
    auto parts = std::make_unique<Parts>();
    parts->path = path;
    if (auto opened = parts->open(); !opened)
        return fail(std::move(opened).error().within("'" + path + "'"));
    return std::unique_ptr<KeyMemory>(new KeyMemory(std::move(parts)));
}

Result<std::optional<KeyMemory::Recalled>> KeyMemory::recall()
{
    return parts_->recall();
}

void KeyMemory::note(const Store::Contents& contents, const Seen& seen)
{
    auto& parts = *parts_;
    if (parts.broken)
        return;
    const bool all = contents.extent == Store::Contents::Extent::all;
    const bool news = all || !contents.rows.empty() || parts.version != contents.version;
    if (!news && seen.up - parts.noted.up < quiet)
        return;
    // Changes make sense on what they are changes of.
    const bool fits = all || parts.version.has_value();
    if (!fits || !parts.write(contents, seen)) {
        parts.broken = true;
        SPILLWAY_WARN("keys: {}; a restart while PostgreSQL is away knows them as they were before",
                      parts.connection.error("noting what is known").message());
        return;
    }
    parts.version = contents.version;
    parts.noted = seen;
}

namespace {

class RememberedStore final : public Store {
public:
    RememberedStore(std::unique_ptr<Store> shared, std::unique_ptr<KeyMemory> memory,
                    std::function<Seen()> now)
        : shared_(std::move(shared)), memory_(std::move(memory)), now_(std::move(now))
    {}

    [[nodiscard]] Result<Contents> load() override
    {
        // The moment before the answer: what changes meanwhile was not seen.
        const auto seen = now_();
        return noted(shared_->load(), seen);
    }
    [[nodiscard]] Result<Contents> changed_since(Version version) override
    {
        if (!answered_)
            return load();
        const auto seen = now_();
        return noted(shared_->changed_since(version), seen);
    }
    [[nodiscard]] Result<Version> commit(std::span<const Write> writes) override
    {
        const auto seen = now_();
        auto version = shared_->commit(writes);
        // Others may have written in between; then all of it comes with the next look.
        if (!version || !answered_ || *version != newest_ + 1)
            return version;
        Contents contents;
        contents.version = *version;
        contents.extent = Contents::Extent::changes;
        for (const auto& write : writes)
            contents.rows.push_back({write.kind, write.id, *version, write.body});
        memory_->note(contents, seen);
        newest_ = *version;
        return version;
    }

private:
    Result<Contents> noted(Result<Contents> contents, const Seen& seen)
    {
        if (!contents)
            return contents;
        memory_->note(*contents, seen);
        newest_ = contents->version;
        answered_ = true;
        return contents;
    }

    const std::unique_ptr<Store> shared_;
    const std::unique_ptr<KeyMemory> memory_;
    const std::function<Seen()> now_;
    Version newest_ = 0;  ///< That is noted.
    bool answered_ = false;
};

}  // namespace

std::unique_ptr<Store> make_remembered_store(std::unique_ptr<Store> shared,
                                             std::unique_ptr<KeyMemory> memory,
                                             std::function<Seen()> now)
{
    return std::make_unique<RememberedStore>(std::move(shared), std::move(memory), std::move(now));
}

}  // namespace spillway::keys
