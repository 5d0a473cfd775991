#include "spillway/ledger/writer.hpp"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "spillway/base/log.hpp"

namespace spillway::ledger {

namespace {

constexpr std::size_t most_waiting = 65'536;
/// How long the write-ahead log may grow before the keeper moves it into the file.
constexpr Millis checkpoint_pause{500};
constexpr Millis probe_pause{1'000};

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
        {
            const std::lock_guard lock(mutex);
            if (std::exchange(stopping, true))
                return;
        }
        work.notify_all();
        chores.notify_all();
        // The committer first: it empties the queue before it ends.
        if (committer.joinable())
            committer.join();
        keeper.join();
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
                SPILLWAY_ERROR("ledger: cannot record, so priced work is refused: {}",
                               committed.error().message());
        }
        // The keeper is woken by the first commit after a checkpoint, not by each of them.
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
            const auto pause = healthy ? checkpoint_pause : probe_pause;
            chores.wait_for(lock, pause, [this] { return stopping; });
            chores_wait = false;
            lock.unlock();
            if (healthy)
                store.checkpoint();
            else
                note(store.append({}));  // Says whether the disk takes a transaction again.
            lock.lock();
        }
    }

    Store& store;
    const config::Durability durability;
    std::function<void()> committed_callback;
    std::atomic<bool> healthy{true};
    std::atomic<bool> chores_wait{false};

    std::mutex mutex;
    std::condition_variable work;
    std::condition_variable chores;
    std::vector<Batch> queue;
    std::size_t waiting = 0;  ///< Records in `queue`.
    bool stopping = false;

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

void Writer::on_commit(std::function<void()> callback)
{
    parts_->committed_callback = std::move(callback);
}

}  // namespace spillway::ledger
