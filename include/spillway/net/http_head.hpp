#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spillway/base/result.hpp"

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
    [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept;
    [[nodiscard]] const Field* begin() const noexcept { return fields_.data(); }
    [[nodiscard]] const Field* end() const noexcept { return fields_.data() + count_; }
    [[nodiscard]] std::size_t size() const noexcept { return count_; }
    [[nodiscard]] bool add(Field field) noexcept;  ///< False when full.

private:
    std::array<Field, max_head_fields> fields_;
    std::size_t count_ = 0;
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

/// Parses and gates one complete request head. Refuses with `bad_http`: bare CR or LF, obs-fold, bad
/// names or values (control bytes, NUL), no Host or two, CL with TE, two Content-Lengths, anything
/// but 1*19DIGIT, TE that is not exactly "chunked" or in HTTP/1.0, a target without leading '/',
/// CONNECT and unknown methods (`method_not_allowed`), Upgrade to h2c or websocket ignored, names
/// with '_' dropped, versions other than 1.0 and 1.1.
[[nodiscard]] Result<RequestHead> parse_request_head(std::string_view head);

/// The same care for an upstream's head. 1xx heads are returned as they are (the caller loops).
/// @param to_head_request  A HEAD or 204/304/1xx has no body whatever it says.
[[nodiscard]] Result<ReplyHead> parse_reply_head(std::string_view head);

}  // namespace spillway::net
