#pragma once

#include <atomic>
#include <memory>

#include "spillway/base/clock.hpp"
#include "spillway/dialect/request_reader.hpp"
#include "spillway/gateway/settlements.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/guard/retry_budget.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/observe/metrics.hpp"
#include "spillway/route/fleet_view.hpp"

namespace spillway::gateway {

/// What all shards share: plain atomics, listed here and nowhere else (house plan 3.6).
struct Shared {
    guard::RetryBudget retry_budget;
    std::atomic<std::size_t> in_flight{0};
    std::atomic<bool> draining{false};
};

/// Everything a request may touch, fixed for the life of one shard. Outlives every request; used
/// on the shard's thread only. `snapshot` is replaced by a message posted to the shard.
struct Services {
    net::Shard& shard;
    std::shared_ptr<const Snapshot> snapshot;
    observe::Metrics& metrics;
    Shared& shared;
    Settlements& settlements;
    const Clock& clock;
    dialect::RequestReader reader{};
    route::FleetView fleet_view{};
};

}  // namespace spillway::gateway
