#pragma once

#include <string>
#include <string_view>

#include "spillway/gateway/snapshot.hpp"

namespace spillway::app {

/// Was a recorded request served on machines of ours? By what the configuration says of the
/// deployment; of one that it does not have (any more), by its address.
/// @param snapshot  Null: there is no configuration.
[[nodiscard]] bool known_local(const gateway::Snapshot* snapshot, std::string_view deployment_id,
                               std::string_view api_base);

}  // namespace spillway::app
