#include "spillway/net/connector.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/ip/tcp.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace spillway::net {

namespace {
/// With the wheel's tick at most 250 ms: what a dead first address costs (promise 42).
constexpr Millis head_start{200};
}  // namespace

struct Connector::Attempt {
    Connector& connector;
    Socket socket;
};

Connector::Connector(boost::asio::io_context& io, DeadlineWheel& wheel,
                     std::vector<boost::asio::ip::address> addresses, std::uint16_t port,
                     Event& wake)
    : io_(io),
      addresses_(std::move(addresses)),
      port_(port),
      wake_(wake),
      head_start_(wheel, [](void* self) { static_cast<Connector*>(self)->next(); }, this)
{
    attempts_.reserve(addresses_.size());
}

Connector::~Connector() = default;

void Connector::start()
{
    next();
}

/// Begins the next attempt that does not fail on the spot.
void Connector::next()
{
    while (tried_ < addresses_.size() && !winner_.is_open()) {
        const boost::asio::ip::tcp::endpoint target{addresses_[tried_++], port_};
        const int descriptor =
            ::socket(target.data()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (descriptor < 0) {
            error_ = errno;
            continue;
        }
        const auto size = static_cast<socklen_t>(target.size());
        if (::connect(descriptor, target.data(), size) != 0 && errno != EINPROGRESS) {
            error_ = errno;
            ::close(descriptor);
            continue;
        }
        attempts_.push_back(std::make_unique<Attempt>(Attempt{*this, Socket{io_, descriptor}}));
        Attempt& attempt = *attempts_.back();
        if (!attempt.socket.is_open()) {
            error_ = ENOMEM;
            attempts_.pop_back();
            continue;
        }
        ++pending_;
        attempt.socket.when_writable(
            [](void* self) {
                auto& made = *static_cast<Attempt*>(self);
                made.connector.answered(made);
            },
            &attempt);
        if (tried_ < addresses_.size())
            head_start_.expire_at(std::chrono::steady_clock::now() + head_start);
        return;
    }
}

void Connector::answered(Attempt& attempt)
{
    int error = 0;
    socklen_t size = sizeof error;
    ::getsockopt(attempt.socket.descriptor(), SOL_SOCKET, SO_ERROR, &error, &size);
    sockaddr_storage peer{};
    socklen_t peer_size = sizeof peer;
    if (error == 0 && ::getpeername(attempt.socket.descriptor(), reinterpret_cast<sockaddr*>(&peer),
                                    &peer_size) != 0) {
        // Woken for nothing: still connecting.
        attempt.socket.when_writable(
            [](void* self) {
                auto& made = *static_cast<Attempt*>(self);
                made.connector.answered(made);
            },
            &attempt);
        return;
    }
    if (error == 0) {
        winner_ = std::move(attempt.socket);
        wake_.poke();
        return;
    }
    error_ = error;
    --pending_;
    attempt.socket.close();
    next();
    if (done())
        wake_.poke();
}

std::string Connector::complaint() const
{
    return error_ == 0 ? "no address" : std::system_category().message(error_);
}

}  // namespace spillway::net
