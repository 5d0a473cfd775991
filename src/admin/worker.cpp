#include "spillway/admin/worker.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace spillway::admin {

namespace {

/// Owned by the asker and by the job under way, so that neither minds who ends first.
struct Answer {
    std::optional<Result<std::string>> text;
    net::Event came;
};

struct Waiting {
    net::Shard& shard;
    Worker::Job job;
    std::shared_ptr<Answer> answer;
};

}  // namespace

struct Worker::Parts {
    Parts(std::size_t most, std::string words) : most_waiting(most), busy(std::move(words))
    {
        thread = std::thread([this] { work(); });
    }

    ~Parts() { finish(); }

    void finish()
    {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        more.notify_one();
        if (!thread.joinable())
            return;
        thread.join();
        // Those whose turn does not come are told, so that nobody waits for ever.
        for (auto& left : queue)
            tell(left, stopped());
        queue.clear();
    }

    static Result<std::string> stopped() { return fail(Errc::draining, "spillway is stopping"); }

    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    void work()
    {
        std::unique_lock lock(mutex);
        for (;;) {
            more.wait(lock, [this] { return stopping || !queue.empty(); });
            if (stopping)
                return;
            Waiting next = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            tell(next, next.job());
            lock.lock();
        }
    }

    static void tell(Waiting& asked, Result<std::string> text)
    {
        asked.shard.post([answer = std::move(asked.answer), text = std::move(text)]() mutable {
            answer->text.emplace(std::move(text));
            answer->came.set();
        });
    }

    const std::size_t most_waiting;
    const std::string busy;

    std::mutex mutex;
    std::condition_variable more;
    std::deque<Waiting> queue;
    bool stopping = false;
    std::thread thread;
};

Worker::Worker(std::size_t most_waiting, std::string busy)
    : parts_(std::make_unique<Parts>(most_waiting, std::move(busy)))
{}

Worker::~Worker() = default;

void Worker::finish()
{
    parts_->finish();
}

net::Task<Result<std::string>> Worker::ask(net::Shard& shard, Job job)
{
    auto answer = std::make_shared<Answer>();
    {
        const std::lock_guard lock(parts_->mutex);
        if (parts_->stopping)
            co_return Parts::stopped();
        if (parts_->queue.size() >= parts_->most_waiting) {
            co_return fail(Error(Errc::overloaded, parts_->busy).retry_in(std::chrono::seconds(1)));
        }
        parts_->queue.push_back(Waiting{shard, std::move(job), answer});
    }
    parts_->more.notify_one();
    co_await answer->came.wait();
    co_return std::move(*answer->text);
}

}  // namespace spillway::admin
