#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "spillway/base/clock.hpp"
#include "spillway/dialect/request_reader.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "spillway/gateway/settlements.hpp"
#include "spillway/gateway/shadows.hpp"
#include "spillway/gateway/side_calls.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/guard/conversations.hpp"
#include "spillway/guard/daily_allowance.hpp"
#include "spillway/guard/lease_desk.hpp"
#include "spillway/guard/rate_limits.hpp"
#include "spillway/guard/replays.hpp"
#include "spillway/guard/retry_budget.hpp"
#include "spillway/keys/key_book.hpp"
#include "spillway/ledger/answer_store.hpp"
#include "spillway/ledger/comparison_writer.hpp"
#include "spillway/ledger/open_calls.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/observe/metrics.hpp"
#include "spillway/route/fleet_view.hpp"

namespace spillway::gateway {

/// What all shards share, listed here and nowhere else (house plan 3.6): plain atomics, and what
/// has a short lock of its own.
struct Shared {
    guard::RetryBudget retry_budget;
    guard::Conversations conversations{};
    guard::DailyAllowance shadow_allowance{};  ///< By route.
    guard::RateLimits rate_limits{};
    guard::Replays replays{};
    guard::LeaseDesk leases{};
    ledger::AnswerStore* answers = nullptr;  ///< Null: answers are kept in memory only.
    std::atomic<std::size_t> in_flight{0};
    std::atomic<bool> draining{false};
    /// Called when a budget has something to tell; returns at once. Set before use.
    std::function<void()> on_budget_news{};

    void tell_budget_news() const
    {
        if (on_budget_news)
            on_budget_news();
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
    guard::Budgets& budgets;
    ledger::OpenCalls& open_calls;
    const Clock& clock;
    ledger::ComparisonWriter& comparisons;
    keys::KeyReader keys{};
    std::vector<guard::ScopeName> payers{};  ///< Of the payment being looked at; keeps its room.
    dialect::RequestReader reader{};
    route::FleetView fleet_view{};
    Describer describer{};
    ShadowQueue shadows{};
    SideCalls side_calls{};
};

}  // namespace spillway::gateway
