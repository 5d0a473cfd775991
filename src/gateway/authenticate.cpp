#include "spillway/base/text.hpp"
#include "spillway/gateway/front.hpp"

namespace spillway::gateway {
namespace {

/// Where the value of the field `name` belongs; null when it is no credential. By length: nearly
/// every field of a request is none.
std::string_view* place_of(std::string_view name, guard::Credentials& offered)
{
    const auto is = [name](std::string_view known) { return iequals(name, known); };
    switch (name.size()) {
        case 7:
            return is("api-key") ? &offered.api_key : nullptr;
        case 9:
            return is("x-api-key") ? &offered.x_api_key : nullptr;
        case 13:
            return is("authorization") ? &offered.authorization : nullptr;
        case 14:
            return is("x-goog-api-key") ? &offered.x_goog_api_key : nullptr;
        case 17:
            return is("x-litellm-api-key") ? &offered.x_litellm_api_key : nullptr;
        default:
            return nullptr;
    }
}

/// @return False when another value stood there: whoever stands in front of us may read that one.
bool put(std::string_view& place, std::string_view value)
{
    if (!place.empty() && place != value)
        return false;
    place = value;
    return true;
}

}  // namespace

Result<chat::Caller> authenticate(const net::RequestHead& head, const Snapshot& snapshot,
                                  const guard::VirtualKeys& known, WallTime now)
{
    const auto& configured = snapshot.config.general.key_header_name;
    guard::Credentials offered;
    for (const auto& field : head.fields) {
        auto* const place = place_of(field.name, offered);
        const bool taken = (place == nullptr || put(*place, field.value)) &&
                           (configured.empty() || !iequals(field.name, configured) ||
                            put(offered.configured, field.value));
        if (!taken)
            return fail(Errc::unauthenticated,
                        "Authentication Error, the request offers two different API keys in "
                        "its headers. Send exactly one.");
    }
    return snapshot.keys.authenticate(offered, known, now);
}

Result<chat::Caller> authenticate(const net::RequestHead& head, Services& services)
{
    // Asked first: what it says of the keys holds for what is found then.
    const auto state = services.keys.state();
    const auto& edition = services.keys.now();
    return authenticate(head, *services.snapshot, {edition->grants, state}, services.clock.wall());
}

}  // namespace spillway::gateway
