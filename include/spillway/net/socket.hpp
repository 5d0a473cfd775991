#pragma once

#include <sys/uio.h>

#include <boost/asio/io_context.hpp>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace spillway::net {

/// How one immediate attempt to move bytes went.
enum class Moved : std::uint8_t { some, would_block, ended, failed };
struct Transfer {
    Moved moved = Moved::failed;
    std::size_t bytes = 0;
};

/// A connected, non-blocking TCP socket on a shard's reactor.
///
/// Reading and writing are plain system calls, tried at once; waiting is for readiness only, so
/// that nobody who waits holds a buffer. A wait needs no memory and no system call: the operation
/// lives in the socket, and once a read said "nothing more" none is tried before the next edge.
class Socket {
public:
    /// Called on the shard's thread when a wait is over, as the last thing done to the socket: it
    /// may be destroyed inside. Says only "look again": the deadline or `close` may be the reason.
    using Wake = void (*)(void* owner);

    Socket() noexcept = default;
    /// Takes over a non-blocking `descriptor`; sets TCP_NODELAY. Closed when it cannot be watched.
    Socket(boost::asio::io_context& io, int descriptor);
    Socket(Socket&& other) noexcept;
    Socket& operator=(Socket&& other) noexcept;
    ~Socket();

    [[nodiscard]] bool is_open() const noexcept;
    [[nodiscard]] int descriptor() const noexcept;

    [[nodiscard]] Transfer read_now(char* into, std::size_t size) noexcept;
    [[nodiscard]] Transfer write_now(std::span<const iovec> pieces) noexcept;

    /// Waits once. A wait that is pending already is taken over by the new waiter.
    void when_readable(Wake wake, void* owner);
    void when_writable(Wake wake, void* owner);
    /// Like `when_readable`, for those whose last read may have left something behind, which has no
    /// edge of its own any more. Wakes at once then.
    void when_unread(Wake wake, void* owner);
    /// Leaves pending waits pending but tells nobody.
    void forget_waiters() noexcept;
    /// Ends pending waits: their waiters are woken from the event loop.
    void interrupt() noexcept;
    /// Closes now. Pending waiters are woken from the event loop, unless the socket is destroyed.
    void close() noexcept;

    /// True once the event loop learned that the peer ended or reset its side; bytes that came
    /// before that may still be unread. A wait for bytes is ended by it.
    [[nodiscard]] bool hung_up() const noexcept;
    /// Bytes written since it was connected; the TCP ones below TLS.
    [[nodiscard]] std::uint64_t written() const noexcept;

    struct Core;

    struct Readable {
        Socket& socket;
        [[nodiscard]] bool await_ready() const noexcept { return !socket.is_open(); }
        void await_suspend(std::coroutine_handle<> waiter) const
        {
            socket.when_readable(&resume, waiter.address());
        }
        void await_resume() const noexcept {}
    };
    struct Writable {
        Socket& socket;
        [[nodiscard]] bool await_ready() const noexcept { return !socket.is_open(); }
        void await_suspend(std::coroutine_handle<> waiter) const
        {
            socket.when_writable(&resume, waiter.address());
        }
        void await_resume() const noexcept {}
    };
    [[nodiscard]] Readable readable() noexcept { return Readable{*this}; }
    [[nodiscard]] Writable writable() noexcept { return Writable{*this}; }

private:
    static void resume(void* address) { std::coroutine_handle<>::from_address(address).resume(); }

    Core* core_ = nullptr;  ///< Outlives the socket while the reactor still holds its waits.
};

}  // namespace spillway::net
