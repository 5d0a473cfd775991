#pragma once

#include <map>
#include <string>

#include "spillway/config/load.hpp"
#include "spillway/config/yaml_tree.hpp"

namespace spillway::config {

/// Replaces every `os.environ/NAME` in the tree by the variable's value, at any depth. A variable
/// that is not set leaves null behind and a warning.
void resolve_environment(Node& node, const Environment& environment, Findings& findings);

/// The file's `environment_variables`, its own `os.environ/` references resolved.
[[nodiscard]] std::map<std::string, std::string> read_environment_variables(
    const Node& root, const Environment& outer, Findings& findings);

/// `outer` with `variables` before it.
[[nodiscard]] Environment layered(std::map<std::string, std::string> variables, Environment outer);

}  // namespace spillway::config
