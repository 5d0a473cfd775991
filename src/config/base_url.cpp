#include "spillway/config/base_url.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "spillway/base/text.hpp"

namespace spillway::config {

namespace {

std::optional<std::uint16_t> port_number(std::string_view text)
{
    unsigned value = 0;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || value == 0 || value > 65535)
        return std::nullopt;
    return static_cast<std::uint16_t>(value);
}

bool is_host_name(std::string_view host)
{
    constexpr std::size_t longest = 253;
    return !host.empty() && host.size() <= longest && host.front() != '.' &&
           std::all_of(host.begin(), host.end(), [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
                      c == '_';
           });
}

bool is_path(std::string_view path)
{
    return std::all_of(path.begin(), path.end(), [](char c) {
        constexpr std::string_view forbidden = "\"<>\\^`{|}";
        return c > 0x20 && c < 0x7f && forbidden.find(c) == std::string_view::npos;
    });
}

std::optional<std::array<unsigned char, 4>> ipv4(std::string_view host)
{
    std::array<unsigned char, 4> bytes{};
    if (inet_pton(AF_INET, std::string(host).c_str(), bytes.data()) != 1)
        return std::nullopt;
    return bytes;
}

std::optional<std::array<unsigned char, 16>> ipv6(std::string_view host)
{
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET6, std::string(host).c_str(), bytes.data()) != 1)
        return std::nullopt;
    return bytes;
}

Reach reach_of_address(const std::array<unsigned char, 4>& ip)
{
    constexpr std::array<unsigned char, 4> alibaba_metadata{100, 100, 100, 200};
    if ((ip[0] == 169 && ip[1] == 254) || ip == alibaba_metadata)
        return Reach::link_local;
    const bool near = ip[0] == 127 || ip[0] == 10 || ip[0] == 0 || (ip[0] == 192 && ip[1] == 168) ||
                      (ip[0] == 172 && (ip[1] & 0xf0) == 16) ||
                      // Shared address space: overlay networks such as Tailscale live there.
                      (ip[0] == 100 && (ip[1] & 0xc0) == 64);
    return near ? Reach::near : Reach::far;
}

Reach reach_of_address(const std::array<unsigned char, 16>& ip)
{
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (std::equal(mapped.begin(), mapped.end(), ip.begin()))
        return reach_of_address(std::array<unsigned char, 4>{ip[12], ip[13], ip[14], ip[15]});
    constexpr std::array<unsigned char, 16> aws_metadata{0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0,
                                                         0,    0, 0,    0,    0, 0, 2, 0x54};
    if ((ip[0] == 0xfe && (ip[1] & 0xc0) == 0x80) || ip == aws_metadata)
        return Reach::link_local;
    const bool loopback = std::all_of(ip.begin(), ip.end() - 1, [](auto b) { return b == 0; });
    return loopback || (ip[0] & 0xfe) == 0xfc ? Reach::near : Reach::far;
}

}  // namespace

Result<BaseUrl> parse_base_url(std::string_view url)
{
    const auto refuse = [](std::string_view why) {
        return fail(Errc::bad_config, "the base URL " + std::string(why));
    };
    const auto colon = url.find("://");
    if (colon == std::string_view::npos)
        return refuse("must begin with http:// or https://");
    const auto scheme = lower(url.substr(0, colon));
    if (scheme != "http" && scheme != "https")
        return refuse("must begin with http:// or https://");
    BaseUrl base;
    base.tls = scheme == "https";
    base.port = base.tls ? 443 : 80;

    auto rest = url.substr(colon + 3);
    if (rest.find_first_of("?#") != std::string_view::npos)
        return refuse("must not have a query or a fragment");
    const auto slash = rest.find('/');
    auto authority = rest.substr(0, slash);
    auto path = slash == std::string_view::npos ? std::string_view() : rest.substr(slash);
    if (authority.find('@') != std::string_view::npos)
        return refuse("must not hold a user or a password; use api_key");

    std::string_view port;
    if (authority.starts_with('[')) {
        const auto end = authority.find(']');
        if (end == std::string_view::npos || !ipv6(authority.substr(1, end - 1)))
            return refuse("has a malformed IPv6 address");
        base.host = lower(authority.substr(1, end - 1));
        port = authority.substr(end + 1);
    } else {
        const auto end = authority.find(':');
        base.host = lower(authority.substr(0, end));
        port = end == std::string_view::npos ? std::string_view() : authority.substr(end);
        if (!is_host_name(base.host))
            return refuse(base.host.empty() ? "has no host" : "has a malformed host");
    }
    if (!port.empty()) {
        const auto number = port[0] == ':' ? port_number(port.substr(1)) : std::nullopt;
        if (!number)
            return refuse("has a malformed port");
        base.port = *number;
    }
    while (path.ends_with('/'))
        path.remove_suffix(1);
    if (!is_path(path))
        return refuse("has a path with characters that must be percent-encoded");
    base.path = path;
    return base;
}

Reach reach_of(std::string_view host)
{
    if (const auto address = ipv4(host))
        return reach_of_address(*address);
    if (const auto address = ipv6(host))
        return reach_of_address(*address);
    const auto name = lower(host.ends_with('.') ? host.substr(0, host.size() - 1) : host);
    if (name == "metadata.google.internal" || name == "metadata")
        return Reach::link_local;
    // Names without a dot come from /etc/hosts, Compose or a search domain.
    if (name.find('.') == std::string::npos)
        return Reach::near;
    constexpr std::array<std::string_view, 8> near{".local",     ".localhost", ".localdomain",
                                                   ".lan",       ".internal",  ".home",
                                                   ".home.arpa", ".ts.net"};
    const bool ends_near = std::any_of(near.begin(), near.end(),
                                       [&name](auto ending) { return name.ends_with(ending); });
    return ends_near ? Reach::near : Reach::far;
}

std::string with_suffix(std::string_view path, std::string_view suffix)
{
    for (auto length = suffix.size(); length > 0; --length) {
        const auto head = suffix.substr(0, length);
        const bool whole_segment = length == suffix.size() || suffix[length] == '/';
        if (whole_segment && path.ends_with(head))
            return std::string(path) + std::string(suffix.substr(length));
    }
    return std::string(path) + std::string(suffix);
}

}  // namespace spillway::config
