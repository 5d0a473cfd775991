#pragma once

#include "spillway/config/config.hpp"
#include "spillway/config/findings.hpp"

namespace spillway::config {

/// Warns of groups, fallbacks and routes that lead requests for embeddings from one model to
/// another: vectors of two models in one index find nothing. Requests do not go there.
void check_embeddings(const Config& config, Findings& findings);

}  // namespace spillway::config
