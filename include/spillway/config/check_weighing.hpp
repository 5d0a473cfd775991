#pragma once

#include "spillway/config/chain_fit.hpp"
#include "spillway/config/config.hpp"
#include "spillway/config/findings.hpp"

namespace spillway::config {

/// Reports settings of a route's `complexity` and `shadow` that do nothing, or leave a rule
/// nothing.
void check_weighing(const Route& route, const Servers& servers, Findings& findings);

}  // namespace spillway::config
