#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/executor_work_guard.hpp>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "spillway/net/exchange.hpp"
#include "spillway/net/listener.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/upstream.hpp"

/// Blocking sockets for the test's side of a conversation, and a shard on its own thread for ours.
namespace spillway::net::testing {

/// A blocking TCP socket. Reads give up after ten seconds, so that a hang is a failure.
class Peer {
public:
    explicit Peer(int descriptor) : descriptor_(descriptor)
    {
        const timeval limit{10, 0};
        const int on = 1;
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        ::setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
        ::setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    Peer(Peer&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
    Peer& operator=(Peer&& other) noexcept
    {
        std::swap(descriptor_, other.descriptor_);
        return *this;
    }
    Peer(const Peer&) = delete;
    ~Peer() { close(); }

    static Peer connect(std::uint16_t port, int receive_buffer = 0)
    {
        const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (receive_buffer != 0)
            ::setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(port);
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        EXPECT_EQ(::connect(descriptor, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
        return Peer{descriptor};
    }

    [[nodiscard]] int descriptor() const { return descriptor_; }

    bool send(std::string_view text)
    {
        while (!text.empty()) {
            const ssize_t put = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
            if (put <= 0)
                return false;
            text.remove_prefix(static_cast<std::size_t>(put));
        }
        return true;
    }

    /// What came until the peer closed; "<reset>" or "<timeout>" at the end when it was not clean.
    std::string rest()
    {
        std::string all = std::exchange(buffered_, {});
        while (true) {
            char bytes[16384];
            const ssize_t got = ::recv(descriptor_, bytes, sizeof bytes, 0);
            if (got > 0)
                all.append(bytes, static_cast<std::size_t>(got));
            else
                return got == 0 ? all : all + (errno == EAGAIN ? "<timeout>" : "<reset>");
        }
    }

    /// Bytes up to and with `end`; all of them and a marker when it never comes.
    std::string until(std::string_view end)
    {
        while (true) {
            const std::size_t at = buffered_.find(end);
            if (at != std::string::npos) {
                std::string text = buffered_.substr(0, at + end.size());
                buffered_.erase(0, text.size());
                return text;
            }
            if (!more())
                return std::exchange(buffered_, {}) + "<end>";
        }
    }

    std::string exactly(std::size_t size)
    {
        while (buffered_.size() < size && more()) {
        }
        std::string text = buffered_.substr(0, size);
        buffered_.erase(0, text.size());
        return text;
    }

    /// A head and a body with Content-Length, as one string.
    std::string reply()
    {
        std::string head = until("\r\n\r\n");
        const std::size_t at = head.find("Content-Length: ");
        if (at == std::string::npos)
            return head;
        return head + exactly(static_cast<std::size_t>(std::stoul(head.substr(at + 16))));
    }

    void shut_writing() { ::shutdown(descriptor_, SHUT_WR); }
    void reset()
    {
        const linger at_once{1, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close();
    }
    void close()
    {
        if (descriptor_ >= 0)
            ::close(std::exchange(descriptor_, -1));
    }

private:
    bool more()
    {
        char bytes[16384];
        const ssize_t got = ::recv(descriptor_, bytes, sizeof bytes, 0);
        if (got > 0)
            buffered_.append(bytes, static_cast<std::size_t>(got));
        return got > 0;
    }

    int descriptor_;
    std::string buffered_;
};

/// A listening socket on a free loopback port, played by the test.
class FakeServer {
public:
    explicit FakeServer(int family = AF_INET) : descriptor_(::socket(family, SOCK_STREAM, 0))
    {
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        EXPECT_EQ(::bind(descriptor_, reinterpret_cast<sockaddr*>(&at), size), 0);
        EXPECT_EQ(::listen(descriptor_, 16), 0);
        ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&at), &size);
        port_ = ntohs(at.sin_port);
    }
    FakeServer(const FakeServer&) = delete;
    ~FakeServer() { close(); }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    Peer accept()
    {
        const timeval limit{10, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        return Peer{::accept(descriptor_, nullptr, nullptr)};
    }
    /// True when nobody asks to be accepted now.
    [[nodiscard]] bool quiet() const
    {
        pollfd look{descriptor_, POLLIN, 0};
        return ::poll(&look, 1, 0) == 0;
    }
    void close()
    {
        if (descriptor_ >= 0)
            ::close(std::exchange(descriptor_, -1));
    }

private:
    int descriptor_;
    std::uint16_t port_ = 0;
};

/// One shard on its own thread; stopped and torn down by the destructor.
class ShardThread {
public:
    ShardThread() : thread_([this] { shard_.run(); }) {}
    ShardThread(const ShardThread&) = delete;
    ~ShardThread()
    {
        shard_.post([this] { shard_.abort(); });
        shard_.post([this] { shard_.stop(); });
        thread_.join();
    }

    Shard& shard() { return shard_; }

    /// Runs `work` on the shard's thread and waits for its result.
    template <class Work>
    auto on(Work work) -> decltype(work())
    {
        std::packaged_task<decltype(work())()> task{std::move(work)};
        auto result = task.get_future();
        shard_.post([&task] { task(); });
        return result.get();
    }

    /// Runs the coroutine that `make` returns on the shard's thread; the future ends with it.
    std::future<void> go(std::function<Task<void>()> make)
    {
        auto done = std::make_shared<std::promise<void>>();
        auto future = done->get_future();
        shard_.post([make = std::move(make), done] { spawn(run(make, done)); });
        return future;
    }

private:
    static Task<void> run(std::function<Task<void>()> make,
                          std::shared_ptr<std::promise<void>> done)
    {
        co_await make();
        done->set_value();
    }

    Shard shard_;
    std::thread thread_;
};

/// A front door with a handler of the test's, on a free port.
class Front {
public:
    explicit Front(Handler handler, FrontDoor door = {}) : Front(std::move(handler), door, 1) {}
    Front(Handler handler, FrontDoor door, std::size_t shard_count)
        : guard_(boost::asio::make_work_guard(control_))
    {
        for (std::size_t i = 0; i < shard_count; ++i)
            shards_.push_back(std::make_unique<ShardThread>());
        std::vector<Shard*> addresses;
        for (auto& one : shards_)
            addresses.push_back(&one->shard());
        auto refuse = [](const Error& error) {
            return Refusal{describe(error.code()).status, "{\"refused\":true}"};
        };
        auto opened = Listener::open(control_, "127.0.0.1", 0, addresses, std::move(handler),
                                     refuse, [door] { return door; });
        EXPECT_TRUE(opened) << (opened ? "" : opened.error().message());
        listener_ = std::move(*opened);
        port_ = listener_->port();
        thread_ = std::thread([this] { control_.run(); });
    }
    Front(const Front&) = delete;
    ~Front()
    {
        guard_.reset();
        control_.stop();
        thread_.join();
        listener_.reset();
        shards_.clear();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }
    [[nodiscard]] Peer connect() const { return Peer::connect(port_); }
    ShardThread& shard(std::size_t index = 0) { return *shards_[index]; }
    Listener& listener() { return *listener_; }

private:
    boost::asio::io_context control_;
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> guard_;
    std::vector<std::unique_ptr<ShardThread>> shards_;
    std::unique_ptr<Listener> listener_;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

inline std::string status_of(std::string_view reply)
{
    return std::string{reply.substr(0, std::min<std::size_t>(12, reply.size()))};
}

}  // namespace spillway::net::testing
