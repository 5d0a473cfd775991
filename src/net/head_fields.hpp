#pragma once

#include <cstdint>
#include <string_view>

#include "spillway/net/http_head.hpp"

/// The field lines of a head: reading them, and what they say about the message's framing.
namespace spillway::net {

/// A character of a token (RFC 9110, 5.6.2): names of methods and fields.
[[nodiscard]] bool is_token(char c) noexcept;
/// A character of a request target: visible ASCII but '#'.
[[nodiscard]] bool is_target_char(char c) noexcept;

/// What the fields say about how the message is framed and the connection kept.
struct Framed {
    int hosts = 0;
    int lengths = 0;
    int codings = 0;
    std::uint64_t length = 0;
    bool close = false;
    bool keep_alive = false;
    bool expects_continue = false;
};

enum class FieldFault : std::uint8_t { none, bad, too_many };
struct FieldsRead {
    FieldFault fault = FieldFault::none;
    const char* complaint = nullptr;
};

/// Reads the field lines of a head up to and with its empty line.
[[nodiscard]] FieldsRead read_fields(std::string_view rest, Fields& fields, Framed& framed);

/// What is wrong with the framing as a whole, or null.
[[nodiscard]] const char* framing_complaint(const Framed& framed, bool http_1_0) noexcept;

}  // namespace spillway::net
