#pragma once

#include <vector>

#include "spillway/config/routes.hpp"
#include "spillway/config/yaml_tree.hpp"

namespace spillway::config {

/// Takes LiteLLM's `auto_router/complexity_router` rows out of `model_list` and gives them back as
/// routes: one rule per tier, the default model as `otherwise`. The tiers are cut by our own score,
/// which the report of `spillway check` says. Source: LiteLLM's documentation of auto routing.
[[nodiscard]] std::vector<Route> take_auto_routers(Node& root, Findings& findings);

}  // namespace spillway::config
