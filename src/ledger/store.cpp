#include "spillway/ledger/store.hpp"

#include <atomic>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "ledger_file.hpp"
#include "record_writer.hpp"
#include "schema.hpp"
#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {
namespace {

using config::Durability;

/// Files up to this size are checked page by page at start (some 15 ms), after a crash up to the
/// larger one; beyond that the keeper does it later, because the daemon answers within 50 ms.
constexpr std::int64_t checked_at_start = std::int64_t{2} << 20;
constexpr std::int64_t checked_after_crash = std::int64_t{16} << 20;
/// The log is folded into the file from 4 MiB on, and at 64 MiB appends wait for it.
constexpr int fold_from_pages = 2'048;
constexpr int fold_at_once_pages = 32'768;
/// A ledger that cannot be opened again is not tried on every request.
constexpr std::chrono::seconds revive_pause{1};
/// A disk that fails to sync for hours must not fill the memory.
constexpr std::size_t most_in_doubt = 65'536;

enum class Scrutiny : std::uint8_t { at_start, after_crash, whole_file };

/// 2 KiB pages: a record needs one or two of them per commit, so half the bytes of SQLite's 4 KiB.
///
/// synchronous=NORMAL does not wait for the disk at a commit: the log is in the page cache, which a
/// killed process leaves behind. A power cut may take the last commits, but unlike with OFF never
/// the consistency of the file, and it costs the same. FULL waits for the disk at every commit.
std::string settings_of(Durability durability)
{
    const std::string synchronous = durability == Durability::power ? "FULL" : "NORMAL";
    return "PRAGMA synchronous=" + synchronous +
           ";PRAGMA wal_autocheckpoint=0;PRAGMA journal_size_limit=67108864;";
}

Result<void> check(sqlite::Connection& connection, Scrutiny scrutiny)
{
    auto size =
        connection.number("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size");
    if (!size) {
        return fail(std::move(size).error());
    }
    const bool huge = (scrutiny == Scrutiny::at_start && *size > checked_at_start) ||
                      (scrutiny == Scrutiny::after_crash && *size > checked_after_crash);
    if (huge) {
        // The newest rows to their last column: what a crash was most likely writing.
        auto newest = connection.number(
            "SELECT sum(total_ms) FROM "
            "(SELECT total_ms FROM records ORDER BY seq DESC LIMIT 2000)");
        return newest ? Result<void>{} : fail(std::move(newest).error());
    }
    auto verdict = connection.text("PRAGMA quick_check(1)");
    if (!verdict) {
        return fail(std::move(verdict).error());
    }
    if (*verdict != "ok") {
        return fail(Errc::io_error, "ledger: the file is damaged: " + printable(*verdict));
    }
    return {};
}

Result<std::unique_ptr<RecordWriter>> open_writer(const std::string& path, Durability durability,
                                                  Scrutiny scrutiny)
{
    auto connection = sqlite::Connection::open(path, sqlite::Access::create);
    if (!connection) {
        return fail(std::move(connection).error());
    }
    // Making an empty file into a ledger takes half a dozen syncs, which the first start need not
    // wait for: there is nothing in it yet.
    std::error_code unknown;
    const bool fresh = std::filesystem::file_size(path, unknown) == 0 && !unknown;
    const bool hurry = fresh && durability == Durability::process;
    auto shaped = connection->run(hurry ? "PRAGMA page_size=2048;PRAGMA synchronous=OFF"
                                        : "PRAGMA page_size=2048");
    if (!shaped) {
        return fail(std::move(shaped).error());
    }
    auto mode = connection->text("PRAGMA journal_mode=WAL");
    if (!mode) {
        return fail(std::move(mode).error());
    }
    if (*mode != "wal") {
        return fail(Errc::ledger_unavailable,
                    "ledger: the file system of '" + path + "' cannot hold a write-ahead log");
    }
    auto ready = migrate(*connection);
    if (ready) {
        ready = connection->run(settings_of(durability));
    }
    if (ready) {
        ready = check(*connection, scrutiny);
    }
    if (!ready) {
        return fail(std::move(ready).error());
    }
    return RecordWriter::open(std::move(*connection));
}

/// Opens, and when the file turns out damaged sets it aside and starts a new one: an installation
/// that cannot start loses more than history. Never silently.
Result<std::unique_ptr<RecordWriter>> open_or_replace(const std::string& path,
                                                      Durability durability, Scrutiny scrutiny,
                                                      const FileLock& lock)
{
    if (auto file = prepare_file(path, lock); !file) {
        return fail(std::move(file).error());
    }
    auto writer = open_writer(path, durability, scrutiny);
    if (writer || writer.error().code() != Errc::io_error) {
        return writer;
    }
    auto kept = set_aside(path);
    if (!kept) {
        return fail(std::move(kept).error());
    }
    SPILLWAY_ERROR(
        "{}; it was moved to '{}' and a new ledger begins at '{}'. Spend before this "
        "moment is in the old file only: `sqlite3 FILE .recover` reads what is left",
        writer.error().message(), *kept, path);
    if (auto file = prepare_file(path, lock); !file) {
        return fail(std::move(file).error());
    }
    return open_writer(path, durability, Scrutiny::at_start);
}

/// What other layers see: whatever the reason, the ledger cannot be written.
Error at_the_border(const Error& error)
{
    const bool damage = error.code() == Errc::io_error;
    return Error{damage ? Errc::ledger_unavailable : error.code(), error.message()};
}

}  // namespace

