#include <algorithm>
#include <charconv>

#include "spillway/base/text.hpp"
#include "spillway/net/upstream_exchange.hpp"

namespace spillway::net {

namespace {

constexpr int max_interim = 8;

TimePoint now()
{
    return std::chrono::steady_clock::now();
}

/// An unset bound is none.
TimePoint bound_of(TimePoint given) noexcept
{
    return given == TimePoint{} ? TimePoint::max() : given;
}

CallError bad_reply(std::string why)
{
    return CallError{CallFault::bad_reply, std::move(why)};
}

/// How long the peer says it keeps an idle connection, less a second: so that it is rarely the one
/// that closes first.
Millis keepalive_of(const ReplyHead& head)
{
    static constexpr std::string_view label = "timeout=";
    const std::string_view text = head.fields["keep-alive"];
    const std::size_t at = text.find(label);
    if (at == std::string_view::npos)
        return Millis::max();
    int seconds = 0;
    const char* from = text.data() + at + label.size();
    const auto read = std::from_chars(from, text.data() + text.size(), seconds);
    if (read.ec != std::errc{} || seconds < 0)
        return Millis::max();
    return Millis{std::max(0, seconds * 1000 - 1000)};
}

}  // namespace

UpstreamCall::Parts::Parts(Shard& owner)
    : LiveCall(owner.upstreams().parts(),
               [](LiveCall& call) { static_cast<Parts&>(call).cancel(); }),
      shard(owner),
      pool(owner.upstreams().parts()),
      deadline(
          owner.wheel(),
          [](void* self) {
              auto& parts = *static_cast<Parts*>(self);
              parts.expired = true;
              if (parts.connection)
                  parts.connection->stream.socket().interrupt();
              parts.wake.poke();
          },
          this)
{}

void UpstreamCall::Parts::bound(TimePoint by)
{
    expired = false;
    deadline.expire_at(std::min(by, total));
}

UpstreamCall::Parts::Failure UpstreamCall::Parts::over() const
{
    if (cancelled)
        return CallError{CallFault::cancelled, "cancelled"};
    if (!expired)
        return std::nullopt;
    if (connecting && now() < total)
        return CallError{CallFault::connect_timeout, "no connection in time"};
    return CallError{CallFault::timeout, "no answer in time"};
}

/// Whoever waits is woken by the event loop, never from here: the caller may be part of it.
void UpstreamCall::Parts::cancel() noexcept
{
    cancelled = true;
    connector.reset();
    if (connection)
        connection->stream.socket().close();
    deadline.expire_at(now());
}

Task<UpstreamCall::Parts::Started> UpstreamCall::Parts::start(const Origin& origin,
                                                              const UpstreamRequest& request,
                                                              const CallBounds& bounds)
{
    total = bound_of(bounds.deadline);
    connection = pool.take(origin, bounds.passage);
    while (true) {
        if (cancelled)
            co_return tl::make_unexpected(*over());
        if (!connection) {
            auto failed = co_await connect(origin, bounds.passage, now() + bounds.connect);
            if (failed) {
                connection.reset();
                co_return tl::make_unexpected(std::move(*failed));
            }
        }
        const std::uint64_t before = connection->stream.socket().written();
        bound(bound_of(bounds.first_byte_by));
        auto failed = co_await exchange_heads(request);
        if (!failed)
            break;
        // The one case in which a request may be sent again: the connection had been kept, and the
        // peer's kernel took none of it. A fresh connection is never the reason for a second try.
        const bool stale = failed->fault == CallFault::closed && !replied && connection->reused &&
                           connection->nothing_taken_since(before);
        connection.reset();
        block.reset();
        begin = end = scanned = 0;
        if (!stale)
            co_return tl::make_unexpected(std::move(*failed));
        sent_some = sent_all = false;
    }
    begin_body(request);
    const ReplyHead* ready = &head;
    co_return ready;
}

Task<UpstreamCall::Parts::Failure> UpstreamCall::Parts::exchange_heads(
    const UpstreamRequest& request)
{
    auto failed = co_await send(request);
    if (!failed && !head_taken)
        failed = co_await read_head();
    co_return failed;
}

/// Sends head and body in as few writes as they take. While a large body waits for room the reply
/// is watched for: an upstream that refuses early answers before it has read everything.
Task<UpstreamCall::Parts::Failure> UpstreamCall::Parts::send(const UpstreamRequest& request)
{
    std::vector<iovec> pieces;
    pieces.reserve(request.body.size() + 1);
    pieces.push_back(iovec{const_cast<char*>(request.head.data()), request.head.size()});
    for (const std::string_view part : request.body)
        pieces.push_back(iovec{const_cast<char*>(part.data()), part.size()});
    std::span<iovec> unsent{pieces};
    Socket& socket = connection->stream.socket();
    const std::uint64_t before = socket.written();
    while (true) {
        const Moved moved = connection->stream.write_now(unsent);
        sent_some = socket.written() > before;
        if (moved == Moved::some) {
            sent_all = true;
            co_return std::nullopt;
        }
        if (auto ended = over())
            co_return ended;
        const Transfer got = fill(BlockPool::small);
        if (got.moved == Moved::some) {
            if (auto taken = take_head())
                co_return *taken;
            continue;
        }
        if (moved == Moved::failed || got.moved != Moved::would_block)
            co_return CallError{CallFault::closed, "closed while the request was being sent"};
        const auto poke = [](void* self) { static_cast<Parts*>(self)->wake.poke(); };
        socket.when_readable(poke, this);
        socket.when_writable(poke, this);
        co_await wake.wait();
    }
}

/// One read into the block, which is taken when needed and given back when nothing came.
Transfer UpstreamCall::Parts::fill(std::size_t most)
{
    if (!block) {
        block = shard.blocks().take(most);
        begin = end = scanned = 0;
    } else if (end == block.size()) {
        block.grow(block.size() * 2, end);
    }
    const Transfer got = connection->stream.read_now(block.bytes() + end, block.size() - end);
    if (got.moved == Moved::some) {
        end += got.bytes;
        replied = true;
    } else if (begin == end) {
        block.reset();
        begin = end = scanned = 0;
    }
    return got;
}

Task<UpstreamCall::Parts::Failure> UpstreamCall::Parts::read_head()
{
    while (true) {
        if (auto taken = take_head())
            co_return *taken;
        const Transfer got = fill(BlockPool::small);
        if (got.moved == Moved::some)
            continue;
        if (auto ended = over())
            co_return ended;
        if (got.moved != Moved::would_block)
            co_return CallError{CallFault::closed, "closed before the reply was complete"};
        co_await connection->stream.readable();
    }
}

/// Looks for a final head in what is buffered. Nothing while bytes are missing; otherwise no
/// failure, or what is wrong with it.
std::optional<UpstreamCall::Parts::Failure> UpstreamCall::Parts::take_head()
{
    while (begin != end) {
        const auto found = head_end(buffered(), scanned - begin);
        const std::size_t size = found.value_or(end - begin);
        if (size > max_head_bytes)
            return bad_reply("the reply head is over 32 KB");
        const std::string_view beginning = buffered().substr(0, 7);
        if (!std::string_view{"HTTP/1."}.starts_with(beginning))
            return bad_reply("the reply is not HTTP/1.1");
        if (!found) {
            scanned = end;
            return std::nullopt;
        }
        head_text.assign(buffered().substr(0, size));
        begin += size;
        scanned = begin;
        auto parsed = parse_reply_head(head_text);
        if (!parsed)
            return bad_reply("bad reply head: " + parsed.error().message());
        if (parsed->status == 101 || (parsed->status < 200 && ++interim > max_interim))
            return bad_reply("too many or unwanted interim replies");
        if (parsed->status < 200)
            continue;
        head = std::move(*parsed);
        head_taken = true;
        return Failure{};
    }
    return std::nullopt;
}

void UpstreamCall::Parts::begin_body(const UpstreamRequest& request)
{
    // The answer to HEAD describes a body that does not come.
    if (request.head.starts_with("HEAD "))
        head.framing = Framing::none;
    keepalive = keepalive_of(head);
    left = head.framing == Framing::length ? head.content_length : 0;
    if (head.framing == Framing::none || (head.framing == Framing::length && left == 0))
        finish();
}

/// A long stream need not carry what its caller has looked at.
void UpstreamCall::Parts::forget_head() noexcept
{
    head.fields = Fields{};
    // Swapped, because assigning an empty text keeps the memory.
    std::string{}.swap(head_text);
}

/// The reply is whole. The connection may serve again only if nothing at all is left over.
void UpstreamCall::Parts::finish()
{
    complete = true;
    deadline.disarm();
    if (begin == end && sent_all && head.keep_alive && !cancelled)
        pool.keep(std::move(connection), keepalive);
    connection.reset();
}

Task<UpstreamCall::Parts::Bytes> UpstreamCall::Parts::read(TimePoint by)
{
    forget_head();
    if (begin == end) {
        block.reset();
        begin = end = scanned = 0;
    }
    if (complete)
        co_return std::string_view{};
    bound(by);
    while (true) {
        if (auto ended = over())
            co_return tl::make_unexpected(std::move(*ended));
        if (auto taken = take_body())
            co_return *taken;
        if (!connection)
            co_return tl::make_unexpected(CallError{CallFault::closed, "the call is over"});
        const Transfer got = fill(read_size);
        if (got.moved == Moved::some) {
            // A body that fills its reads is bulk: fewer, larger reads.
            read_size = end == block.size() ? BlockPool::medium : BlockPool::small;
            continue;
        }
        if (got.moved == Moved::would_block)
            co_await connection->stream.readable();
        else if (!cancelled && !expired)
            co_return end_of_input(got.moved);
    }
}

/// The bytes that lie ready, without their framing; nothing when more have to be read first.
std::optional<UpstreamCall::Parts::Bytes> UpstreamCall::Parts::take_body()
{
    if (begin == end)
        return std::nullopt;
    std::string_view bytes = buffered();
    if (head.framing == Framing::chunked) {
        const auto step = chunks.strip(block.bytes() + begin, end - begin);
        if (step.state == ChunkReader::State::bad)
            return tl::make_unexpected(bad_reply("malformed chunked reply"));
        bytes = bytes.substr(0, step.payload);
        begin += step.consumed;
        if (step.state == ChunkReader::State::done)
            finish();
    } else if (head.framing == Framing::length) {
        bytes =
            bytes.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(left, bytes.size())));
        begin += bytes.size();
        left -= bytes.size();
        if (left == 0)
            finish();
    } else {
        begin = end;
    }
    if (begin == end && bytes.empty() && !complete) {
        begin = end = scanned = 0;  // Framing only: the same room is read into again.
        return std::nullopt;
    }
    return bytes;
}

UpstreamCall::Parts::Bytes UpstreamCall::Parts::end_of_input(Moved how)
{
    // A reset, or TLS ended without its closing message, may have cut anything off.
    if (head.framing != Framing::until_close || how != Moved::ended)
        return tl::make_unexpected(CallError{CallFault::closed, "the reply was cut short"});
    complete = true;
    deadline.disarm();
    connection.reset();
    return std::string_view{};
}

UpstreamCall::UpstreamCall(Shard& shard) : parts_(std::make_unique<Parts>(shard)) {}

UpstreamCall::~UpstreamCall() = default;

Task<tl::expected<const ReplyHead*, CallError>> UpstreamCall::start(const Origin& origin,
                                                                    const UpstreamRequest& request,
                                                                    const CallBounds& bounds)
{
    return parts_->start(origin, request, bounds);
}

Task<tl::expected<std::string_view, CallError>> UpstreamCall::read(TimePoint by)
{
    return parts_->read(by);
}

bool UpstreamCall::at_end() const noexcept
{
    return parts_->complete;
}

void UpstreamCall::cancel() noexcept
{
    parts_->cancel();
}

bool UpstreamCall::request_sent() const noexcept
{
    return parts_->sent_some;
}

}  // namespace spillway::net
