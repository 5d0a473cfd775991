#include "spillway/ledger/comparison_writer.hpp"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include "ledger_file.hpp"
#include "record_row.hpp"
#include "spillway/base/log.hpp"
#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {
namespace {

constexpr std::size_t most_waiting = 256;
/// More labels teach a score nothing that the newest do not.
constexpr std::int64_t most_comparisons = 200'000;
constexpr std::chrono::hours sweep_pause{1};

std::int64_t micros_now()
{
    return std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now())
        .time_since_epoch()
        .count();
}

std::span<const unsigned char> bytes_of(const std::string& text)
{
    return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

enum class Sweep : std::uint8_t { later, now };

bool holds_texts(const std::string& path)
{
    auto connection = sqlite::Connection::open(path, sqlite::Access::read);
    if (!connection)
        return false;
    const auto any =
        connection->number("SELECT count(*) FROM (SELECT 1 FROM comparison_texts LIMIT 1)");
    return any && *any > 0;
}

bool run(sqlite::Statement& statement)
{
    const sqlite::Running running(statement);
    return statement.step() == SQLITE_DONE;
}

/// The statements on one connection to one file.
class Tables {
public:
    [[nodiscard]] static Result<Tables> open(const std::string& path)
    {
        auto connection = sqlite::Connection::open(path, sqlite::Access::write);
        if (!connection)
            return fail(std::move(connection).error());
        Tables tables;
        tables.identity = identity_of(path);
        tables.connection_ = std::move(*connection);
        const std::pair<sqlite::Statement Tables::*, const char*> statements[] = {
            {&Tables::comparison_,
             "INSERT INTO comparisons (request, at, route, weak_group, strong_group, served, "
             "features, weight) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
            {&Tables::label_, "INSERT INTO comparison_labels VALUES (?1, ?2, ?3, ?4, ?5, ?6)"},
            {&Tables::texts_, "INSERT INTO comparison_texts VALUES (?1, ?2, ?3, ?4, ?5)"},
            {&Tables::calibration_, "INSERT OR REPLACE INTO calibrations VALUES (?1, ?2)"},
            {&Tables::old_texts_, "DELETE FROM comparison_texts WHERE expires < ?1"},
        };
        for (const auto& [member, sql] : statements) {
            auto prepared = tables.connection_.prepare(sql);
            if (!prepared)
                return fail(std::move(prepared).error());
            tables.*member = std::move(*prepared);
        }
        // The same care for the disk as a record takes that does not wait for it.
        if (auto set = tables.connection_.run("PRAGMA synchronous=NORMAL"); !set)
            return fail(std::move(set).error());
        return tables;
    }

    [[nodiscard]] bool insert(const Comparison& one)
    {
        const auto request = id_bytes(one.request);
        const auto at = one.at.time_since_epoch().count();
        comparison_.bind_blob(1, request);
        comparison_.bind(2, at);
        comparison_.bind(3, one.route);
        comparison_.bind(4, one.weak_group);
        comparison_.bind(5, one.strong_group);
        comparison_.bind(6, static_cast<std::int64_t>(one.served));
        comparison_.bind_blob(7, bytes_of(one.features));
        comparison_.bind_real(8, one.weight);
        if (!run(comparison_))
            return false;
        const auto number = sqlite3_last_insert_rowid(connection_.raw());
        return label(number, one.label, at) && (!one.texts || texts(number, *one.texts));
    }

    [[nodiscard]] bool calibrate(const std::string& model, const std::string& histogram)
    {
        calibration_.bind(1, model);
        calibration_.bind(2, histogram);
        return run(calibration_);
    }

    /// Removes texts that have expired, and the oldest of too many comparisons.
    [[nodiscard]] bool sweep()
    {
        old_texts_.bind(1, micros_now());
        const auto surplus =
            "DELETE FROM comparisons WHERE number <= (SELECT max(number) FROM comparisons) - " +
            std::to_string(most_comparisons) +
            ";DELETE FROM comparison_labels WHERE comparison < coalesce((SELECT min(number) FROM "
            "comparisons), 0)";
        return run(old_texts_) && connection_.run(surplus);
    }

    [[nodiscard]] sqlite::Connection& connection() { return connection_; }

    FileIdentity identity;

private:
    [[nodiscard]] bool label(std::int64_t number, const ComparisonLabel& given, std::int64_t at)
    {
        label_.bind(1, number);
        label_.bind(2, static_cast<std::int64_t>(given.judge));
        label_.bind_real(3, given.weak);
        label_.bind_real(4, given.strong);
        label_.bind_real(5, given.certainty);
        label_.bind(6, at);
        return run(label_);
    }

    [[nodiscard]] bool texts(std::int64_t number, const ComparisonTexts& kept)
    {
        texts_.bind(1, number);
        texts_.bind(2, kept.expires.time_since_epoch().count());
        texts_.bind(3, kept.prompt);
        texts_.bind(4, kept.weak);
        texts_.bind(5, kept.strong);
        return run(texts_);
    }

    sqlite::Connection connection_;  // Outlives the statements below.
    sqlite::Statement comparison_;
    sqlite::Statement label_;
    sqlite::Statement texts_;
    sqlite::Statement calibration_;
    sqlite::Statement old_texts_;
};

}  // namespace

struct ComparisonWriter::Parts {
    explicit Parts(std::string file) : path(std::move(file)) {}
    ~Parts()
    {
        {
            const std::lock_guard hold(mutex);
            stopping = true;
        }
        news.notify_one();
        if (thread.joinable())
            thread.join();
    }
    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    /// With `mutex` held.
    void wake()
    {
        if (!thread.joinable()) {
            thread = std::thread([this] { work(); });
            pthread_setname_np(thread.native_handle(), "comparisons");
        }
        news.notify_one();
    }

    void work()
    {
        std::unique_lock lock(mutex);
        auto sweep_at = std::chrono::steady_clock::now();
        for (;;) {
            news.wait_until(lock, sweep_at, [this] {
                return stopping || !waiting.empty() || !calibrations.empty();
            });
            const bool last = stopping;
            const auto batch = std::exchange(waiting, {});
            const auto rows = std::exchange(calibrations, {});
            const bool sweeps = std::chrono::steady_clock::now() >= sweep_at;
            lock.unlock();
            commit(batch, rows, sweeps ? Sweep::now : Sweep::later);
            if (sweeps)
                sweep_at = std::chrono::steady_clock::now() + sweep_pause;
            lock.lock();
            if (last && waiting.empty() && calibrations.empty())
                return;
        }
    }

    /// One transaction; what cannot be written is lost, and said once.
    void commit(const std::deque<Comparison>& batch, const std::map<std::string, std::string>& rows,
                Sweep sweep)
    {
        const auto written = write(batch, rows, sweep);
        if (!written && !std::exchange(failing, true))
            SPILLWAY_WARN("comparisons: {}; they are lost", written.error().message());
        if (written)
            failing = false;
        else
            tables.reset();
    }

    [[nodiscard]] Result<void> write(const std::deque<Comparison>& batch,
                                     const std::map<std::string, std::string>& rows, Sweep sweep)
    {
        // The ledger may have been set aside and begun anew.
        if (!tables || tables->identity != identity_of(path)) {
            tables.reset();
            auto opened = Tables::open(path);
            if (!opened)
                return fail(std::move(opened).error());
            tables.emplace(std::move(*opened));
        }
        auto& connection = tables->connection();
        if (auto begun = connection.run("BEGIN IMMEDIATE"); !begun)
            return begun;
        bool good = true;
        for (const auto& one : batch)
            good = good && tables->insert(one);
        for (const auto& [model, histogram] : rows)
            good = good && tables->calibrate(model, histogram);
        if (sweep == Sweep::now)
            good = good && tables->sweep();
        if (good)
            return connection.run("COMMIT");
        auto error = connection.error("writing comparisons");
        (void)connection.run("ROLLBACK");
        return fail(std::move(error));
    }

    const std::string path;
    std::mutex mutex;
    std::condition_variable news;
    std::deque<Comparison> waiting;
    std::map<std::string, std::string> calibrations;
    bool stopping = false;

    std::optional<Tables> tables;  ///< The thread's own from here on.
    bool failing = false;
    std::thread thread;
};

ComparisonWriter::ComparisonWriter(std::string ledger_path)
    : parts_(std::make_unique<Parts>(std::move(ledger_path)))
{
    // Texts expire also when nothing is compared any more.
    if (holds_texts(parts_->path)) {
        const std::lock_guard hold(parts_->mutex);
        parts_->wake();
    }
}
ComparisonWriter::~ComparisonWriter() = default;

bool ComparisonWriter::write(Comparison comparison)
{
    const std::lock_guard hold(parts_->mutex);
    if (parts_->waiting.size() >= most_waiting)
        return false;
    parts_->waiting.push_back(std::move(comparison));
    parts_->wake();
    return true;
}

void ComparisonWriter::write_calibrations(std::map<std::string, std::string> rows)
{
    if (rows.empty())
        return;
    const std::lock_guard hold(parts_->mutex);
    for (auto& [model, histogram] : rows)
        parts_->calibrations.insert_or_assign(model, std::move(histogram));
    parts_->wake();
}

std::map<std::string, std::string> read_calibrations(const std::string& ledger_path)
{
    std::map<std::string, std::string> rows;
    auto connection = sqlite::Connection::open(ledger_path, sqlite::Access::read);
    if (!connection)
        return rows;
    auto all = connection->prepare("SELECT model, histogram FROM calibrations");
    if (!all)
        return rows;
    while (all->step() == SQLITE_ROW)
        rows.emplace(all->text(0), all->text(1));
    return rows;
}

}  // namespace spillway::ledger
