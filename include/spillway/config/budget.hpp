#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"

namespace spillway::config {

/// How long a budget lasts before it is full again, in LiteLLM's grammar: "30s", "30m", "30h",
/// "30d", "1w", "1mo".
struct BudgetPeriod {
    enum class Unit : std::uint8_t { never, second, minute, hour, day, week, month };
    int count = 0;
    Unit unit = Unit::never;
    friend bool operator==(const BudgetPeriod&, const BudgetPeriod&) = default;
};

/// Empty for what is no such duration.
[[nodiscard]] std::optional<BudgetPeriod> parse_budget_period(std::string_view text);
/// As the file has it; empty for a budget that is never renewed.
[[nodiscard]] std::string text_of(const BudgetPeriod& period);

/// When the period that `now` lies in began. UTC, and by the calendar as LiteLLM has it: days begin
/// at midnight, "7d" and weeks on Monday, "30d" and months on the first.
[[nodiscard]] WallTime began(const BudgetPeriod& period, WallTime now);

/// A cap on what the whole proxy spends per period.
struct Budget {
    std::optional<NanoUsd> most;
    BudgetPeriod period;
    friend bool operator==(const Budget&, const Budget&) = default;
};

struct Config;
/// The cap of `general_settings` where it has one, else that of `litellm_settings`.
[[nodiscard]] const Budget& proxy_budget(const Config& config);

}  // namespace spillway::config
