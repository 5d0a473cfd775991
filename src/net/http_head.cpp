#include "spillway/net/http_head.hpp"

#include <array>
#include <cstring>

#include "spillway/base/text.hpp"

namespace spillway::net {

namespace {

constexpr std::array<bool, 256> token_table = [] {
    std::array<bool, 256> table{};
    for (char c = '0'; c <= '9'; ++c)
        table[static_cast<unsigned char>(c)] = true;
    for (char c = 'a'; c <= 'z'; ++c)
        table[static_cast<unsigned char>(c)] = true;
    for (char c = 'A'; c <= 'Z'; ++c)
        table[static_cast<unsigned char>(c)] = true;
    for (const char c : std::string_view{"!#$%&'*+-.^_`|~"})
        table[static_cast<unsigned char>(c)] = true;
    return table;
}();

bool is_token(char c) noexcept
{
    return token_table[static_cast<unsigned char>(c)];
}

bool is_target_char(char c) noexcept
{
    return c > 0x20 && c < 0x7f && c != '#';
}

/// Where the first control byte but HTAB lies, or the end. Eight bytes at a time: values are most
/// of a head.
std::size_t control_in(std::string_view text) noexcept
{
    constexpr std::uint64_t ones = 0x0101010101010101ULL;
    constexpr std::uint64_t highs = ones * 0x80;
    std::size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        const std::uint64_t below = (word - ones * 0x20) & ~word & highs;
        const std::uint64_t del = word ^ (ones * 0x7f);
        if ((below | ((del - ones) & ~del & highs)) != 0)
            break;  // Perhaps only a tab: looked at one by one.
    }
    for (; i < text.size(); ++i) {
        const auto c = static_cast<unsigned char>(text[i]);
        if ((c < 0x20 && c != '\t') || c == 0x7f)
            return i;
    }
    return i;
}

/// `text` without the blanks around it: mostly one in front.
std::string_view without_blanks(std::string_view text) noexcept
{
    const auto blank = [](char c) { return c == ' ' || c == '\t'; };
    while (!text.empty() && blank(text.front()))
        text.remove_prefix(1);
    while (!text.empty() && blank(text.back()))
        text.remove_suffix(1);
    return text;
}

/// Cuts the next line off `rest`. Nothing when it does not end in CRLF.
std::optional<std::string_view> take_line(std::string_view& rest) noexcept
{
    const std::size_t end = rest.find('\n');
    if (end == std::string_view::npos || end == 0 || rest[end - 1] != '\r')
        return std::nullopt;
    const std::string_view line = rest.substr(0, end - 1);
    rest.remove_prefix(end + 1);
    return line;
}

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
    if (value.empty())
        return false;
    for (const char c : value)
        if (!is_target_char(c) || c == '/' || c == '?' || c == '@' || c == '\\' || c == ',')
            return false;
    return true;
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

enum class FieldFault : std::uint8_t { none, bad, too_many };
struct FieldsRead {
    FieldFault fault = FieldFault::none;
    const char* complaint = nullptr;
};

/// Reads the field lines of a head up to and with its empty line.
FieldsRead read_fields(std::string_view rest, Fields& fields, Framed& framed)
{
    for (std::size_t lines = 0;; ++lines) {
        if (rest.starts_with("\r\n"))
            break;
        if (lines == max_head_fields)
            return {FieldFault::too_many, "too many header fields"};
        std::size_t colon = 0;
        bool underscore = false;
        while (colon < rest.size() && is_token(rest[colon])) {
            underscore = underscore || rest[colon] == '_';
            ++colon;
        }
        // Also catches obs-fold and a blank before the colon.
        if (colon == 0 || colon == rest.size() || rest[colon] != ':')
            return {FieldFault::bad, "bad header name"};
        const std::string_view behind = rest.substr(colon + 1);
        const std::size_t size = control_in(behind);
        if (!behind.substr(size).starts_with("\r\n"))
            return {FieldFault::bad, "control byte in a header value, or a line without CRLF"};
        const Field field{rest.substr(0, colon), without_blanks(behind.substr(0, size))};
        rest = behind.substr(size + 2);
        // Some servers behind proxies read X_Y and X-Y as one: nobody needs such names.
        if (underscore)
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

std::optional<Method> method_of(std::string_view word) noexcept
{
    if (word == "GET")
        return Method::get;
    if (word == "POST")
        return Method::post;
    if (word == "HEAD")
        return Method::head;
    if (word == "OPTIONS")
        return Method::options;
    if (word == "PUT")
        return Method::put;
    if (word == "DELETE")
        return Method::delete_;
    if (word == "PATCH")
        return Method::patch;
    return std::nullopt;
}

bool read_target(std::string_view target, RequestHead& out) noexcept
{
    if (target.empty() || target.front() != '/')
        return false;
    for (const char c : target)
        if (!is_target_char(c))
            return false;
    const std::size_t mark = target.find('?');
    out.target = target;
    out.path = target.substr(0, mark);
    out.query = mark == std::string_view::npos ? std::string_view{} : target.substr(mark + 1);
    return true;
}

Result<void> read_request_line(std::string_view line, RequestHead& out)
{
    const std::size_t first = line.find(' ');
    const std::size_t last = line.rfind(' ');
    if (first == std::string_view::npos || first == last)
        return fail(Errc::bad_http, "malformed request line");
    const std::string_view version = line.substr(last + 1);
    if (version != "HTTP/1.1" && version != "HTTP/1.0")
        return fail(Errc::bad_http, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    out.http_1_0 = version.back() == '0';
    const std::string_view word = line.substr(0, first);
    for (const char c : word)
        if (!is_token(c))
            return fail(Errc::bad_http, "malformed request line");
    const auto method = method_of(word);
    if (!method)
        return fail(Errc::method_not_allowed,
                    "method " + printable(word, 20) + " is not supported");
    out.method = *method;
    if (!read_target(line.substr(first + 1, last - first - 1), out))
        return fail(Errc::bad_http, "the request target must be a path that starts with '/'");
    return {};
}

bool method_prefix(std::string_view word) noexcept
{
    for (const char c : word)
        if (c < 'A' || c > 'Z')
            return false;
    return word.size() <= 16;
}

}  // namespace

std::string_view Fields::operator[](std::string_view name) const noexcept
{
    for (const Field& field : fields_)
        if (field.name.size() == name.size() && iequals(field.name, name))
            return field.value;
    return {};
}

bool Fields::add(Field field)
{
    if (fields_.size() == max_head_fields)
        return false;
    if (fields_.capacity() == 0)
        fields_.reserve(24);
    fields_.push_back(field);
    return true;
}

std::optional<std::size_t> head_end(std::string_view bytes, std::size_t scanned)
{
    std::size_t at = scanned < 3 ? 0 : scanned - 3;
    while ((at = bytes.find('\n', at)) != std::string_view::npos) {
        if (at >= 3 && bytes[at - 1] == '\r' && bytes[at - 2] == '\n' && bytes[at - 3] == '\r')
            return at + 1;
        ++at;
    }
    return std::nullopt;
}

bool may_become_request(std::string_view bytes) noexcept
{
    const std::size_t line_end = bytes.find('\n');
    const std::string_view line = bytes.substr(0, line_end);
    if (!method_prefix(line.substr(0, line.find(' '))))
        return false;
    if (line_end == std::string_view::npos) {
        // Split between CR and LF it is a good line, too.
        const std::string_view visible =
            line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
        for (const char c : visible)
            if (!is_target_char(c) && c != ' ')
                return false;
        return true;
    }
    if (!line.ends_with(" HTTP/1.1\r") && !line.ends_with(" HTTP/1.0\r"))
        return false;
    for (std::size_t at = line_end; at != std::string_view::npos; at = bytes.find('\n', at + 1))
        if (at == 0 || bytes[at - 1] != '\r')
            return false;
    return true;
}

Result<void> parse_request_head(std::string_view head, RequestHead& out)
{
    Fields fields = std::move(out.fields);
    fields.clear();
    out = RequestHead{};
    out.fields = std::move(fields);
    const auto line = take_line(head);
    if (!line)
        return fail(Errc::bad_http, "malformed request line");
    if (auto read = read_request_line(*line, out); !read)
        return read;
    Framed framed;
    const FieldsRead read = read_fields(head, out.fields, framed);
    if (read.fault != FieldFault::none)
        return fail(read.fault == FieldFault::bad ? Errc::bad_http : Errc::head_too_large,
                    read.complaint);
    if (const char* complaint = framing_complaint(framed, out.http_1_0))
        return fail(Errc::bad_http, complaint);
    if (framed.hosts > 1 || (framed.hosts == 0 && !out.http_1_0))
        return fail(Errc::bad_http, "exactly one Host is needed");
    if (framed.codings != 0)
        out.framing = Framing::chunked;
    else if (framed.length != 0)
        out.framing = Framing::length;
    out.content_length = framed.length;
    out.keep_alive = !framed.close && (!out.http_1_0 || framed.keep_alive);
    out.expects_continue = framed.expects_continue && !out.http_1_0;
    return {};
}

Result<RequestHead> parse_request_head(std::string_view head)
{
    RequestHead parsed;
    if (auto read = parse_request_head(head, parsed); !read)
        return fail(std::move(read.error()));
    return parsed;
}

Result<ReplyHead> parse_reply_head(std::string_view head)
{
    const auto line = take_line(head);
    const bool versioned =
        line && (line->starts_with("HTTP/1.1 ") || line->starts_with("HTTP/1.0 "));
    if (!versioned || line->size() < 12 || (line->size() > 12 && (*line)[12] != ' ') ||
        control_in(*line) != line->size())
        return fail(Errc::upstream_bad_reply, "malformed status line");
    ReplyHead out;
    for (const char c : line->substr(9, 3)) {
        if (c < '0' || c > '9')
            return fail(Errc::upstream_bad_reply, "malformed status");
        out.status = out.status * 10 + (c - '0');
    }
    if (out.status < 100 || out.status > 599)
        return fail(Errc::upstream_bad_reply, "status out of range");
    const bool http_1_0 = (*line)[7] == '0';
    Framed framed;
    const FieldsRead read = read_fields(head, out.fields, framed);
    if (read.fault != FieldFault::none)
        return fail(Errc::upstream_bad_reply, read.complaint);
    if (const char* complaint = framing_complaint(framed, http_1_0))
        return fail(Errc::upstream_bad_reply, complaint);
    const bool bodiless = out.status < 200 || out.status == 204 || out.status == 304;
    if (bodiless)
        out.framing = Framing::none;
    else if (framed.codings != 0)
        out.framing = Framing::chunked;
    else
        out.framing = framed.lengths != 0 ? Framing::length : Framing::until_close;
    out.content_length = framed.length;
    out.keep_alive =
        !framed.close && (!http_1_0 || framed.keep_alive) && out.framing != Framing::until_close;
    return out;
}

}  // namespace spillway::net