struct Store::Parts {
    Parts(std::string file, Durability wanted, FileLock held)
        : path(std::move(file)), durability(wanted), lock(std::move(held))
    {}

    ~Parts();
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    [[nodiscard]] Result<void> revive();
    [[nodiscard]] Result<void> append(std::span<const SpendRecord* const> records);
    [[nodiscard]] Result<std::vector<const SpendRecord*>> without_kept(
        std::span<const SpendRecord* const> records);
    [[nodiscard]] bool keeper_ready(const FileIdentity& now);
    [[nodiscard]] bool fold();
    void restart_log();
    void pay_check();
    void distrust();

    const std::string path;
    const Durability durability;
    const FileLock lock;

    std::mutex keeping;  // Taken before `writing` where both are needed.
    sqlite::Connection keeper;
    FileIdentity keeper_file;
    bool fold_failed = false;  ///< Said once, not twice a second.
    bool owes_check = false;   ///< The last run crashed and the file is too large for a check then.

    std::mutex writing;
    std::unique_ptr<RecordWriter> writer;
    FileIdentity writer_file;
    bool distrusted = false;
    /// Refused for a sync that failed, and yet the log may hold them. By age, as ids sort.
    std::set<RequestId> in_doubt;
    std::chrono::steady_clock::time_point revive_from{};
};

Result<std::unique_ptr<Store>> Store::open(const config::Ledger& settings)
{
    const std::string& path = settings.path;
    if (path.empty() || path == ":memory:" || path.starts_with("file:")) {
        return fail(Errc::bad_config,
                    "ledger.path must name a file: what is acknowledged must survive the process");
    }
    std::error_code unresolved;
    const auto resolved = std::filesystem::weakly_canonical(path, unresolved);
    auto lock = FileLock::acquire(unresolved ? path : resolved.string());
    if (!lock) {
        return fail(std::move(lock).error());
    }
    auto parts = std::make_unique<Parts>(path, settings.durability, std::move(*lock));
    // A clean end folds the log into the file and removes it.
    const bool crashed = std::filesystem::file_size(path + "-wal", unresolved) > 0 && !unresolved;
    auto writer =
        open_or_replace(path, settings.durability,
                        crashed ? Scrutiny::after_crash : Scrutiny::at_start, parts->lock);
    if (!writer) {
        const auto error = at_the_border(writer.error());
        const bool named = error.message().find(path) != std::string::npos;
        return fail(error.code(), error.message() + (named ? "" : "; the file is '" + path + "'"));
    }
    const auto size = std::filesystem::file_size(path, unresolved);
    parts->owes_check =
        crashed && !unresolved && size > static_cast<std::uintmax_t>(checked_after_crash);
    parts->writer = std::move(*writer);
    parts->writer_file = identity_of(path);
    return std::unique_ptr<Store>{new Store{std::move(parts)}};
}

