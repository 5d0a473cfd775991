#include "spillway/gateway/front.hpp"

namespace spillway::gateway {

Result<chat::Caller> authenticate(const net::RequestHead& head, const Snapshot& snapshot)
{
    const auto& fields = head.fields;
    const auto& named = snapshot.config.general.key_header_name;
    guard::Credentials offered;
    offered.authorization = fields["authorization"];
    offered.x_api_key = fields["x-api-key"];
    offered.api_key = fields["api-key"];
    offered.x_litellm_api_key = fields["x-litellm-api-key"];
    offered.x_goog_api_key = fields["x-goog-api-key"];
    if (!named.empty())
        offered.configured = fields[named];
    return snapshot.keys.authenticate(offered);
}

}  // namespace spillway::gateway
