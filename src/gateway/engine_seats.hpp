#pragma once

#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/guard/engines.hpp"
#include "spillway/observe/metrics.hpp"

namespace spillway::gateway {

/// The local engine of each deployment, by `DeploymentIndex`; the file's `local: false` takes one
/// out. Those that sit on one get its instruments.
[[nodiscard]] std::vector<guard::EngineSeat> seats_of(const config::Config& config,
                                                      std::vector<Upstream>& upstreams,
                                                      observe::Metrics& metrics);

}  // namespace spillway::gateway
