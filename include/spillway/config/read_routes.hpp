#pragma once

#include <vector>

#include "spillway/config/routes.hpp"
#include "spillway/config/yaml_tree.hpp"

namespace spillway::config {

/// Reads `routes`. Every fault is reported with its place; a route with one is not returned.
[[nodiscard]] std::vector<Route> read_routes(const Node& root, Findings& findings);

/// Reads `privacy`.
[[nodiscard]] Privacy read_privacy(const Node& root, Findings& findings);

}  // namespace spillway::config
