#pragma once

#include <atomic>
#include <memory>

#include "spillway/base/clock.hpp"
#include "spillway/dialect/request_reader.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "spillway/gateway/settlements.hpp"
#include "spillway/gateway/shadows.hpp"
#include "spillway/gateway/side_calls.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/guard/conversations.hpp"
#include "spillway/guard/daily_allowance.hpp"
#include "spillway/guard/retry_budget.hpp"
#include "spillway/ledger/comparison_writer.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/observe/metrics.hpp"
#include "spillway/route/fleet_view.hpp"

namespace spillway::gateway {

/// What all shards share: plain atomics, listed here and nowhere else (house plan 3.6).
struct Shared {
    guard::RetryBudget retry_budget;
    guard::Conversations conversations{};
    guard::DailyAllowance shadow_allowance{};  ///< By route.
    std::atomic<std::size_t> in_flight{0};
    std::atomic<bool> draining{false};
    /// Millionths of the proxy's budget that are left; negative: there is no cap. Refreshed from
    /// the ledger's sums (app/budget_watch).
    std::atomic<std::int64_t> budget_left{-1};

    [[nodiscard]] route::BudgetView budget() const
    {
        route::BudgetView view;
        const auto left = budget_left.load(std::memory_order_relaxed);
        if (left >= 0)
            view.proxy = static_cast<double>(left) / 1e6;
        return view;
    }
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
    ledger::ComparisonWriter& comparisons;
    dialect::RequestReader reader{};
    route::FleetView fleet_view{};
    Describer describer{};
    ShadowQueue shadows{};
    SideCalls side_calls{};
};

}  // namespace spillway::gateway
