#include <array>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/gateway/front.hpp"

namespace spillway::gateway {

Result<chat::Caller> authenticate(const net::RequestHead& head, const Snapshot& snapshot)
{
    guard::Credentials offered;
    const std::array<std::pair<std::string_view, std::string_view*>, 6> places{{
        {"authorization", &offered.authorization},
        {"x-api-key", &offered.x_api_key},
        {"api-key", &offered.api_key},
        {"x-litellm-api-key", &offered.x_litellm_api_key},
        {"x-goog-api-key", &offered.x_goog_api_key},
        {snapshot.config.general.key_header_name, &offered.configured},
    }};
    for (const auto& field : head.fields) {
        for (const auto& [name, place] : places) {
            if (name.empty() || field.name.size() != name.size() || !iequals(field.name, name))
                continue;
            // Whoever stands in front of us may read the other of the two.
            if (!place->empty() && *place != field.value)
                return fail(Errc::unauthenticated,
                            "Authentication Error, the request offers two different API keys in "
                            "its headers. Send exactly one.");
            *place = field.value;
        }
    }
    return snapshot.keys.authenticate(offered);
}

}  // namespace spillway::gateway
