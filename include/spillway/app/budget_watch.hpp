#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "spillway/base/clock.hpp"
#include "spillway/config/budget.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/ledger/spend_meter.hpp"

namespace spillway::app {

/// Millionths of `budget` that are left after `spent`; -1 without a cap.
[[nodiscard]] std::int64_t millionths_left(const config::Budget& budget, NanoUsd spent);

/// Keeps `gateway::Shared::budget_left` up to date from the ledger's sums, every two seconds, on a
/// thread of its own: shards never wait for SQL. There is no thread until there is a cap.
class BudgetWatch {
public:
    BudgetWatch(std::string ledger_path, gateway::Shared& shared, const Clock& clock);
    ~BudgetWatch();
    BudgetWatch(const BudgetWatch&) = delete;
    BudgetWatch& operator=(const BudgetWatch&) = delete;

    /// Watches this budget from now on. Control thread.
    void follow(const config::Budget& budget);

private:
    void run();
    void look(const config::Budget& budget);

    ledger::SpendMeter meter_;
    gateway::Shared& shared_;
    const Clock& clock_;
    bool failing_ = false;  ///< Said once, not every two seconds.

    std::mutex mutex_;
    std::condition_variable changed_;
    config::Budget budget_;
    bool news_ = false;
    bool stopping_ = false;
    std::thread thread_;
};

}  // namespace spillway::app
