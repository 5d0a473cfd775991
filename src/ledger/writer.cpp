#include "spillway/ledger/writer.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "deferred.hpp"
#include "spillway/base/log.hpp"

namespace spillway::ledger {

namespace {

constexpr std::size_t most_waiting = 65'536;
/// How long the write-ahead log may grow before the keeper moves it into the file.
constexpr Millis keep_pause{500};
constexpr Millis probe_pause{1'000};
/// Between two turns of upkeep that has more to do: half of its time it leaves to others.
constexpr Millis upkeep_pause{50};
constexpr std::size_t deferred_batch = 256;

}  // namespace

struct Writer::Parts {
    struct Batch {
        std::vector<SpendRecord> records;
        Done done;
    };

    Parts(Store& opened, config::Durability wanted) : store(opened), durability(wanted)
    {
        keeper = std::thread([this] { keep(); });
        if (durability == config::Durability::power)
            committer = std::thread([this] { commit_batches(); });
    }

    ~Parts() { finish(); }

    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    void finish()
    {
        bool first = false;
        {
            const std::lock_guard lock(mutex);
            first = !std::exchange(stopping, true);
        }
        if (first) {
            work.notify_all();
            chores.notify_all();
            // The committer first: it empties the queue before it ends.
            if (committer.joinable())
                committer.join();
            keeper.join();
        }
        // Again for those that were deferred since.
        write_deferred();
        if (const auto left = deferred.take(deferred.size()).size(); left > 0) {
            lost += left;
            SPILLWAY_ERROR("ledger: {} records waited for the disk to the end and are lost", left);
        }
    }

    Result<void> commit(std::span<const SpendRecord* const> records)
    {
        auto committed = store.append(records);
        note(committed);
        if (committed && committed_callback)
            committed_callback();
        return committed;
    }

    /// Keeps `healthy` and tells the keeper that there is something to do.
    void note(const Result<void>& committed)
    {
        const bool was_healthy = healthy.exchange(committed.has_value());
        if (was_healthy != committed.has_value()) {
            if (committed)
                SPILLWAY_INFO("ledger: takes records again");
            else
                SPILLWAY_ERROR("ledger: cannot record: {}", committed.error().message());
        }
        wake_keeper();
    }

    /// The keeper is woken by the first commit after a checkpoint, not by each of them.
    void wake_keeper()
    {
        if (!chores_wait.exchange(true)) {
            const std::lock_guard lock(mutex);
            chores.notify_one();
        }
    }

    void commit_batches()
    {
        std::unique_lock lock(mutex);
        for (;;) {
            work.wait(lock, [this] { return stopping || !queue.empty(); });
            if (queue.empty())
                return;
            const auto batches = std::exchange(queue, {});
            const std::size_t taken = std::exchange(waiting, 0);
            lock.unlock();
            commit_together(batches, taken);
            lock.lock();
        }
    }

    /// One transaction, hence one sync, for the batches of all shards that came meanwhile.
    void commit_together(const std::vector<Batch>& batches, std::size_t count)
    {
        std::vector<const SpendRecord*> records;
        records.reserve(count);
        for (const auto& batch : batches) {
            for (const auto& record : batch.records)
                records.push_back(&record);
        }
        const auto committed = commit(records);
        for (const auto& batch : batches)
            batch.done(committed);
    }

    void keep()
    {
        std::unique_lock lock(mutex);
        while (!stopping) {
            chores.wait(lock, [this] { return stopping || chores_wait.load(); });
            const auto pause = !healthy ? probe_pause : more_upkeep ? upkeep_pause : keep_pause;
            chores.wait_for(lock, pause, [this] { return stopping; });
            chores_wait = false;
            keeping = true;
            lock.unlock();
            if (!healthy)
                note(store.append({}));  // Says whether the disk takes a transaction again.
            if (healthy) {
                write_deferred();
                store.checkpoint();
                more_upkeep = keep_callback && keep_callback();
                if (more_upkeep)
                    chores_wait = true;
            }
            lock.lock();
            keeping = false;
            kept.notify_all();
        }
    }

