#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "spillway/guard/budgets.hpp"
#include "spillway/guard/rate_limits.hpp"
#include "spillway/instances/bank.hpp"
#include "spillway/instances/shared_clock.hpp"

namespace spillway::instances {

/// One thing that is leased, as the part of the process knows it that spends it.
using Ware = std::variant<guard::Budgets::Unknown, guard::SharedLimit>;
[[nodiscard]] WindowKey key_of(const Ware& ware);

/// A ware whose sums changed.
struct Demand {
    Ware ware;
    std::int64_t refused = 0;
    std::int64_t least = 0;
};

/// How a ware stands here.
struct Stock {
    std::optional<WallTime> ends;
    std::int64_t cap = 0;
    std::int64_t spent = 0;
    std::int64_t reserved = 0;
    std::int64_t lease = 0;
    Tenure tenure = Tenure::kept;
};

/// All that is leased, in one form. What it refers to is safe from any thread.
class Wares {
public:
    Wares(guard::Budgets& budgets, guard::RateLimits& rates, SharedClock& clock)
        : budgets_(budgets), rates_(rates), clock_(clock)
    {}

    [[nodiscard]] SharedClock& clock() { return clock_; }
    [[nodiscard]] guard::RateLimits& rates() { return rates_; }
    /// At most `most` of those that changed.
    [[nodiscard]] std::vector<Demand> take_demands(std::size_t most);
    /// Empty when it is over.
    [[nodiscard]] std::optional<Stock> stock(const Ware& ware);
    /// Takes what is above `keep` and not in use out of use. @return What is left of the lease.
    [[nodiscard]] std::optional<std::int64_t> lower(const Ware& ware, std::int64_t keep);
    void lease(const Ware& ware, const Answer& answer);

private:
    guard::Budgets& budgets_;
    guard::RateLimits& rates_;
    SharedClock& clock_;
};

}  // namespace spillway::instances
