// How a ServerConnection writes replies.

#include <sys/socket.h>

#include <array>
#include <charconv>

#include "spillway/net/server_connection.hpp"

namespace spillway::net {

namespace {

/// How much of an unread body is read and thrown away for the sake of keeping a connection.
constexpr std::uint64_t small_body = 64 * 1024;

TimePoint now()
{
    return std::chrono::steady_clock::now();
}

std::string_view reason(int status) noexcept
{
    struct Row {
        int status;
        std::string_view reason;
    };
    static constexpr std::array rows{Row{200, "OK"},
                                     Row{201, "Created"},
                                     Row{204, "No Content"},
                                     Row{400, "Bad Request"},
                                     Row{401, "Unauthorized"},
                                     Row{403, "Forbidden"},
                                     Row{404, "Not Found"},
                                     Row{405, "Method Not Allowed"},
                                     Row{408, "Request Timeout"},
                                     Row{409, "Conflict"},
                                     Row{413, "Content Too Large"},
                                     Row{415, "Unsupported Media Type"},
                                     Row{422, "Unprocessable Content"},
                                     Row{429, "Too Many Requests"},
                                     Row{431, "Request Header Fields Too Large"},
                                     Row{500, "Internal Server Error"},
                                     Row{501, "Not Implemented"},
                                     Row{502, "Bad Gateway"},
                                     Row{503, "Service Unavailable"},
                                     Row{504, "Gateway Timeout"}};
    for (const Row& row : rows)
        if (row.status == status)
            return row.reason;
    return "Status";
}

iovec piece_of(std::string_view text) noexcept
{
    return {const_cast<char*>(text.data()), text.size()};
}

tl::unexpected<Error> client_gone_error()
{
    return fail(Errc::client_gone, "the client left");
}

constexpr std::string_view line_end = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace

/// What a connection itself has to say in the head of a reply, put together without the heap. The
/// longest is 151 bytes long.
class ServerConnection::ReplyStart {
public:
    void add(std::string_view text) noexcept
    {
        text.copy(bytes_.data() + size_, text.size());
        size_ += text.size();
    }
    void add(std::size_t number) noexcept
    {
        char* const at = bytes_.data() + size_;
        size_ += static_cast<std::size_t>(std::to_chars(at, at + 20, number).ptr - at);
    }
    [[nodiscard]] std::string_view text() const noexcept { return {bytes_.data(), size_}; }

private:
    std::array<char, 192> bytes_;
    std::size_t size_ = 0;
};

bool ServerConnection::will_close() const noexcept
{
    return close_after_ || gone_ || !head_.keep_alive || shard_.draining();
}

/// Status line, date, and whether the connection goes on.
ServerConnection::ReplyStart ServerConnection::start_reply(int status)
{
    // Bytes of an unread body would be taken for the next request: read them away or close.
    const bool small = head_.framing == Framing::length && !head_.expects_continue &&
                       head_.content_length <= small_body;
    if (body_state_ == BodyState::reading || (body_state_ == BodyState::unread && !small))
        close_after_ = true;
    ReplyStart start;
    start.add("HTTP/1.1 ");
    start.add(static_cast<std::size_t>(status));
    start.add(" ");
    start.add(reason(status));
    start.add(line_end);
    start.add(shard_.date_line());
    if (will_close())
        start.add("Connection: close\r\n");
    else if (head_.http_1_0)
        start.add("Connection: keep-alive\r\n");
    return start;
}

Task<Result<void>> ServerConnection::reply(int status, const HeaderLines& headers,
                                           std::string_view body)
{
    ReplyStart start = start_reply(status);
    if (status != 204 && status != 304) {
        start.add("Content-Length: ");
        start.add(body.size());
        start.add(line_end);
    }
    std::array<iovec, 4> pieces{piece_of(start.text()), piece_of(headers.text()),
                                piece_of(line_end), piece_of(body)};
    std::span<iovec> left{pieces};
    if (head_.method == Method::head || status == 204 || status == 304)
        left = left.first(3);
    Moved moved = gone_ ? Moved::failed : stream_.write_now(left);
    if (moved == Moved::would_block) {
        auto rest = co_await write_rest(left);
        moved = rest ? Moved::some : Moved::failed;
    }
    reply_state_ = ReplyState::done;
    co_return after_write(moved);
}

void ServerConnection::begin_stream(int status, const HeaderLines& headers)
{
    chunked_reply_ = !head_.http_1_0;
    if (!chunked_reply_)
        close_after_ = true;
    ReplyStart start = start_reply(status);
    if (chunked_reply_)
        start.add("Transfer-Encoding: chunked\r\n");
    stream_head_.reserve(start.text().size() + headers.text().size() + line_end.size());
    stream_head_.append(start.text()).append(headers.text()).append(line_end);
    reply_state_ = ReplyState::streaming;
}

Task<Result<void>> ServerConnection::send(std::string_view bytes, Piece piece)
{
    if (gone_ || reply_state_ != ReplyState::streaming)
        co_return client_gone_error();
    std::array<char, 20> size_line;
    std::array<iovec, 5> pieces;
    std::size_t count = 0;
    std::string head = std::move(stream_head_);
    stream_head_ = std::string{};
    if (!head.empty())
        pieces[count++] = piece_of(head);
    const bool has_body = head_.method != Method::head;
    if (has_body && !bytes.empty()) {
        if (chunked_reply_) {
            char* end =
                std::to_chars(size_line.data(), size_line.data() + 16, bytes.size(), 16).ptr;
            *end++ = '\r';
            *end++ = '\n';
            pieces[count++] =
                iovec{size_line.data(), static_cast<std::size_t>(end - size_line.data())};
        }
        pieces[count++] = piece_of(bytes);
        if (chunked_reply_)
            pieces[count++] = piece_of(line_end);
    }
    if (has_body && chunked_reply_ && piece == Piece::last)
        pieces[count++] = piece_of(last_chunk);
    std::span<iovec> left{pieces.data(), count};
    Moved moved = stream_.write_now(left);
    if (moved == Moved::would_block) {
        auto rest = co_await write_rest(left);
        moved = rest ? Moved::some : Moved::failed;
    }
    if (piece == Piece::last)
        reply_state_ = ReplyState::done;
    co_return after_write(moved);
}

Task<Result<void>> ServerConnection::write_rest(std::span<iovec> left)
{
    expired_ = false;
    while (true) {
        deadline_.expire_at(now() + door_.limits.write_stall_timeout);
        co_await stream_.writable();
        if (gone_)
            break;
        if (expired_) {
            // What the kernel still holds for a client that does not read is thrown away at once.
            const struct ::linger at_once{1, 0};
            ::setsockopt(stream_.socket().descriptor(), SOL_SOCKET, SO_LINGER, &at_once,
                         sizeof at_once);
            break;
        }
        const Moved moved = stream_.write_now(left);
        if (moved == Moved::would_block)
            continue;
        deadline_.disarm();
        co_return after_write(moved);
    }
    deadline_.disarm();
    gone_ = true;
    co_return client_gone_error();
}

Result<void> ServerConnection::after_write(Moved moved)
{
    if (exchange_ != nullptr && moved == Moved::some)
        exchange_->reply_began_ = true;
    if (moved == Moved::some)
        return {};
    gone_ = true;
    return client_gone_error();
}

}  // namespace spillway::net
