#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/time_zone.hpp"
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

/// From its first moment to that of the next one.
struct BudgetWindow {
    WallTime began{};
    std::optional<WallTime> ends;  ///< Empty for a budget that is never renewed.
    friend bool operator==(const BudgetWindow&, const BudgetWindow&) = default;
};

/// The window that `now` lies in, by the zone's calendar as LiteLLM has it: days and "24h" begin at
/// midnight, "7d" and weeks on Monday, "30d" and months on the first; what is shorter than a day is
/// counted from midnight, so its last window of a day may be cut short. Windows never overlap,
/// whatever a zone does to its clocks.
[[nodiscard]] BudgetWindow window_of(const BudgetPeriod& period, WallTime now,
                                     const TimeZone& zone = {});

/// A cap on what one scope spends per period; none without `most`.
struct Budget {
    std::optional<NanoUsd> most;
    BudgetPeriod period;
    friend bool operator==(const Budget&, const Budget&) = default;
};

/// All caps of one scope, and the amount at which somebody is told.
struct ScopeCaps {
    std::vector<Budget> windows;
    std::optional<NanoUsd> soft;
    [[nodiscard]] bool empty() const { return windows.empty() && !soft; }
    friend bool operator==(const ScopeCaps&, const ScopeCaps&) = default;
};

/// What a route does from a used share of the tightest budget on.
enum class BudgetTurn : std::uint8_t {
    local_first,  ///< Local targets come before the others.
    local_only,   ///< No others are used.
};
struct BudgetStep {
    double used = 1;  ///< Spent and reserved as a part of the cap.
    BudgetTurn turn = BudgetTurn::local_first;
    friend bool operator==(const BudgetStep&, const BudgetStep&) = default;
};

/// Whether a cap lets deployments be used whose price is not known.
enum class UnknownPrices : std::uint8_t { refuse, allow };

struct Config;
/// All caps of the whole proxy: those of `budgets`, and the pair of `general_settings` where it has
/// one, else that of `litellm_settings`.
[[nodiscard]] ScopeCaps proxy_caps(const Config& config);

}  // namespace spillway::config
