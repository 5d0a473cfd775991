#include "spillway/net/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <utility>

namespace spillway::net {

namespace asio = boost::asio;

// The one place that uses Asio's reactor directly: its own operations bring a buffer with them and
// memory of their own, so every quiet stream would hold both. The parts used (reactor_op, start_op,
// register_descriptor) have kept their shape over many releases; Debian 12 pins 1.81.

namespace {
using Reactor = asio::detail::reactor;
using Operation = asio::detail::reactor_op;
using Base = asio::detail::scheduler_operation;
}  // namespace

struct Socket::Core {
    struct Wait final : Operation {
        explicit Wait(Core& owner_core)
            : Operation(boost::system::error_code{}, &Wait::perform, &Wait::complete),
              core(owner_core)
        {}
        /// Called by the reactor once readiness changed since the last call; that is all we ask.
        static status perform(Operation*) { return done_and_exhausted; }
        static void complete(void* scheduler, Base* base, const boost::system::error_code&,
                             std::size_t);

        Core& core;
        Wake wake = nullptr;
        void* owner = nullptr;
        bool pending = false;
    };

    Core(asio::io_context& io, int opened)
        : reactor(asio::use_service<Reactor>(io)), descriptor(opened), read(*this), write(*this)
    {}

    Reactor& reactor;
    Reactor::per_descriptor_data registration{};
    int descriptor;
    std::uint64_t written = 0;
    Wait read;
    Wait write;
    bool drained = false;   ///< The last read took everything; wait for the next edge.
    bool orphaned = false;  ///< The socket is gone; delete when the reactor gives the waits back.

    [[nodiscard]] bool idle() const noexcept { return !read.pending && !write.pending; }
    void close() noexcept;
};

void Socket::Core::Wait::complete(void* scheduler, Base* base, const boost::system::error_code&,
                                  std::size_t)
{
    auto& wait = *static_cast<Wait*>(static_cast<Operation*>(base));
    Core& core = wait.core;
    wait.pending = false;
    if (&wait == &core.read)
        core.drained = false;
    if (core.orphaned) {
        if (core.idle())
            delete &core;
        return;
    }
    // A null scheduler means that the io_context is being destroyed: nobody may be woken any more.
    if (scheduler != nullptr && wait.wake != nullptr)
        wait.wake(wait.owner);
}

void Socket::Core::close() noexcept
{
    if (descriptor < 0)
        return;
    reactor.deregister_descriptor(descriptor, registration, true);
    reactor.cleanup_descriptor_data(registration);
    ::close(std::exchange(descriptor, -1));
}

Socket::Socket(asio::io_context& io, int descriptor)
{
    auto core = std::make_unique<Core>(io, descriptor);
    core->reactor.init_task();
    if (core->reactor.register_descriptor(descriptor, core->registration) != 0) {
        // Out of memory or of epoll watches: as good as a connection that failed.
        core->reactor.cleanup_descriptor_data(core->registration);
        ::close(descriptor);
        return;
    }
    const int on = 1;
    ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    core_ = core.release();
}

Socket::Socket(Socket&& other) noexcept : core_(std::exchange(other.core_, nullptr)) {}

Socket& Socket::operator=(Socket&& other) noexcept
{
    std::swap(core_, other.core_);
    return *this;
}

Socket::~Socket()
{
    if (core_ == nullptr)
        return;
    core_->close();
    core_->orphaned = true;
    if (core_->idle())
        delete core_;
}

bool Socket::is_open() const noexcept
{
    return core_ != nullptr && core_->descriptor >= 0;
}

int Socket::descriptor() const noexcept
{
    return core_ != nullptr ? core_->descriptor : -1;
}

std::uint64_t Socket::written() const noexcept
{
    return core_ != nullptr ? core_->written : 0;
}

Transfer Socket::read_now(char* into, std::size_t size) noexcept
{
    if (!is_open())
        return {Moved::failed, 0};
    if (core_->drained)
        return {Moved::would_block, 0};
    ssize_t got = 0;
    do
        got = ::recv(core_->descriptor, into, size, 0);
    while (got < 0 && errno == EINTR);
    if (got > 0)
        return {Moved::some, static_cast<std::size_t>(got)};
    if (got == 0)
        return {Moved::ended, 0};
    // Only EAGAIN says that all was read. A short read does not, nor does TCP_INQ: a reset that
    // came with the bytes shares their edge, and waiting for the next one would last for ever.
    core_->drained = errno == EAGAIN || errno == EWOULDBLOCK;
    return {core_->drained ? Moved::would_block : Moved::failed, 0};
}

Transfer Socket::write_now(std::span<const iovec> pieces) noexcept
{
    if (!is_open())
        return {Moved::failed, 0};
    msghdr message{};
    message.msg_iov = const_cast<iovec*>(pieces.data());
    message.msg_iovlen = pieces.size();
    ssize_t put = 0;
    do
        put = ::sendmsg(core_->descriptor, &message, MSG_NOSIGNAL);
    while (put < 0 && errno == EINTR);
    if (put < 0) {
        const bool full = errno == EAGAIN || errno == EWOULDBLOCK;
        return {full ? Moved::would_block : Moved::failed, 0};
    }
    core_->written += static_cast<std::uint64_t>(put);
    return {Moved::some, static_cast<std::size_t>(put)};
}

void Socket::when_readable(Wake wake, void* owner)
{
    core_->read.wake = wake;
    core_->read.owner = owner;
    if (std::exchange(core_->read.pending, true))
        return;
    // Speculative: when an edge came while nobody waited, the wait ends at once.
    core_->reactor.start_op(Reactor::read_op, core_->descriptor, core_->registration, &core_->read,
                            false, true);
}

void Socket::when_unread(Wake wake, void* owner)
{
    if (core_->drained || core_->read.pending)
        return when_readable(wake, owner);
    core_->read.wake = wake;
    core_->read.owner = owner;
    core_->read.pending = true;
    core_->reactor.post_immediate_completion(&core_->read, false);
}

void Socket::when_writable(Wake wake, void* owner)
{
    core_->write.wake = wake;
    core_->write.owner = owner;
    if (std::exchange(core_->write.pending, true))
        return;
    core_->reactor.start_op(Reactor::write_op, core_->descriptor, core_->registration,
                            &core_->write, false, false);
}

void Socket::forget_waiters() noexcept
{
    if (core_ == nullptr)
        return;
    core_->read.wake = nullptr;
    core_->write.wake = nullptr;
}

void Socket::interrupt() noexcept
{
    if (is_open())
        core_->reactor.cancel_ops(core_->descriptor, core_->registration);
}

void Socket::close() noexcept
{
    if (core_ != nullptr)
        core_->close();
}

}  // namespace spillway::net