Store::Store(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

Store::~Store() = default;

/// Leaves one file behind: the log is folded in, so the next start knows that all ended well.
Store::Parts::~Parts()
{
    keeper = {};
    if (writer) {
        writer->fold_log();
    }
}

const std::string& Store::path() const
{
    return parts_->path;
}

Result<void> Store::append(std::span<const SpendRecord* const> records)
{
    const std::lock_guard hold{parts_->writing};
    auto outcome = parts_->revive();
    if (outcome) {
        outcome = records.empty() ? parts_->writer->probe() : parts_->append(records);
    }
    if (!outcome) {
        return fail(Errc::ledger_unavailable, outcome.error().message());
    }
    return {};
}

Result<bool> Store::holds(const RequestId& id)
{
    const std::lock_guard hold{parts_->writing};
    if (auto ready = parts_->revive(); !ready) {
        return fail(Errc::ledger_unavailable, ready.error().message());
    }
    return parts_->writer->holds(id);
}

Result<void> Store::Parts::append(std::span<const SpendRecord* const> records)
{
    std::vector<const SpendRecord*> fresh;
    if (!in_doubt.empty()) {
        auto found = without_kept(records);
        if (!found) {
            return fail(std::move(found).error());
        }
        fresh = std::move(*found);
        records = fresh;
    }
    auto written = writer->append(records);
    if (!written && writer->suspect()) {
        for (const auto* record : records) {
            in_doubt.insert(record->id);
        }
        while (in_doubt.size() > most_in_doubt) {
            in_doubt.erase(in_doubt.begin());
        }
    }
    return written;
}

/// All but those that were refused once although the log kept them.
Result<std::vector<const SpendRecord*>> Store::Parts::without_kept(
    std::span<const SpendRecord* const> records)
{
    std::vector<const SpendRecord*> fresh;
    for (const auto* record : records) {
        if (in_doubt.contains(record->id)) {
            const auto kept = writer->holds(record->id);
            if (!kept) {
                return fail(kept.error());
            }
            if (*kept) {
                continue;
            }
        }
        fresh.push_back(record);
    }
    return fresh;
}

/// Opens again after damage, after a failed sync (the kernel forgets what it could not write, so
/// nothing cached counts) and after the file was taken away.
Result<void> Store::Parts::revive()
{
    if (writer && !writer->suspect() && !distrusted) {
        return {};
    }
    const auto now = std::chrono::steady_clock::now();
    if (now < revive_from) {
        return fail(Errc::ledger_unavailable, "ledger: waiting before opening it again");
    }
    revive_from = now + revive_pause;
    writer.reset();
    auto fresh = open_or_replace(path, durability, Scrutiny::whole_file, lock);
    if (!fresh) {
        return fail(std::move(fresh).error());
    }
    writer = std::move(*fresh);
    writer_file = identity_of(path);
    distrusted = false;
    SPILLWAY_WARN("ledger: opened and verified '{}' again", path);
    return {};
}

void Store::checkpoint()
{
    const std::lock_guard keep{parts_->keeping};
    const FileIdentity now = identity_of(parts_->path);
    int pages = 0;
    {
        const std::lock_guard hold{parts_->writing};
        if (parts_->writer && now != parts_->writer_file && !parts_->distrusted) {
            SPILLWAY_ERROR("ledger: '{}' was removed or replaced while in use; a new one follows",
                           parts_->path);
            parts_->distrusted = true;
        }
        if (!parts_->writer || parts_->distrusted) {
            return;
        }
        pages = parts_->writer->log_pages();
    }
    const bool has_work = parts_->owes_check || pages >= fold_from_pages;
    if (!has_work || !parts_->keeper_ready(now)) {
        return;
    }
    if (parts_->owes_check) {
        parts_->pay_check();
    }
    if (pages < fold_from_pages) {
        return;
    }
    // The bulk, with its two syncs, while appends go on. Then, when nobody wrote meanwhile or the
    // log grew too long, the rest with appends held back for a moment.
    if (parts_->fold() || pages >= fold_at_once_pages) {
        parts_->restart_log();
    }
}

bool Store::Parts::keeper_ready(const FileIdentity& now)
{
    if (keeper.open() && keeper_file == now) {
        return true;
    }
    auto fresh = sqlite::Connection::open(path, sqlite::Access::write);
    if (!fresh || !fresh->run(settings_of(durability))) {
        return false;
    }
    keeper = std::move(*fresh);
    keeper_file = now;
    return true;
}

/// Reads every page, beside the appends. What it finds is dealt with by the next append.
void Store::Parts::pay_check()
{
    owes_check = false;
    if (auto sound = check(keeper, Scrutiny::whole_file); !sound) {
        SPILLWAY_ERROR("{}", sound.error().message());
        distrust();
    }
}

void Store::Parts::distrust()
{
    const std::lock_guard hold{writing};
    distrusted = true;
}

/// Copies what the log holds into the file. True when all of it is there.
bool Store::Parts::fold()
{
    int in_log = 0;
    int folded = 0;
    const int code = sqlite3_wal_checkpoint_v2(keeper.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &in_log, &folded);
    const bool failed = code != SQLITE_OK && (code & 0xFF) != SQLITE_BUSY;
    const bool was_failing = std::exchange(fold_failed, failed);
    if (failed) {
        if (!was_failing) {
            SPILLWAY_ERROR("{}", keeper.error("folding the log into the file").message());
        }
        if (sqlite::means_failed_sync(code) || sqlite::means_damage(code)) {
            distrust();
        }
        return false;
    }
    return code == SQLITE_OK && in_log == folded;
}

/// Makes the log begin at its start again. The first write after a complete fold does that, and
/// syncs the log's new head, so it is done here and not left to a shard.
void Store::Parts::restart_log()
{
    const std::lock_guard hold{writing};
    int in_log = 0;
    int folded = 0;
    const int code = sqlite3_wal_checkpoint_v2(keeper.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE,
                                               &in_log, &folded);
    if (sqlite::means_failed_sync(code) || sqlite::means_damage(code)) {
        SPILLWAY_ERROR("{}", keeper.error("folding the log into the file").message());
        distrusted = true;
        return;
    }
    if (code == SQLITE_OK && in_log == folded && writer &&
        keeper.run("UPDATE keeper SET log_restarts = log_restarts + 1")) {
        writer->log_restarted();
    }
}

}  // namespace spillway::ledger
