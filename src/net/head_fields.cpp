#include "head_fields.hpp"

#include <array>

#include "head_bytes.hpp"
#include "spillway/base/text.hpp"

namespace spillway::net {

namespace {

enum : std::uint8_t {
    token_char = 1,
    underscore_char = 2,
    target_char = 4,
    host_char = 8,
};

/// What each byte may be part of.
constexpr std::array<std::uint8_t, 256> classes = [] {
    std::array<std::uint8_t, 256> table{};
    const auto mark = [&table](char c, std::uint8_t as) {
        auto& entry = table[static_cast<unsigned char>(c)];
        entry = static_cast<std::uint8_t>(entry | as);
    };
    for (char c = '0'; c <= '9'; ++c)
        mark(c, token_char);
    for (char c = 'a'; c <= 'z'; ++c)
        mark(c, token_char);
    for (char c = 'A'; c <= 'Z'; ++c)
        mark(c, token_char);
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~"})
        mark(c, token_char);
    mark('_', underscore_char);
    for (char c = 0x21; c < 0x7f; ++c) {
        if (c != '#')
            mark(c, target_char);
        if (std::string_view{"#/?@\\,"}.find(c) == std::string_view::npos)
            mark(c, host_char);
    }
    return table;
}();

std::uint8_t class_of(char c) noexcept
{
    return classes[static_cast<unsigned char>(c)];
}

bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t';
}

/// 1*19DIGIT, so that it always fits.
bool read_length(std::string_view value, std::uint64_t& out) noexcept
{
    if (value.empty() || value.size() > 19)
        return false;
    std::uint64_t number = 0;
    for (const char c : value) {
        if (c < '0' || c > '9')
            return false;
        number = number * 10 + static_cast<std::uint64_t>(c - '0');
    }
    out = number;
    return true;
}

/// Host is never read for routing or access, but a strange one says that somebody tries.
bool host_is_plain(std::string_view value) noexcept
{
    for (const char c : value)
        if ((class_of(c) & host_char) == 0)
            return false;
    return !value.empty();
}

void read_connection(std::string_view value, Framed& framed)
{
    while (!value.empty()) {
        const std::size_t comma = value.find(',');
        const std::string_view option = trimmed(value.substr(0, comma));
        if (iequals(option, "close"))
            framed.close = true;
        else if (iequals(option, "keep-alive"))
            framed.keep_alive = true;
        value = comma == std::string_view::npos ? std::string_view{} : value.substr(comma + 1);
    }
}

/// Notes what `field` means for the framing. @return A complaint, or null.
const char* note(const Field& field, Framed& framed)
{
    switch (field.name.size()) {
        case 4:
            if (iequals(field.name, "host")) {
                ++framed.hosts;
                if (!host_is_plain(field.value))
                    return "bad Host";
            }
            break;
        case 6:
            if (iequals(field.name, "expect") && iequals(field.value, "100-continue"))
                framed.expects_continue = true;
            break;
        case 10:
            if (iequals(field.name, "connection"))
                read_connection(field.value, framed);
            break;
        case 14:
            if (iequals(field.name, "content-length")) {
                ++framed.lengths;
                if (!read_length(field.value, framed.length))
                    return "bad Content-Length";
            }
            break;
        case 17:
            if (iequals(field.name, "transfer-encoding")) {
                ++framed.codings;
                if (!iequals(field.value, "chunked"))
                    return "Transfer-Encoding other than chunked";
            }
            break;
        default:
            break;
    }
    return nullptr;
}

struct Name {
    std::size_t size = 0;
    bool underscore = false;
};

/// The token at the front of `text`.
Name name_at(std::string_view text) noexcept
{
    std::size_t size = plain_prefix(text);
    unsigned seen = 0;
    for (; size < text.size(); ++size) {
        const unsigned kind = class_of(text[size]);
        if ((kind & token_char) == 0)
            break;
        seen |= kind;
    }
    return {size, (seen & underscore_char) != 0};
}

}  // namespace

bool is_token(char c) noexcept
{
    return (class_of(c) & token_char) != 0;
}

bool is_target_char(char c) noexcept
{
    return (class_of(c) & target_char) != 0;
}

FieldsRead read_fields(std::string_view rest, Fields& fields, Framed& framed)
{
    for (std::size_t lines = 0;; ++lines) {
        if (rest.starts_with("\r\n"))
            break;
        if (lines == max_head_fields)
            return {FieldFault::too_many, "too many header fields"};
        const Name name = name_at(rest);
        // Also catches obs-fold and a blank before the colon.
        if (name.size == 0 || name.size == rest.size() || rest[name.size] != ':')
            return {FieldFault::bad, "bad header name"};
        std::size_t begin = name.size + 1;
        while (begin < rest.size() && is_blank(rest[begin]))
            ++begin;
        const std::size_t line_end = begin + control_in(rest.substr(begin));
        if (!rest.substr(line_end).starts_with("\r\n"))
            return {FieldFault::bad, "control byte in a header value, or a line without CRLF"};
        std::size_t end = line_end;
        while (end > begin && is_blank(rest[end - 1]))
            --end;
        const Field field{rest.substr(0, name.size), rest.substr(begin, end - begin)};
        rest.remove_prefix(line_end + 2);
        // Some servers behind proxies read X_Y and X-Y as one: nobody needs such names.
        if (name.underscore)
            continue;
        if (const char* complaint = note(field, framed))
            return {FieldFault::bad, complaint};
        if (!fields.add(field))
            return {FieldFault::too_many, "too many header fields"};
    }
    return rest.size() == 2 ? FieldsRead{} : FieldsRead{FieldFault::bad, "bytes behind the head"};
}

const char* framing_complaint(const Framed& framed, bool http_1_0) noexcept
{
    if (framed.lengths > 1)
        return "two Content-Lengths";
    if (framed.codings > 1)
        return "two Transfer-Encodings";
    if (framed.lengths + framed.codings > 1)
        return "Content-Length with Transfer-Encoding";
    if (framed.codings != 0 && http_1_0)
        return "Transfer-Encoding in HTTP/1.0";
    return nullptr;
}

}  // namespace spillway::net
