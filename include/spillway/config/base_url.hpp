#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"

namespace spillway::config {

/// A parsed http(s) origin and base path.
struct BaseUrl {
    bool tls = false;
    std::string host;  ///< Lower case, without brackets.
    std::uint16_t port = 0;
    std::string path;  ///< "/v1", no trailing slash; may be empty.

    friend bool operator==(const BaseUrl&, const BaseUrl&) = default;
};

/// Fails on another scheme, user info, a query, a fragment or a missing host. The message never
/// repeats the URL: it may hold a password.
[[nodiscard]] Result<BaseUrl> parse_base_url(std::string_view url);

/// What a host name or address tells about where it leads, without asking DNS.
enum class Reach : std::uint8_t {
    near,        ///< Loopback, a private range, or a name that only a local network knows.
    far,         ///< Anything else.
    link_local,  ///< 169.254/16, fe80::/10 and clouds' metadata services (promise 21).
};
[[nodiscard]] Reach reach_of(std::string_view host);

/// `path` followed by what of `suffix` it does not already end with: "/v1" is not added twice, and
/// "/openai" + "/openai/v1" is "/openai/v1".
[[nodiscard]] std::string with_suffix(std::string_view path, std::string_view suffix);

}  // namespace spillway::config
