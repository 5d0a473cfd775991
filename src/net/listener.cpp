#include "spillway/net/listener.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <cstring>
#include <vector>

#include "spillway/base/log.hpp"
#include "spillway/net/server_connection.hpp"

namespace spillway::net {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr int backlog = 4096;
constexpr int accepts_per_turn = 64;
constexpr Millis full_pause{100};
constexpr Millis complaint_interval{60'000};

sockaddr_in6 as_v6(const sockaddr_storage& from) noexcept
{
    sockaddr_in6 to{};
    if (from.ss_family == AF_INET6) {
        std::memcpy(&to, &from, sizeof to);
        return to;
    }
    sockaddr_in v4{};
    std::memcpy(&v4, &from, sizeof v4);
    to.sin6_family = AF_INET6;
    to.sin6_port = v4.sin_port;
    to.sin6_addr.s6_addr[10] = to.sin6_addr.s6_addr[11] = 0xff;
    std::memcpy(&to.sin6_addr.s6_addr[12], &v4.sin_addr, sizeof v4.sin_addr);
    return to;
}

Result<std::vector<asio::ip::address>> addresses_of(asio::io_context& io, const std::string& host)
{
    boost::system::error_code error;
    std::vector<asio::ip::address> found{asio::ip::make_address(host, error)};
    if (!error)
        return found;
    // Some clients try ::1 first for "localhost", some know only 127.0.0.1.
    if (host == "localhost") {
        found.assign(1, asio::ip::address_v4::loopback());
        found.emplace_back(asio::ip::address_v6::loopback());
        return found;
    }
    const auto resolved = tcp::resolver{io}.resolve(host, "", error);
    if (error || resolved.empty())
        return fail(Errc::bad_config, "cannot listen on " + host + ": " + error.message());
    found.assign(1, resolved.begin()->endpoint().address());
    return found;
}

/// Listens on `endpoint`, dual-stack when it is [::].
Result<tcp::acceptor> open_acceptor(asio::io_context& io, const tcp::endpoint& endpoint)
{
    tcp::acceptor acceptor{io};
    boost::system::error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error)
        acceptor.set_option(asio::socket_base::reuse_address(true), error);
    if (!error && endpoint.address().is_v6())
        acceptor.set_option(asio::ip::v6_only(!endpoint.address().is_unspecified()), error);
    if (!error)
        acceptor.non_blocking(true, error);
    if (!error)
        acceptor.bind(endpoint, error);
    if (!error)
        acceptor.listen(backlog, error);
    if (error)
        return fail(Errc::io_error, "cannot listen on " + endpoint.address().to_string() + ":" +
                                        std::to_string(endpoint.port()) + ": " + error.message());
    return acceptor;
}

}  // namespace

/// Shared with the waits of the control thread, which may outlive the Listener by one turn.
struct Listener::Parts : std::enable_shared_from_this<Parts> {
    struct Door {
        explicit Door(tcp::acceptor listening)
            : acceptor(std::move(listening)), pause(acceptor.get_executor())
        {}
        tcp::acceptor acceptor;
        asio::steady_timer pause;
    };

    void wait(Door& door);
    void accept_all(Door& door);
    void rest(Door& door, const char* why);
    [[nodiscard]] std::size_t open_connections() const noexcept;
    void hand_over(int descriptor, const sockaddr_storage& peer, FrontDoor front);

    std::vector<std::unique_ptr<Door>> doors;
    std::vector<Shard*> shards;
    std::shared_ptr<const FrontCalls> calls;
    std::function<FrontDoor()> front_door;
    TimePoint complained{};
    bool closed = false;
};

void Listener::Parts::wait(Door& door)
{
    door.acceptor.async_wait(tcp::acceptor::wait_read,
                             [self = shared_from_this(), &door](boost::system::error_code error) {
                                 if (!error && !self->closed)
                                     self->accept_all(door);
                             });
}

