#include "spillway/admin/archive.hpp"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

namespace spillway::admin {

namespace {

/// Owned by the asker and by the question under way, so that neither minds who ends first.
struct Answer {
    std::optional<Result<std::string>> text;
    net::Event came;
};

struct Waiting {
    net::Shard& shard;
    Archive::Question question;
    std::shared_ptr<Answer> answer;
};

}  // namespace

struct Archive::Parts {
    explicit Parts(std::string path) : ledger_path(std::move(path))
    {
        reader = std::thread([this] { read(); });
    }

    ~Parts()
    {
        {
            const std::lock_guard lock(mutex);
            stopping = true;
        }
        work.notify_one();
        reader.join();
    }

    Parts(const Parts&) = delete;
    Parts& operator=(const Parts&) = delete;

    void read()
    {
        std::unique_lock lock(mutex);
        for (;;) {
            work.wait(lock, [this] { return stopping || !queue.empty(); });
            if (stopping)
                return;
            Waiting next = std::move(queue.front());
            queue.pop_front();
            lock.unlock();
            auto text = look_up(next.question);
            next.shard.post([answer = std::move(next.answer), text = std::move(text)]() mutable {
                answer->text.emplace(std::move(text));
                answer->came.set();
            });
            lock.lock();
        }
    }

    Result<std::string> look_up(const Question& question)
    {
        if (!query) {
            auto opened = ledger::Query::open(ledger_path);
            if (!opened)
                return fail(std::move(opened).error());
            query = std::move(*opened);
        }
        return question(*query);
    }

    const std::string ledger_path;
    std::unique_ptr<ledger::Query> query;  ///< The reader's own.

    std::mutex mutex;
    std::condition_variable work;
    std::deque<Waiting> queue;
    bool stopping = false;
    std::thread reader;
};

Archive::Archive(std::string ledger_path) : parts_(std::make_unique<Parts>(std::move(ledger_path)))
{}

Archive::~Archive() = default;

net::Task<Result<std::string>> Archive::ask(net::Shard& shard, Question question)
{
    auto answer = std::make_shared<Answer>();
    {
        const std::lock_guard lock(parts_->mutex);
        if (parts_->queue.size() >= most_waiting) {
            co_return fail(Error(Errc::overloaded, "too many questions to the ledger are waiting")
                               .retry_in(std::chrono::seconds(1)));
        }
        parts_->queue.push_back(Waiting{shard, std::move(question), answer});
    }
    parts_->work.notify_one();
    co_await answer->came.wait();
    co_return std::move(*answer->text);
}

}  // namespace spillway::admin
