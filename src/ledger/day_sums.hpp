#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "spillway/ledger/sums.hpp"

namespace spillway::ledger {

/// The two columns that `Spend` is read from.
inline constexpr const char* spend_columns =
    "coalesce(sum(cost_nano_usd / 1000000000), 0), coalesce(sum(cost_nano_usd % 1000000000), 0)";

/// One day of `summarize=true`. Unknown costs are counted, because in a sum they look like zero.
struct DaySums {
    Spend spend;
    std::int64_t unknown_costs = 0;
    std::map<std::string, Spend> models;
    std::map<std::string, Spend> users;
    std::map<std::string, Spend> keys;
};

/// `[{"startTime","spend","users","models","api_keys","unknown_cost_requests"}]` by day.
[[nodiscard]] std::string json_of(const std::map<std::string, DaySums>& days);

}  // namespace spillway::ledger
