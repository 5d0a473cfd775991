#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/ip/tcp.hpp>
#include <cerrno>

#include "spillway/net/tcp_info.hpp"
#include "spillway/net/upstream_parts.hpp"

namespace spillway::net {

namespace {

/// Something came on an idle connection: an unread byte would be the next caller's answer.
void idle_moved(void* self)
{
    auto& connection = *static_cast<UpstreamConnection*>(self);
    if (connection.clean())
        connection.stream.socket().when_readable(&idle_moved, self);
    else
        connection.pool.forget(connection);
}

void idle_too_long(void* self)
{
    auto& connection = *static_cast<UpstreamConnection*>(self);
    connection.pool.forget(connection);
}

}  // namespace

LiveCall::LiveCall(UpstreamPool::Parts& pool, Cancel how)
    : calls_of(pool), cancel_call(how), next(pool.calls)
{
    if (next != nullptr)
        next->previous = this;
    pool.calls = this;
}

LiveCall::~LiveCall()
{
    (previous != nullptr ? previous->next : calls_of.calls) = next;
    if (next != nullptr)
        next->previous = previous;
}

UpstreamConnection::UpstreamConnection(Socket socket, UpstreamPool::Parts& owner,
                                       OriginShelf& origin_shelf)
    : stream(std::move(socket)),
      pool(owner),
      shelf(origin_shelf),
      age(owner.shard.wheel(), &idle_too_long, this)
{}

bool UpstreamConnection::clean()
{
    char byte = 0;
    const ssize_t got = ::recv(stream.socket().descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    const bool quiet = got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
    if (!stream.secured())
        return quiet;
    if (quiet && SSL_has_pending(stream.ssl()) == 0)
        return true;
    return got != 0 && stream.read_now(&byte, 1).moved == Moved::would_block;
}

bool UpstreamConnection::nothing_taken_since(std::uint64_t before) const noexcept
{
    const auto confirmed = bytes_acknowledged(stream.socket().descriptor());
    // The opening SYN counts as one byte.
    return confirmed && *confirmed <= before + 1;
}

bool allows(const privacy::Passage& passage, std::string_view host,
            const boost::asio::ip::address& address)
{
    const auto asked = [&](auto bytes) {
        const auto known = privacy::Address::from_bytes(bytes);
        return known && passage.allows(host, *known);
    };
    return address.is_v4() ? asked(address.to_v4().to_bytes()) : asked(address.to_v6().to_bytes());
}

bool UpstreamConnection::leads_within(const privacy::Passage& passage, std::string_view host) const
{
    if (passage.allows_any())
        return true;
    boost::asio::ip::tcp::endpoint peer;
    auto size = static_cast<socklen_t>(peer.capacity());
    if (::getpeername(stream.socket().descriptor(), peer.data(), &size) != 0)
        return false;
    peer.resize(size);
    return allows(passage, host, peer.address());
}

std::unique_ptr<UpstreamConnection> UpstreamPool::Parts::take(const Origin& origin,
                                                              const privacy::Passage& passage)
{
    const auto shelf = shelves.find(origin);
    if (shelf == shelves.end())
        return nullptr;
    auto& idle = shelf->second.idle;
    for (std::size_t at = idle.size(); at-- > 0;) {
        const bool usable = idle[at]->clean();
        if (usable && !idle[at]->leads_within(passage, origin.host))
            continue;
        auto connection = std::move(idle[at]);
        idle.erase(idle.begin() + static_cast<std::ptrdiff_t>(at));
        if (!usable)
            continue;
        connection->age.disarm();
        connection->stream.socket().forget_waiters();
        connection->reused = true;
        return connection;
    }
    return nullptr;
}

void UpstreamPool::Parts::keep(std::unique_ptr<UpstreamConnection> connection, Millis keepalive)
{
    auto& idle = connection->shelf.idle;
    if (idle.size() >= limits.idle_per_origin || shard.draining())
        return;
    connection->age.expire_at(std::chrono::steady_clock::now() +
                              std::min(keepalive, limits.keepalive));
    // The call may still wait for room to write: it must not be woken, because it will be gone.
    connection->stream.socket().forget_waiters();
    connection->stream.socket().when_readable(&idle_moved, connection.get());
    idle.push_back(std::move(connection));
}

void UpstreamPool::Parts::forget(UpstreamConnection& connection) noexcept
{
    auto& idle = connection.shelf.idle;
    const auto found =
        std::ranges::find(idle, &connection, [](const auto& held) { return held.get(); });
    if (found != idle.end())
        idle.erase(found);
}

Result<UpstreamTls*> UpstreamPool::Parts::tls_for(const std::string& ca_file)
{
    auto& kept = tls[ca_file];
    if (!kept) {
        auto opened = UpstreamTls::open(ca_file);
        if (!opened)
            return fail(std::move(opened.error()));
        kept = std::move(*opened);
    }
    return kept.get();
}

UpstreamPool::UpstreamPool(Shard& shard) : parts_(std::make_unique<Parts>(shard)) {}

UpstreamPool::~UpstreamPool() = default;

void UpstreamPool::configure(const Limits& limits)
{
    parts_->limits = limits;
    // Trust anchors may have changed on disk with the configuration.
    parts_->tls.clear();
}

void UpstreamPool::close_idle()
{
    for (auto& [origin, shelf] : parts_->shelves)
        shelf.idle.clear();
}

void UpstreamPool::abort()
{
    close_idle();
    // Cancelling wakes nobody on the spot, so the list stays as it is meanwhile.
    for (LiveCall* call = parts_->calls; call != nullptr; call = call->next)
        call->cancel_call(*call);
}

bool UpstreamPool::busy() const noexcept
{
    return parts_->calls != nullptr;
}

std::size_t UpstreamPool::idle_connections() const
{
    std::size_t count = 0;
    for (const auto& [origin, shelf] : parts_->shelves)
        count += shelf.idle.size();
    return count;
}

}  // namespace spillway::net
