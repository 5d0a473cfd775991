#pragma once

#include "spillway/base/result.hpp"
#include "spillway/config/config.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/ledger/cost.hpp"
#include "spillway/observe/metrics.hpp"

namespace spillway::gateway {

/// What calls to a deployment need, from what the file says of it: where it is, what its heads
/// carry, how bodies are changed for it, and what it costs.
/// @return `bad_config` when a header or the key has bytes that cannot stand in a header.
[[nodiscard]] Result<Upstream> compile_upstream(const config::Deployment& deployment,
                                                const config::Config& config,
                                                const config::Resolved& resolved,
                                                const ledger::PriceBook& prices,
                                                observe::Metrics& metrics);

/// Whose prices hold for it.
[[nodiscard]] config::Place place_of(const Upstream& upstream);

}  // namespace spillway::gateway
