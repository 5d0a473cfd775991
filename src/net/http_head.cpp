#include "spillway/net/http_head.hpp"

#include "head_bytes.hpp"
#include "head_fields.hpp"
#include "spillway/base/text.hpp"

namespace spillway::net {

namespace {

constexpr std::size_t usual_request_fields = 24;
/// Kept as long as the reply is read: an engine sends few, a cloud's front more.
constexpr std::size_t usual_reply_fields = 10;

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
    fields.reserve(usual_request_fields);
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
    out.fields.reserve(usual_reply_fields);
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
