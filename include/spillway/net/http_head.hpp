#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/text.hpp"

/// HTTP/1.1 heads, strictly and without copying: pure functions over bytes. Why not Beast's parser:
/// docs/adr/0012 and reliability.md, findings 1 and 2.
namespace spillway::net {

inline constexpr std::size_t max_head_bytes = 32 * 1024;
inline constexpr std::size_t max_head_fields = 100;

struct Field {
    std::string_view name;
    std::string_view value;  ///< Without surrounding blanks.
};

/// The fields of one head; views into the connection's buffer.
class Fields {
public:
    /// First field of that name (ASCII case-insensitive); empty view when absent.
    [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept
    {
        for (const Field& field : fields_)
            if (iequals(field.name, name))
                return field.value;
        return {};
    }
    [[nodiscard]] const Field* begin() const noexcept { return fields_.data(); }
    [[nodiscard]] const Field* end() const noexcept { return fields_.data() + fields_.size(); }
    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
    /// False when full (`max_head_fields`).
    [[nodiscard]] bool add(Field field)
    {
        if (fields_.size() == max_head_fields)
            return false;
        fields_.push_back(field);
        return true;
    }
    void reserve(std::size_t count) { fields_.reserve(count); }
    void clear() noexcept { fields_.clear(); }  ///< Keeps the memory for the next head.

private:
    // A vector, not an array of the limit: 3 KB per open stream would be most of its memory.
    std::vector<Field> fields_;
};

enum class Method : std::uint8_t { get, head, post, put, delete_, options, patch };
enum class Framing : std::uint8_t { none, length, chunked, until_close };

struct RequestHead {
    Method method = Method::get;
    std::string_view target;  ///< As sent; starts with '/'.
    std::string_view path;    ///< Up to '?'; still percent-encoded.
    std::string_view query;   ///< Behind '?'; empty when none.
    Fields fields;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
    bool keep_alive = true;
    bool http_1_0 = false;
    bool expects_continue = false;
};

struct ReplyHead {
    int status = 0;
    Fields fields;
    Framing framing = Framing::none;
    std::uint64_t content_length = 0;
    bool keep_alive = true;
};

/// Where the head ends in `bytes` (behind the empty line), resuming the search at `scanned`; empty
/// when more bytes are needed. Only CRLF CRLF ends a head.
[[nodiscard]] std::optional<std::size_t> head_end(std::string_view bytes, std::size_t scanned);

/// True when `bytes`, the beginning of a head that is not complete yet, can still become one that
/// is accepted. Tells a TLS hello, an SSH banner or a bare LF at once instead of at the deadline.
[[nodiscard]] bool may_become_request(std::string_view bytes) noexcept;

/// Parses and gates one complete request head. Refuses with `bad_http`: bare CR or LF, obs-fold,
/// bad names or values (control bytes, NUL), no Host or two, CL with TE, two Content-Lengths,
/// anything but 1*19DIGIT, TE that is not exactly "chunked" or in HTTP/1.0, a target without
/// leading '/', CONNECT and unknown methods (`method_not_allowed`), Upgrade to h2c or websocket
/// ignored, names with '_' dropped, versions other than 1.0 and 1.1. Over `max_head_fields`:
/// `head_too_large`.
[[nodiscard]] Result<RequestHead> parse_request_head(std::string_view head);
/// The same into `out`, whose memory is used again; `out` is unspecified on failure.
[[nodiscard]] Result<void> parse_request_head(std::string_view head, RequestHead& out);

/// The same care for an upstream's head, failing with `upstream_bad_reply`. 1xx heads are returned
/// as they are (the caller loops). `framing` is what the head says; 1xx, 204 and 304 have none, and
/// the caller knows whether it asked with HEAD.
[[nodiscard]] Result<ReplyHead> parse_reply_head(std::string_view head);

}  // namespace spillway::net
