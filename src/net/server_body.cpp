// How a ServerConnection reads request bodies.

#include <algorithm>
#include <cstring>

#include "spillway/net/body_decoder.hpp"
#include "spillway/net/server_connection.hpp"

namespace spillway::net {

namespace {

/// From here on the average rate counts: a sender below it is cut (promise 10).
constexpr Millis rate_grace{10'000};

TimePoint now()
{
    return std::chrono::steady_clock::now();
}

Millis time_for(std::uint64_t bytes, std::size_t per_second)
{
    return Millis{static_cast<std::int64_t>(bytes * 1000 / std::max<std::size_t>(per_second, 1))};
}

/// The block that holds a request of `size` bytes whole; the smallest when none does.
std::size_t block_for(std::size_t size)
{
    for (const std::size_t block : {BlockPool::small, BlockPool::medium, BlockPool::wide})
        if (size <= block)
            return block;
    return BlockPool::small;
}

tl::unexpected<Error> too_large(std::size_t limit)
{
    return fail(Errc::body_too_large,
                "the request body is over the limit of " + std::to_string(limit) + " bytes");
}

}  // namespace

void ServerConnection::begin_body()
{
    body_state_ = head_.framing == Framing::none ? BodyState::read : BodyState::unread;
    body_view_ = {};
    body_size_ = 0;
    chunks_ = ChunkReader{};
}

Task<Result<std::string_view>> ServerConnection::read_body()
{
    if (body_state_ == BodyState::read)
        co_return body_view_;
    if (body_state_ == BodyState::reading)
        co_return fail(Errc::bad_http, "the request body cannot be read any more");
    const auto coding = content_coding(head_.fields);
    if (!coding)
        co_return fail(coding.error());
    if (head_.framing == Framing::length && head_.content_length > door_.limits.max_body)
        co_return too_large(door_.limits.max_body);
    body_state_ = BodyState::reading;
    body_began_ = now();
    if (head_.expects_continue && begin_ == end_) {
        auto asked = co_await send_continue();
        if (!asked)
            co_return fail(std::move(asked.error()));
    }
    Task<Result<void>> reading = head_.framing == Framing::chunked ? read_chunked() : read_sized();
    auto whole = co_await reading;
    deadline_.disarm();
    if (!whole)
        co_return fail(std::move(whole.error()));
    if (*coding != Coding::identity) {
        auto decoded =
            net::decode_body(*coding, body_view_, door_.limits.max_body, padding, shard_.blocks());
        if (!decoded)
            co_return fail(std::move(decoded.error()));
        body_ = std::move(decoded->block);
        body_view_ = {body_.bytes(), decoded->size};
    }
    body_state_ = BodyState::read;
    watch();
    co_return body_view_;
}

Task<Result<void>> ServerConnection::send_continue()
{
    static constexpr std::string_view line = "HTTP/1.1 100 Continue\r\n\r\n";
    iovec piece{const_cast<char*>(line.data()), line.size()};
    std::span<iovec> left{&piece, 1};
    const Moved moved = stream_.write_now(left);
    if (moved == Moved::some)
        co_return Result<void>{};
    if (moved == Moved::would_block) {
        auto rest = co_await write_rest(left);
        co_return rest;
    }
    gone_ = true;
    co_return fail(Errc::client_gone, "the client left");
}

/// Moves the deadline to where the body would be too slow: the total bound, or the moment at which
/// what has come falls below the least rate.
void ServerConnection::note_received(std::size_t bytes)
{
    const FrontLimits& limits = door_.limits;
    const std::uint64_t declared = head_.framing == Framing::length ? head_.content_length : bytes;
    const TimePoint total =
        body_began_ + limits.body_timeout + time_for(declared, limits.min_body_rate);
    const TimePoint rate =
        body_began_ + std::max(rate_grace, time_for(bytes, limits.min_body_rate));
    deadline_.expire_at(std::min(total, rate));
}

Task<Result<std::size_t>> ServerConnection::read_some(char* into, std::size_t size)
{
    while (true) {
        const Transfer got = stream_.read_now(into, size);
        if (got.moved == Moved::some)
            co_return got.bytes;
        if (got.moved != Moved::would_block) {
            gone_ = true;
            co_return fail(Errc::client_gone, "the client left while sending its request");
        }
        if (expired_)
            co_return fail(Errc::slow_request, "the request body arrived too slowly");
        co_await stream_.readable();
    }
}

/// A declared length: in place behind the head when it fits there, otherwise in memory that grows
/// with what arrives, so that a header alone costs nothing.
Task<Result<void>> ServerConnection::read_sized()
{
    const auto length = static_cast<std::size_t>(head_.content_length);
    // Clients send requests of the same kind again: the next one is read where it can stay.
    read_size_ = block_for(begin_ + length + padding);
    if (begin_ + length + padding <= block_.size()) {
        while (end_ - begin_ < length) {
            note_received(end_ - begin_);
            auto got = co_await read_some(block_.bytes() + end_, room());
            if (!got)
                co_return fail(std::move(got.error()));
            end_ += *got;
        }
        body_view_ = {block_.bytes() + begin_, length};
        begin_ += length;
        scanned_ = begin_;
        co_return Result<void>{};
    }
    body_ = shard_.blocks().take(std::min(length + padding, BlockPool::large));
    body_size_ = end_ - begin_;
    std::memcpy(body_.bytes(), block_.bytes() + begin_, body_size_);
    begin_ = scanned_ = end_;
    while (body_size_ < length) {
        if (body_size_ + padding == body_.size())
            body_.grow(std::min(length + padding, body_.size() * 2), body_size_);
        note_received(body_size_);
        const std::size_t most = std::min(length, body_.size() - padding) - body_size_;
        auto got = co_await read_some(body_.bytes() + body_size_, most);
        if (!got)
            co_return fail(std::move(got.error()));
        body_size_ += *got;
    }
    body_view_ = {body_.bytes(), length};
    co_return Result<void>{};
}

Task<Result<void>> ServerConnection::read_chunked()
{
    body_ = shard_.blocks().take(BlockPool::small);
    std::size_t received = 0;
    while (true) {
        if (auto stripped = strip_chunks(); !stripped)
            co_return stripped;
        if (chunks_.state() == ChunkReader::State::done)
            break;
        note_received(received);
        auto got = co_await read_some(block_.bytes() + end_, room());
        if (!got)
            co_return fail(std::move(got.error()));
        end_ += *got;
        received += *got;
    }
    body_view_ = {body_.bytes(), body_size_};
    co_return Result<void>{};
}

/// Takes the framing off what lies in `block_` and moves the payload behind the body. What follows
/// the body stays in `block_`.
Result<void> ServerConnection::strip_chunks()
{
    const auto step = chunks_.strip(block_.bytes() + begin_, end_ - begin_);
    if (step.state == ChunkReader::State::bad)
        return fail(Errc::bad_http, "malformed chunked body");
    const std::size_t size = body_size_ + step.payload;
    if (size > door_.limits.max_body)
        return too_large(door_.limits.max_body);
    if (size + padding > body_.size())
        body_.grow(std::max(size + padding, body_.size() * 2), body_size_);
    std::memcpy(body_.bytes() + body_size_, block_.bytes() + begin_, step.payload);
    body_size_ = size;
    if (step.state == ChunkReader::State::done)
        begin_ += step.consumed;
    else
        end_ = begin_;  // All of it was taken: the same room is read into again.
    scanned_ = begin_;
    return {};
}

/// After this only the method and how the connection goes on are known of the request.
void ServerConnection::release_body() noexcept
{
    if (body_state_ != BodyState::read)
        return;
    body_.reset();
    body_view_ = {};
    head_.fields = Fields{};
    head_.target = head_.path = head_.query = {};
    pinned_ = false;
    if (begin_ != end_) {
        std::memmove(block_.bytes(), block_.bytes() + begin_, end_ - begin_);
        end_ -= begin_;
        begin_ = scanned_ = 0;
        return;
    }
    drop_block_if_empty();
}

}  // namespace spillway::net
