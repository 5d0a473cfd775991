#include "spillway/net/server_connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <exception>

#include "spillway/base/log.hpp"
#include "spillway/net/tls.hpp"

namespace spillway::net {

namespace {

/// Free room a block must have behind a head, so that bodies and pipelined requests can be read.
constexpr std::size_t least_room = 4 * 1024;
constexpr Millis linger_time{5'000};
constexpr std::size_t linger_bytes = std::size_t{64} * 1024 * 1024;
/// Beyond this a head is only looked at when it is complete.
constexpr std::size_t early_look = 2 * 1024;

TimePoint now()
{
    return std::chrono::steady_clock::now();
}

}  // namespace

void ServerConnection::start(Shard& shard, int descriptor, const sockaddr_in6& peer, FrontDoor door,
                             std::shared_ptr<const FrontCalls> calls)
{
    auto connection = std::make_unique<ServerConnection>(shard, descriptor, peer, std::move(door),
                                                         std::move(calls));
    spawn(live(std::move(connection)));
}

ServerConnection::ServerConnection(Shard& shard, int descriptor, const sockaddr_in6& peer,
                                   FrontDoor door, std::shared_ptr<const FrontCalls> calls)
    : shard_(shard),
      calls_(std::move(calls)),
      door_(std::move(door)),
      peer_(peer),
      stream_(Socket{shard.io(), descriptor}),
      deadline_(shard.wheel(), &ServerConnection::deadline_passed, this)
{
    shard_.join(*this);
}

ServerConnection::~ServerConnection()
{
    shard_.leave(*this);
}

Task<void> ServerConnection::live(std::unique_ptr<ServerConnection> self)
{
    try {
        co_await self->serve();
    } catch (const std::exception& error) {
        // Only memory can run out here; the connection is closed, the daemon lives.
        SPILLWAY_ERROR("connection closed by an exception: {}", error.what());
    }
}

Task<void> ServerConnection::serve()
{
    if (door_.tls != nullptr) {
        const bool secured = co_await handshake();
        if (!secured)
            co_return;
    }
    for (bool more = true; more;) {
        const Incoming incoming = co_await read_head();
        if (incoming == Incoming::closed)
            break;
        if (incoming == Incoming::refused) {
            co_await refuse();
            break;
        }
        co_await run_exchange();
        more = !will_close();
    }
    phase_ = Phase::closing;
    if (linger_ && stream_.socket().is_open())
        co_await linger();
}

Task<bool> ServerConnection::handshake()
{
    SslPtr ssl = door_.tls->open();
    if (!ssl)
        co_return false;
    stream_.secure(std::move(ssl), shard_.blocks());
    deadline_.expire_at(now() + door_.limits.head_timeout);
    while (true) {
        const Transfer step = stream_.handshake_now();
        if (step.moved == Moved::some)
            co_return true;
        if (step.moved != Moved::would_block || expired_)
            co_return false;
        co_await stream_.readable();
    }
}

std::size_t ServerConnection::room() const noexcept
{
    return block_ ? block_.size() - padding - end_ : 0;
}

void ServerConnection::make_room(std::size_t size)
{
    if (!block_) {
        block_ = shard_.blocks().take(size);
        begin_ = end_ = scanned_ = 0;
    }
}

void ServerConnection::drop_block_if_empty() noexcept
{
    if (begin_ == end_) {
        block_.reset();
        begin_ = end_ = scanned_ = 0;
    }
}

/// Waits for the next request, and for all of its head. The first request of a connection has to
/// come within the time for a head; later ones may take the idle time to begin.
Task<ServerConnection::Incoming> ServerConnection::read_head()
{
    phase_ = Phase::idle;
    expired_ = false;
    deadline_.expire_at(now() +
                        (served_before_ ? door_.limits.idle_timeout : door_.limits.head_timeout));
    while (true) {
        if (const auto taken = take_head())
            co_return *taken;
        if (begin_ != end_ && phase_ == Phase::idle) {
            phase_ = Phase::head;
            deadline_.expire_at(now() + door_.limits.head_timeout);
        }
        make_room(read_size_);
        const Transfer got = stream_.read_now(block_.bytes() + end_, room());
        if (got.moved == Moved::some) {
            end_ += got.bytes;
            continue;
        }
        if (got.moved != Moved::would_block)
            co_return Incoming::closed;
        drop_block_if_empty();
        if (expired_ && phase_ == Phase::head)
            co_return refuse_with(
                Error{Errc::slow_request, "the request head did not arrive in time"});
        if (expired_ || (phase_ == Phase::idle && shard_.draining()))
            co_return Incoming::closed;
        co_await stream_.readable();
    }
}

/// Looks at what is buffered: a request, a refusal, or nothing when bytes are missing.
std::optional<ServerConnection::Incoming> ServerConnection::take_head()
{
    // One empty line before a request line is to be ignored (RFC 9112, 2.2).
    if (scanned_ == begin_ && buffered().starts_with("\r\n"))
        scanned_ = begin_ += 2;
    if (begin_ == end_)
        return std::nullopt;
    const auto found = head_end(buffered(), scanned_ - begin_);
    const std::size_t size = found.value_or(end_ - begin_);
    if (size > max_head_bytes)
        return refuse_with(Error{Errc::head_too_large, "the request head is over 32 KB"});
    if (!found) {
        if (size <= early_look && buffered() != "\r" && !may_become_request(buffered()))
            return refuse_with(Error{Errc::bad_http, "this is not HTTP/1.1"});
        scanned_ = end_;
    }
    if (block_.size() - padding - (begin_ + size) < least_room) {
        block_.grow(std::max(BlockPool::medium, size + padding + least_room), end_);
        if (begin_ + size + least_room + padding > block_.size()) {
            std::memmove(block_.bytes(), block_.bytes() + begin_, end_ - begin_);
            end_ -= begin_;
            scanned_ -= begin_;
            begin_ = 0;
        }
    }
    if (!found)
        return std::nullopt;
    if (auto parsed = parse_request_head({block_.bytes() + begin_, size}, head_); !parsed)
        return refuse_with(std::move(parsed.error()));
    begin_ += size;
    scanned_ = begin_;
    pinned_ = true;
    return Incoming::request;
}

ServerConnection::Incoming ServerConnection::refuse_with(Error error)
{
    refusal_ = std::make_unique<const Error>(std::move(error));
    return Incoming::refused;
}

Task<void> ServerConnection::refuse()
{
    phase_ = Phase::closing;
    deadline_.disarm();
    expired_ = false;
    close_after_ = true;
    linger_ = true;
    head_ = RequestHead{};
    const Refusal refusal = calls_->refuse(*refusal_);
    HeaderLines headers;
    headers.add("Content-Type", "application/json");
    const auto written = co_await reply(refusal.status, headers, refusal.body);
    if (!written)
        linger_ = false;
}

Task<void> ServerConnection::run_exchange()
{
    phase_ = Phase::exchange;
    deadline_.disarm();
    expired_ = false;
    began_ = now();
    served_before_ = true;
    reply_state_ = ReplyState::none;
    begin_body();
    Exchange exchange{*this};
    exchange_ = &exchange;
    if (body_state_ == BodyState::read)
        watch();
    co_await calls_->handler(exchange);
    exchange_ = nullptr;
    on_gone_ = nullptr;
    stream_.socket().forget_waiters();
    if (gone_ || reply_state_ != ReplyState::done) {
        close_after_ = true;
        co_return;
    }
    if (body_state_ != BodyState::read)
        co_await settle_unread_body();
    release_body();
}

/// The handler answered without reading the body. A small rest is read away so that the connection
/// can go on; otherwise the client gets the chance to see the reply before the connection closes.
Task<void> ServerConnection::settle_unread_body()
{
    if (will_close()) {
        linger_ = true;
        co_return;
    }
    deadline_.expire_at(now() + linger_time);
    const auto read = co_await read_body();
    deadline_.disarm();
    if (!read)
        close_after_ = true;
}

/// Closing while the client still sends would reset the connection and destroy the reply on its
/// way: our side is ended, the client's is read away for a bounded time.
Task<void> ServerConnection::linger()
{
    stream_.finish();
    expired_ = false;
    deadline_.expire_at(now() + linger_time);
    std::size_t seen = 0;
    while (seen < linger_bytes && !expired_) {
        Block scratch = shard_.blocks().take(BlockPool::medium);
        const Transfer got = stream_.socket().read_now(scratch.bytes(), scratch.size());
        scratch.reset();
        if (got.moved == Moved::some) {
            seen += got.bytes;
            continue;
        }
        if (got.moved != Moved::would_block)
            break;
        co_await stream_.socket().readable();
    }
}

void ServerConnection::watch()
{
    if (!gone_ && stream_.socket().is_open())
        stream_.socket().when_unread(&ServerConnection::client_moved, this);
}

/// Something came while the handler runs: the next request, or the end of the client.
void ServerConnection::client_moved(void* self)
{
    auto& connection = *static_cast<ServerConnection*>(self);
    while (true) {
        connection.make_room(BlockPool::small);
        if (connection.room() == 0) {
            // A client that pipelines more than a block: the rest stays in the kernel until it is
            // its turn, but that the client left is seen.
            if (!connection.stream_.socket().hung_up())
                break;
            connection.client_left();
            return;
        }
        const Transfer got = connection.stream_.read_now(
            connection.block_.bytes() + connection.end_, connection.room());
        if (got.moved == Moved::some) {
            connection.end_ += got.bytes;
            continue;
        }
        if (got.moved == Moved::would_block)
            break;
        connection.client_left();
        return;
    }
    if (!connection.pinned_)
        connection.drop_block_if_empty();
    connection.stream_.socket().when_readable(&ServerConnection::client_moved, self);
}

/// Must be the last thing done to the connection: the callback may end the exchange and with it us.
void ServerConnection::client_left()
{
    gone_ = true;
    stream_.socket().interrupt();
    if (const auto callback = std::exchange(on_gone_, nullptr))
        callback();
}

void ServerConnection::deadline_passed(void* self)
{
    auto& connection = *static_cast<ServerConnection*>(self);
    connection.expired_ = true;
    connection.stream_.socket().interrupt();
    if ((connection.aborted_ || connection.gone_) && connection.on_gone_)
        connection.client_left();  // The last thing: see there.
}

void ServerConnection::drain() noexcept
{
    if (phase_ == Phase::idle)
        stream_.socket().interrupt();
}

void ServerConnection::abort() noexcept
{
    if (std::exchange(aborted_, true))
        return;
    stream_.socket().close();
    // Told from the event loop: whoever aborts may be walking over the connections.
    deadline_.expire_at(now());
}

}  // namespace spillway::net
