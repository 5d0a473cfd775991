#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"

namespace spillway::privacy {

/// Where a connection leads, as far as privacy goes. (`config::Reach` is another question: whose
/// patience and prices hold. It trusts names and overlay networks; this does not.)
enum class Reach : std::uint8_t {
    local,   ///< This machine or a network that its operator calls his own.
    remote,  ///< Anything else, and anything in doubt.
};

/// An IP address. An IPv4 address mapped into IPv6 is the IPv4 address.
class Address {
public:
    /// Dotted IPv4 or any form of IPv6, with or without brackets and zone.
    [[nodiscard]] static std::optional<Address> parse(std::string_view text);
    /// @param bytes  4 or 16 bytes in network order; nothing for another size.
    [[nodiscard]] static std::optional<Address> from_bytes(std::span<const unsigned char> bytes);

    [[nodiscard]] bool is_v4() const { return v4_; }
    /// 4 or 16 bytes in network order.
    [[nodiscard]] std::span<const unsigned char> bytes() const
    {
        return std::span(bytes_).first(v4_ ? 4 : 16);
    }

    friend bool operator==(const Address&, const Address&) = default;

private:
    std::array<unsigned char, 16> bytes_{};
    bool v4_ = false;
};

/// The reach of an address where the operator said nothing.
///
/// Local: loopback (127/8, ::1), the unspecified address, which connects to loopback (0.0.0.0, ::),
/// RFC 1918 (10/8, 172.16/12, 192.168/16) and IPv6 unique local (fc00::/7).
/// Remote: link-local (169.254/16, fe80::/10) and fd00:ec2::254, where clouds' metadata services
/// live; shared address space (100.64/10): carriers use it between strangers, so an overlay network
/// that uses it has to be listed; everything else.
[[nodiscard]] Reach reach_of(const Address& address);

/// The hosts that count as local: those above, and those that the operator lists.
class LocalHosts {
public:
    LocalHosts() = default;
    /// @param listed  Host names ("gpu.lan"), all names under one ("*.corp.example"), addresses and
    ///                networks ("100.64.0.0/10"). Fails on anything else, naming the entry.
    [[nodiscard]] static Result<LocalHosts> listing(std::span<const std::string> listed);

    /// The verdict that counts, asked with the address that the connection is opened to.
    [[nodiscard]] Reach reach(std::string_view host, const Address& address) const;

    /// The same as far as a name alone can tell it, for planning: a listed name, a literal address,
    /// or a name that never resolves to anything public (`localhost`). Nothing when only the
    /// resolved address can tell, as for `host.docker.internal` and the names of Compose services.
    [[nodiscard]] std::optional<Reach> reach_by_name(std::string_view host) const;

private:
    struct Network {
        Address address;
        unsigned bits;
    };
    [[nodiscard]] bool lists(std::string_view host) const;
    [[nodiscard]] bool lists(const Address& address) const;

    std::vector<std::string> names_;     ///< Lower case.
    std::vector<std::string> suffixes_;  ///< ".corp.example"
    std::vector<Network> networks_;
};

/// What one deployment's configuration says about itself, which beats all of the above.
[[nodiscard]] constexpr Reach resolve(std::optional<Reach> declared, Reach judged)
{
    return declared.value_or(judged);
}

}  // namespace spillway::privacy
