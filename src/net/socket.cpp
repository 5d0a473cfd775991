#include "spillway/net/socket.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/detail/reactor.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/error.hpp>
#include <cerrno>
#include <utility>

namespace spillway::net {

namespace asio = boost::asio;

// The one place that uses Asio's reactor directly: its own operations bring a buffer with them and
// memory of their own, so every quiet stream would hold both. The parts used (reactor_op, start_op,
// register_descriptor, cancel_ops_by_key) have kept their shape over many releases; Debian 12
// pins 1.81.

namespace {
using Reactor = asio::detail::reactor;
using Operation = asio::detail::reactor_op;
using Base = asio::detail::scheduler_operation;

/// Tells the sockets of one io_context that their peer ended, reset or sent urgent bytes, which the
/// edges of Asio's reactor do not tell from ordinary bytes: a second epoll that watches for nothing
/// else and lies in the reactor as one descriptor. So whoever reads less than was asked for knows
/// that nothing is left, without a read that fails.
class Hangups final : public asio::execution_context::service {
public:
    using key_type = Hangups;
    static inline asio::execution_context::id id;

    explicit Hangups(asio::execution_context& owner);
    ~Hangups() override { close(); }
    /// Until the descriptor is closed. @return False when that is not possible.
    [[nodiscard]] bool watch(int descriptor, Socket::Core& core) noexcept;

private:
    /// Stays in the reactor for good and never completes.
    struct Look final : Operation {
        explicit Look(Hangups& owner)
            : Operation(boost::system::error_code{}, &Look::perform, &Look::complete),
              hangups(owner)
        {}
        static status perform(Operation* base)
        {
            static_cast<Look*>(base)->hangups.tell();
            return not_done;
        }
        static void complete(void*, Base*, const boost::system::error_code&, std::size_t) {}

        Hangups& hangups;
    };

    void shutdown() noexcept override { close(); }
    void close() noexcept;
    void tell() noexcept;

    Reactor& reactor_;
    Reactor::per_descriptor_data registration_{};
    Look look_{*this};
    int epoll_;
};
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
    bool careful = false;   ///< Only a read that fails shows that everything was taken.
    bool hung_up = false;   ///< The peer ended or reset its side.
    bool orphaned = false;  ///< The socket is gone; delete when the reactor gives the waits back.

    [[nodiscard]] bool idle() const noexcept { return !read.pending && !write.pending; }
    void told(std::uint32_t events) noexcept;
    void close() noexcept;
};

Hangups::Hangups(asio::execution_context& owner)
    : service(owner),
      reactor_(asio::use_service<Reactor>(owner)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC))
{
    reactor_.init_task();
    if (epoll_ >= 0 &&
        reactor_.register_internal_descriptor(Reactor::read_op, epoll_, registration_, &look_) != 0)
        close();
}

void Hangups::close() noexcept
{
    if (epoll_ < 0)
        return;
    reactor_.deregister_internal_descriptor(epoll_, registration_);
    reactor_.cleanup_descriptor_data(registration_);
    ::close(std::exchange(epoll_, -1));
}

bool Hangups::watch(int descriptor, Socket::Core& core) noexcept
{
    epoll_event wanted{};
    wanted.events = EPOLLRDHUP | EPOLLPRI | EPOLLET;
    wanted.data.ptr = &core;
    return epoll_ >= 0 && ::epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &wanted) == 0;
}

/// Runs no code of others, so every socket found is still there.
void Hangups::tell() noexcept
{
    std::array<epoll_event, 64> found;
    int count = 0;
    do {
        count = ::epoll_wait(epoll_, found.data(), found.size(), 0);
        for (int i = 0; i < count; ++i) {
            const epoll_event& event = found[static_cast<std::size_t>(i)];
            static_cast<Socket::Core*>(event.data.ptr)->told(event.events);
        }
    } while (count == static_cast<int>(found.size()));
}

/// May come before or after the edge of the bytes that the end came with.
void Socket::Core::told(std::uint32_t events) noexcept
{
    careful = true;
    hung_up = hung_up || (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    drained = false;
    if (read.pending)
        reactor.cancel_ops_by_key(descriptor, registration, Reactor::read_op, nullptr);
}

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
    core->careful = !asio::use_service<Hangups>(io).watch(descriptor, *core);
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

bool Socket::hung_up() const noexcept
{
    return core_ != nullptr && core_->hung_up;
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
    if (got > 0) {
        const auto bytes = static_cast<std::size_t>(got);
        // Less than asked for was all there is. What comes later has an edge of its own, except an
        // end, a reset or urgent bytes together with these: of them `told` knows.
        core_->drained = bytes < size && !core_->careful;
        return {Moved::some, bytes};
    }
    if (got == 0)
        return {Moved::ended, 0};
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
