#pragma once

#include <atomic>
#include <boost/asio/io_context.hpp>
#include <coroutine>
#include <ctime>
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "spillway/base/ids.hpp"
#include "spillway/net/block_pool.hpp"
#include "spillway/net/date_line.hpp"
#include "spillway/net/deadline_wheel.hpp"
#include "spillway/net/task.hpp"

namespace spillway::net {

class UpstreamPool;
class ServerConnection;

/// One thread, one io_context, and what lives on it: connections, pools, deadlines. Everything
/// here but `post`, `connections` and `stop` is for the shard's own thread.
class Shard {
public:
    Shard();
    Shard(const Shard&) = delete;
    Shard& operator=(const Shard&) = delete;
    ~Shard();

    [[nodiscard]] boost::asio::io_context& io() noexcept { return io_; }
    [[nodiscard]] DeadlineWheel& wheel() noexcept { return wheel_; }
    [[nodiscard]] BlockPool& blocks() noexcept { return blocks_; }
    [[nodiscard]] UpstreamPool& upstreams() noexcept { return *upstreams_; }
    [[nodiscard]] RequestIdMaker& random() noexcept { return random_; }
    /// The Date line of a reply that leaves now; lives until the next call.
    [[nodiscard]] std::string_view date_line() noexcept { return date_.at(std::time(nullptr)); }

    /// Runs `work` on the shard's thread, after what is already waiting there. Any thread.
    void post(std::function<void()> work);

    /// Awaitable pause. Ends early when the shard stops or `interrupt` is set by somebody.
    struct Pause;
    [[nodiscard]] Task<void> sleep(Millis duration, Event* interrupt = nullptr);

    /// Client connections now; read by the acceptor to pick the least loaded shard.
    std::atomic<std::size_t> connections{0};

    /// Runs until `stop`; then ends what is still open, for at most two seconds, so that no
    /// coroutine outlives what it uses. The constructor does not start the thread.
    void run();
    /// Any thread.
    void stop();

    /// Shutdown, on the shard's thread: `drain` closes idle keep-alive connections and lets running
    /// exchanges finish with `connection: close`; `abort` closes everything.
    void drain();
    void abort();

    // Membership of live connections, for drain and abort.
    void join(ServerConnection& connection);
    void leave(ServerConnection& connection) noexcept;
    [[nodiscard]] bool draining() const noexcept { return draining_; }

private:
    void finish();
    [[nodiscard]] bool busy() const noexcept;

    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    DeadlineWheel wheel_{io_};
    BlockPool blocks_;
    RequestIdMaker random_{random_seed()};
    DateLine date_;
    std::unique_ptr<UpstreamPool> upstreams_;
    ServerConnection* first_ = nullptr;  ///< Intrusive list.
    Pause* pauses_ = nullptr;            ///< Intrusive list of sleepers.
    bool draining_ = false;
    bool aborted_ = false;
};

}  // namespace spillway::net
