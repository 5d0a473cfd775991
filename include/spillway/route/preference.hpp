#pragma once

#include <vector>

#include "spillway/route/fleet_view.hpp"
#include "spillway/route/limits.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// How well a deployment suits what the client would like; smaller is better, equal is as good.
[[nodiscard]] double rank_of(Preference prefer, const Deployment& deployment,
                             const DeploymentState& state, const Limits& limits);

/// Puts those first that suit best; among equals the order stays. A weight of zero stays last.
void sort_by_preference(Preference prefer, const Limits& limits, const RoutingTable& table,
                        const FleetView& fleet, std::vector<DeploymentIndex>& order);

/// May a conversation stay where it was when `best` is what the client would like? Not where that
/// is worse, unless speed was asked for: nothing is faster than a prompt that is in the cache.
[[nodiscard]] bool may_stay(Preference prefer, DeploymentIndex last, DeploymentIndex best,
                            const Limits& limits, const RoutingTable& table,
                            const FleetView& fleet);

}  // namespace spillway::route