/// Called when somebody waits at the door.
void Listener::Parts::accept_all(Door& door)
{
    for (int count = 0; count < accepts_per_turn; ++count) {
        FrontDoor front = front_door();
        if (open_connections() >= front.max_connections) {
            if (count == 0)
                return rest(door, "as many are open as max_connections allows");
            break;  // The door says whether anybody else waits.
        }
        sockaddr_storage peer{};
        socklen_t size = sizeof peer;
        const int descriptor =
            ::accept4(door.acceptor.native_handle(), reinterpret_cast<sockaddr*>(&peer), &size,
                      SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor >= 0) {
            hand_over(descriptor, peer, std::move(front));
            continue;
        }
        if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            return rest(door, std::strerror(errno));
        // Anything else concerns the one connection that died while it waited (accept(2)).
    }
    wait(door);
}

/// Nothing can be accepted now: the clients wait in the backlog instead of us spinning.
void Listener::Parts::rest(Door& door, const char* why)
{
    const TimePoint now = std::chrono::steady_clock::now();
    if (complained == TimePoint{} || now - complained >= complaint_interval) {
        complained = now;
        SPILLWAY_WARN("cannot accept connections: {}; trying again every {} ms", why,
                      full_pause.count());
    }
    door.pause.expires_after(full_pause);
    door.pause.async_wait([self = shared_from_this(), &door](boost::system::error_code stopped) {
        if (!stopped && !self->closed)
            self->wait(door);
    });
}

std::size_t Listener::Parts::open_connections() const noexcept
{
    std::size_t open = 0;
    for (const Shard* shard : shards)
        open += shard->connections.load(std::memory_order_relaxed);
    return open;
}

/// To the least loaded shard. Counted here, before the hand-over: a burst would all go to one shard
/// otherwise.
void Listener::Parts::hand_over(int descriptor, const sockaddr_storage& peer, FrontDoor front)
{
    const auto load = [](const Shard* shard) {
        return shard->connections.load(std::memory_order_relaxed);
    };
    Shard* const least = *std::ranges::min_element(shards, {}, load);
    least->connections.fetch_add(1, std::memory_order_relaxed);
    least->post([least, descriptor, from = as_v6(peer), door = std::move(front), with = calls] {
        ServerConnection::start(*least, descriptor, from, door, with);
    });
}

Result<std::unique_ptr<Listener>> Listener::open(asio::io_context& control, const std::string& host,
                                                 std::uint16_t port, std::span<Shard* const> shards,
                                                 Handler handler, Refuse refuse,
                                                 std::function<FrontDoor()> front_door)
{
    const auto addresses = addresses_of(control, host);
    if (!addresses)
        return fail(addresses.error());
    auto parts = std::make_shared<Parts>();
    for (const asio::ip::address& address : *addresses) {
        auto acceptor = open_acceptor(control, tcp::endpoint{address, port});
        if (!acceptor && parts->doors.empty())
            return fail(std::move(acceptor.error()));
        if (!acceptor)
            continue;  // A machine without IPv6: 127.0.0.1 is enough.
        parts->doors.push_back(std::make_unique<Parts::Door>(std::move(*acceptor)));
        port = parts->doors.front()->acceptor.local_endpoint().port();
    }
    parts->shards.assign(shards.begin(), shards.end());
    parts->calls =
        std::make_shared<const FrontCalls>(FrontCalls{std::move(handler), std::move(refuse)});
    parts->front_door = std::move(front_door);
    for (const auto& door : parts->doors)
        parts->wait(*door);
    return std::unique_ptr<Listener>{new Listener{std::move(parts)}};
}

Listener::Listener(std::shared_ptr<Parts> parts) : parts_(std::move(parts)) {}

Listener::~Listener()
{
    close();
}

std::uint16_t Listener::port() const
{
    return parts_->doors.front()->acceptor.local_endpoint().port();
}

void Listener::close()
{
    parts_->closed = true;
    for (const auto& door : parts_->doors) {
        boost::system::error_code ignored;
        door->acceptor.close(ignored);
        door->pause.cancel();
    }
}

}  // namespace spillway::net
