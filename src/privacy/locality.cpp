#include "spillway/privacy/locality.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

#include "spillway/base/text.hpp"

namespace spillway::privacy {

namespace {

using V4 = std::array<unsigned char, 4>;

bool all_zero(std::span<const unsigned char> bytes)
{
    return std::all_of(bytes.begin(), bytes.end(), [](auto byte) { return byte == 0; });
}

Reach reach_of_v4(std::span<const unsigned char> ip)
{
    const bool local = ip[0] == 127 || ip[0] == 10 || (ip[0] == 172 && (ip[1] & 0xF0U) == 16) ||
                       (ip[0] == 192 && ip[1] == 168) || all_zero(ip);
    return local ? Reach::local : Reach::remote;
}

Reach reach_of_v6(std::span<const unsigned char> ip)
{
    constexpr std::array<unsigned char, 16> metadata{0xFD, 0, 0x0E, 0xC2, 0, 0, 0,    0,
                                                     0,    0, 0,    0,    0, 0, 0x02, 0x54};
    if (std::equal(ip.begin(), ip.end(), metadata.begin(), metadata.end())) {
        return Reach::remote;
    }
    const bool loopback_or_none = all_zero(ip.first(15)) && ip[15] <= 1;
    return loopback_or_none || (ip[0] & 0xFEU) == 0xFC ? Reach::local : Reach::remote;
}

/// Lower case, without the dot that ends an absolute name and without an address's brackets.
std::string plain_host(std::string_view host)
{
    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    if (host.ends_with('.')) {
        host.remove_suffix(1);
    }
    return lower(host);
}

bool is_name(std::string_view host)
{
    constexpr std::size_t longest = 253;
    const bool spelled_well = std::all_of(host.begin(), host.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
    });
    // All digits and dots would be an address that somebody mistyped.
    const bool has_letter =
        std::any_of(host.begin(), host.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    return !host.empty() && host.size() <= longest && host.front() != '.' && spelled_well &&
           has_letter && host.find("..") == std::string_view::npos;
}

/// Do the first `bits` bits of both agree?
bool same_prefix(std::span<const unsigned char> a, std::span<const unsigned char> b, unsigned bits)
{
    const auto whole = bits / 8;
    if (!std::equal(a.begin(), a.begin() + whole, b.begin())) {
        return false;
    }
    const auto rest = bits % 8;
    return rest == 0 || ((a[whole] ^ b[whole]) >> (8U - rest)) == 0;
}

}  // namespace

std::optional<Address> Address::parse(std::string_view text)
{
    if (text.starts_with('[') && text.ends_with(']')) {
        text = text.substr(1, text.size() - 2);
    }
    const std::string spelled(text.substr(0, text.find('%')));
    std::array<unsigned char, 16> bytes{};
    if (inet_pton(AF_INET, spelled.c_str(), bytes.data()) == 1) {
        return text.size() == spelled.size() ? from_bytes(std::span(bytes).first(4)) : std::nullopt;
    }
    if (inet_pton(AF_INET6, spelled.c_str(), bytes.data()) == 1) {
        return from_bytes(bytes);
    }
    return std::nullopt;
}

std::optional<Address> Address::from_bytes(std::span<const unsigned char> bytes)
{
    constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (bytes.size() == 16 && std::equal(mapped.begin(), mapped.end(), bytes.begin())) {
        bytes = bytes.last(4);
    }
    if (bytes.size() != 4 && bytes.size() != 16) {
        return std::nullopt;
    }
    Address address;
    address.v4_ = bytes.size() == 4;
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
    return address;
}

Reach reach_of(const Address& address)
{
    return address.is_v4() ? reach_of_v4(address.bytes()) : reach_of_v6(address.bytes());
}

Result<LocalHosts> LocalHosts::listing(std::span<const std::string> listed)
{
    LocalHosts hosts;
    for (const auto& entry : listed) {
        const auto refuse = [&entry](std::string_view why) {
            return fail(Errc::bad_config,
                        "local host '" + printable(entry, 80) + "' " + std::string(why));
        };
        const auto slash = entry.find('/');
        const auto host = plain_host(std::string_view(entry).substr(0, slash));
        if (const auto address = Address::parse(host)) {
            const auto most = static_cast<unsigned>(address->bytes().size() * 8);
            unsigned bits = most;
            if (slash != std::string::npos) {
                const auto* begin = entry.data() + slash + 1;
                const auto* end = entry.data() + entry.size();
                const auto [stop, error] = std::from_chars(begin, end, bits);
                if (error != std::errc{} || stop != end || bits == 0 || bits > most) {
                    return refuse("has a malformed prefix length");
                }
            }
            hosts.networks_.push_back({*address, bits});
        } else if (slash != std::string::npos) {
            return refuse("is neither a host name nor a network");
        } else if (host.starts_with("*.") && is_name(host.substr(2))) {
            hosts.suffixes_.push_back(host.substr(1));
        } else if (is_name(host)) {
            hosts.names_.push_back(host);
        } else {
            return refuse("is neither a host name nor an address");
        }
    }
    return hosts;
}

bool LocalHosts::lists(std::string_view host) const
{
    const auto plain = plain_host(host);
    return std::find(names_.begin(), names_.end(), plain) != names_.end() ||
           std::any_of(suffixes_.begin(), suffixes_.end(),
                       [&plain](const auto& suffix) { return plain.ends_with(suffix); });
}

bool LocalHosts::lists(const Address& address) const
{
    return std::any_of(networks_.begin(), networks_.end(), [&address](const Network& network) {
        return network.address.is_v4() == address.is_v4() &&
               same_prefix(network.address.bytes(), address.bytes(), network.bits);
    });
}

Reach LocalHosts::reach(std::string_view host, const Address& address) const
{
    return lists(host) || lists(address) ? Reach::local : reach_of(address);
}

std::optional<Reach> LocalHosts::reach_by_name(std::string_view host) const
{
    if (const auto address = Address::parse(host)) {
        return reach(host, *address);
    }
    const auto plain = plain_host(host);
    if (lists(plain) || plain == "localhost" || plain.ends_with(".localhost")) {
        return Reach::local;
    }
    return std::nullopt;
}

}  // namespace spillway::privacy
