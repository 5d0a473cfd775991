#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

#include "spillway/base/units.hpp"
#include "spillway/net/http_head.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"
#include "spillway/privacy/passage.hpp"

namespace spillway::net {

/// Where connections go; connections are pooled by it.
struct Origin {
    std::string host;
    std::uint16_t port = 0;
    bool tls = false;
    std::string ca_file;  ///< Extra trust anchors; empty means the system's.

    friend auto operator<=>(const Origin&, const Origin&) = default;
};

struct UpstreamRequest {
    std::string head;                        ///< Complete, with Content-Length and the empty line.
    std::span<const std::string_view> body;  ///< Written with the head in one gathered write.
};

/// Bounds of the way to the first byte of the reply. `deadline` beats them all.
struct CallBounds {
    explicit CallBounds(privacy::Passage where) : passage(where) {}

    /// Asked of every address before it is connected to, and of a kept connection's.
    privacy::Passage passage;
    Millis connect{5'000};
    TimePoint first_byte_by{};
    TimePoint deadline{};
};

/// Why a call gave no (more) bytes.
enum class CallFault : std::uint8_t {
    unreachable,  ///< Name not found, refused, no route.
    connect_timeout,
    tls,        ///< Certificate or handshake: nothing of the request was sent.
    forbidden,  ///< Link-local or metadata address: for no call.
    not_local,  ///< Beyond the call's passage: this call has to stay local.
    closed,     ///< Closed or reset before or inside the reply.
    timeout,    ///< First byte, idle or total bound.
    bad_reply,  ///< Not HTTP as we accept it.
    cancelled,
};
struct CallError {
    CallFault fault = CallFault::closed;
    std::string message;  ///< Ours; no secrets.
};

/// Idle keep-alive connections of one shard, per origin, last used first. A connection with an
/// unread byte, an end of file or more than its age is closed, never reused.
class UpstreamPool {
public:
    struct Limits {
        std::size_t idle_per_origin = 64;
        Millis keepalive{55'000};
        bool allow_link_local = false;
    };
    explicit UpstreamPool(Shard& shard);
    ~UpstreamPool();
    UpstreamPool(const UpstreamPool&) = delete;
    UpstreamPool& operator=(const UpstreamPool&) = delete;
    void configure(const Limits& limits);
    void close_idle();
    /// Closes idle connections and cancels every call; their callers see `cancelled`.
    void abort();
    /// True while a call exists.
    [[nodiscard]] bool busy() const noexcept;
    [[nodiscard]] std::size_t idle_connections() const;

    struct Parts;
    [[nodiscard]] Parts& parts() noexcept { return *parts_; }

private:
    std::unique_ptr<Parts> parts_;
};

/// One HTTP/1.1 request to an upstream and its reply. Destroying it in the middle closes the
/// connection; after the whole reply it goes back to the pool. One thread.
class UpstreamCall {
public:
    explicit UpstreamCall(Shard& shard);
    ~UpstreamCall();
    UpstreamCall(const UpstreamCall&) = delete;
    UpstreamCall& operator=(const UpstreamCall&) = delete;

    /// The head lives as long as the call, its fields until the first `read`.
    /// Connects or reuses, sends, reads the final head (at most 8 interim ones are passed over).
    /// A reused connection that turns out to have been closed before it took the request is
    /// replaced by a fresh one, once (promise 14; never twice upstream).
    [[nodiscard]] Task<tl::expected<const ReplyHead*, CallError>> start(
        const Origin& origin, const UpstreamRequest& request, const CallBounds& bounds);

    /// The next bytes of the body, as they came, de-chunked; empty at its proper end. The view
    /// lives until the next call. A body cut short is `closed`.
    [[nodiscard]] Task<tl::expected<std::string_view, CallError>> read(TimePoint by);

    /// True once the body is complete: the next `read` returns the empty view without waiting. May
    /// be asked after each `read`, so that the last bytes and the end can leave in one write.
    [[nodiscard]] bool at_end() const noexcept;

    /// Ends the call now; a pending `start` or `read` returns `cancelled`. Shard's thread only.
    void cancel() noexcept;

    /// True when the request went out at least in part (the provider may bill it).
    [[nodiscard]] bool request_sent() const noexcept;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace spillway::net
