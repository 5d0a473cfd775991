#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/net/http_head.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"

namespace spillway::net {

class ServerConnection;

/// Limits of the front door; a copy per connection, taken when it was accepted.
struct FrontLimits {
    std::size_t max_body = std::size_t{32} * 1024 * 1024;
    Millis head_timeout{10'000};
    Millis body_timeout{30'000};  ///< Plus the time `min_body_rate` grants for the declared size.
    Millis idle_timeout{75'000};
    Millis write_stall_timeout{30'000};
    std::size_t min_body_rate = 1024;  ///< Bytes per second, after ten seconds.
};

/// Header lines of a reply being built. Refuses to write CR, LF or NUL (they become '?').
class HeaderLines {
public:
    HeaderLines& add(std::string_view name, std::string_view value);
    HeaderLines& add(std::string_view name, std::int64_t value);
    /// Lines made by another HeaderLines earlier.
    HeaderLines& add_block(std::string_view lines)
    {
        text_.append(lines);
        return *this;
    }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::string text_;
};

/// One request and its reply on a client connection. Begins at most one reply. Lives from the end
/// of the request's head to the end of the reply; everything on the shard's thread.
class Exchange {
public:
    explicit Exchange(ServerConnection& connection) noexcept : connection_(connection) {}
    Exchange(const Exchange&) = delete;

    [[nodiscard]] Shard& shard() noexcept;
    [[nodiscard]] const RequestHead& head() const noexcept;
    /// When the last byte of the head had arrived.
    [[nodiscard]] TimePoint began() const noexcept;
    /// "127.0.0.1" or "::1".
    [[nodiscard]] std::string peer_address() const;

    /// Reads the whole body, de-chunked and decompressed (gzip, zstd), followed by 64 readable
    /// bytes. Owned by the exchange until `release_body`. Answers `100-continue` when asked for.
    /// @return `body_too_large` (before reading when declared), `slow_request`, `bad_http`,
    ///         `unsupported_encoding`, `bad_encoding` or `client_gone`.
    [[nodiscard]] Task<Result<std::string_view>> read_body();
    /// Gives the body's memory back; the view dies. Also `head()` after this is only its method.
    void release_body() noexcept;

    /// Sends a whole reply in one write. Adds Content-Length, and Connection when it will close.
    /// For HEAD the body is counted but not sent.
    [[nodiscard]] Task<Result<void>> reply(int status, const HeaderLines& headers,
                                           std::string_view body);

    /// Begins a chunked (HTTP/1.0: close-delimited) reply. Nothing leaves before the first `send`.
    void begin_stream(int status, const HeaderLines& headers);
    /// Sends `bytes` as one chunk in one write, with the head when it is the first. Waits while the
    /// client is slow: one piece in flight. `client_gone` when it left or stalled too long.
    [[nodiscard]] Task<Result<void>> send(std::string_view bytes);
    /// Sends `bytes` (may be empty) and the end of the stream in one write.
    [[nodiscard]] Task<Result<void>> send_last(std::string_view bytes);

    /// True once any byte of a final reply was handed to the kernel.
    [[nodiscard]] bool reply_began() const noexcept { return reply_began_; }
    /// True when the client closed or reset its side.
    [[nodiscard]] bool client_gone() const noexcept;
    /// Called once on the shard's thread when the client leaves while the exchange runs. Set to
    /// null before what it captures dies.
    void on_client_gone(std::function<void()> callback);

    /// The connection closes after this reply.
    void close_after() noexcept;

private:
    friend class ServerConnection;
    ServerConnection& connection_;
    bool reply_began_ = false;
};

/// Answers one request. Must have replied (or the client be gone) when it returns; if it did not,
/// the connection is closed. Never throws.
using Handler = std::function<Task<void>(Exchange&)>;

/// How the connection answers what never becomes an exchange (bad head, slow head): body and
/// content type are the application's.
struct Refusal {
    int status;
    std::string body;  ///< application/json
};
using Refuse = std::function<Refusal(const Error&)>;

}  // namespace spillway::net
