#pragma once

#include <cstdint>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/config.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// Orders the deployments of one `order` level, best first. Pure: chance comes in as `draw`.
///
/// Ties are broken by the weighted shuffle, so that equal deployments share the load whatever the
/// strategy. A weight of zero comes last, it does not go away: it is still there for a retry.
[[nodiscard]] std::vector<DeploymentIndex> ranked(config::Strategy strategy,
                                                  std::vector<DeploymentIndex> candidates,
                                                  const RoutingTable& table, const FleetView& fleet,
                                                  std::uint64_t draw);

/// Where the file names no strategy: an engine of ours that was drawn gives way to the one among
/// `order` with the least `expected_wait`, which counts a load twice. Equal ones (within a quarter
/// of a second) stay in the drawn order, so weights hold among them. Who has no queue in front of
/// it keeps its place.
void prefer_ready_engines(std::vector<DeploymentIndex>& order, const RoutingTable& table,
                          const FleetView& fleet);

/// What it costs a conversation to leave the engine that has its prompt in the cache, in requests
/// in flight more than those of the engine that it would move to: one for every 2,000 tokens that
/// would be read again, 32 at most. Nothing for a short prompt: that is read again in no time.
[[nodiscard]] std::uint32_t switch_cost(Tokens prompt);

}  // namespace spillway::route