    /// Writes what waits for the disk, oldest first, as long as the disk takes it.
    void write_deferred()
    {
        for (;;) {
            std::vector<SpendRecord> records;
            {
                const std::lock_guard lock(deferring);
                records = deferred.take(deferred_batch);
                being_written = records.size();
            }
            if (records.empty())
                return;
            std::vector<const SpendRecord*> places;
            places.reserve(records.size());
            for (const auto& record : records)
                places.push_back(&record);
            const auto written = commit(places);
            if (written && late_callback)
                late_callback(records);
            const std::lock_guard lock(deferring);
            being_written = 0;
            if (!written) {
                deferred.put_back(std::move(records));
                return;
            }
        }
    }

    Store& store;
    const config::Durability durability;
    std::function<void()> committed_callback;
    std::function<void(std::span<const SpendRecord>)> late_callback;
    std::function<bool()> keep_callback;  ///< Replaced under `mutex` and while not `keeping`.
    bool more_upkeep = false;             ///< The keeper's.
    std::atomic<bool> healthy{true};
    std::atomic<bool> chores_wait{false};

    std::mutex mutex;
    std::condition_variable work;
    std::condition_variable chores;
    std::vector<Batch> queue;
    std::size_t waiting = 0;  ///< Records in `queue`.
    bool stopping = false;
    bool keeping = false;          ///< The keeper is at work.
    std::condition_variable kept;  ///< It came to an end of it.

    std::mutex deferring;
    DeferredRecords deferred;       ///< Under `deferring`.
    std::size_t being_written = 0;  ///< Taken from it, and not in the ledger yet.
    std::atomic<std::uint64_t> lost{0};

    std::thread keeper;
    std::thread committer;  ///< With `Durability::power` only.
};

Writer::Writer(Store& store, config::Durability durability)
    : parts_(std::make_unique<Parts>(store, durability))
{}

Writer::~Writer() = default;

void Writer::finish()
{
    parts_->finish();
}

void Writer::append(std::span<const SpendRecord* const> records, Done done)
{
    if (parts_->durability == config::Durability::process) {
        done(parts_->commit(records));
        return;
    }
    {
        const std::lock_guard lock(parts_->mutex);
        if (!parts_->stopping && parts_->waiting + records.size() <= most_waiting) {
            Parts::Batch batch;
            batch.records.reserve(records.size());
            for (const auto* record : records)
                batch.records.push_back(*record);
            batch.done = std::move(done);
            parts_->waiting += records.size();
            parts_->queue.push_back(std::move(batch));
            parts_->work.notify_one();
            return;
        }
    }
    done(fail(Errc::ledger_unavailable, "the disk is too slow: too many records wait for it"));
}

bool Writer::healthy() const noexcept
{
    return parts_->healthy.load(std::memory_order_relaxed);
}

void Writer::on_late_commit(std::function<void(std::span<const SpendRecord>)> callback)
{
    parts_->late_callback = std::move(callback);
}

Writer::Deferred Writer::defer(const SpendRecord& record)
{
    bool waits = false;
    {
        const std::lock_guard lock(parts_->deferring);
        waits = parts_->deferred.add(record);
    }
    if (waits) {
        parts_->wake_keeper();  // The disk may be back already.
        return Deferred::waits;
    }
    if (parts_->lost.fetch_add(1, std::memory_order_relaxed) == 0)
        SPILLWAY_ERROR(
            "ledger: no more room for records that wait for the disk; further ones are "
            "lost, and counted in spillway_ledger_lost_total");
    return Deferred::lost;
}

std::size_t Writer::waiting() const
{
    const std::lock_guard lock(parts_->deferring);
    return parts_->deferred.size() + parts_->being_written;
}

std::uint64_t Writer::lost() const noexcept
{
    return parts_->lost.load(std::memory_order_relaxed);
}

void Writer::on_keep(std::function<bool()> callback)
{
    std::unique_lock lock(parts_->mutex);
    parts_->kept.wait(lock, [this] { return !parts_->keeping; });
    parts_->keep_callback = std::move(callback);
    parts_->chores_wait = true;
    parts_->chores.notify_one();
}

void Writer::on_commit(std::function<void()> callback)
{
    parts_->committed_callback = std::move(callback);
}

}  // namespace spillway::ledger
