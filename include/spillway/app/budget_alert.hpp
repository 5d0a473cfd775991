#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spillway/guard/budgets.hpp"
#include "spillway/observe/metrics.hpp"

namespace spillway::app {

/// LiteLLM's word for what happened: "soft_budget_crossed".
[[nodiscard]] std::string_view event_of(guard::BudgetNews::Kind kind);
/// What a budget has to tell, in the shape of LiteLLM's webhook. Never names a key but by its hash.
[[nodiscard]] std::string alert_json(const guard::BudgetNews& news);
/// The same as a line of the log.
[[nodiscard]] std::string alert_line(const guard::BudgetNews& news);

/// Sets the gauges of caps that the configuration names; no name of a client becomes a label.
void show_budgets(const std::vector<guard::BudgetStanding>& standings, observe::Metrics& metrics);

}  // namespace spillway::app
