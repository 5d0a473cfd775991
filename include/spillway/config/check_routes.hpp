#pragma once

#include "spillway/config/config.hpp"
#include "spillway/config/findings.hpp"
#include "spillway/config/load.hpp"

namespace spillway::config {

/// Reports what no request can ever meet: rules that cannot match, chains that cannot serve what
/// their rule selects, names of classes that do not exist, routes that hide a group.
/// @param environment  For base URLs that rows leave to the provider's variables: what is local.
void check_routes(const Config& config, const Environment& environment, Findings& findings);

}  // namespace spillway::config
