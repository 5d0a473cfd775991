#pragma once

#include <set>
#include <string>

#include "spillway/config/config.hpp"
#include "spillway/config/yaml_tree.hpp"

namespace spillway::config {

/// Rules that span settings: names that must exist, keys that need each other, open doors.
///
/// @param dropped  Groups whose rows were dropped; their absence was reported there.
void validate(const Config& config, const std::set<std::string>& dropped, const Node& root,
              Findings& findings);

}  // namespace spillway::config
