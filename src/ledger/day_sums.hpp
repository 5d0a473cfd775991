#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace spillway::ledger {

/// A sum of money that cannot overflow: dollars and nano-dollars are summed apart.
struct Spend {
    std::int64_t dollars = 0;
    std::int64_t nanos = 0;

    Spend& operator+=(const Spend& other);
    /// Decimal USD, exact.
    [[nodiscard]] std::string json() const;
};

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

/// "YYYY-MM-DD" of a day counted from 1970-01-01.
[[nodiscard]] std::string day_text(std::int64_t day);

/// `[{"startTime","spend","users","models","api_keys","unknown_cost_requests"}]` by day.
[[nodiscard]] std::string json_of(const std::map<std::int64_t, DaySums>& days);
/// `[{"date","spend"}]` by day.
[[nodiscard]] std::string json_of(const std::map<std::int64_t, Spend>& days);

}  // namespace spillway::ledger
