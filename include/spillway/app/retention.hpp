#pragma once

#include "spillway/config/config.hpp"
#include "spillway/guard/budgets.hpp"
#include "spillway/ledger/upkeep.hpp"

namespace spillway::app {

/// What may go by age, as the configuration of the start has it: nothing that PostgreSQL shall have
/// and does not, and nothing that a budget's current period is summed from. A budget that is never
/// renewed has the sums of what went.
/// @param budgets  Outlives the rule.
[[nodiscard]] ledger::RetentionRule retention_rule(const config::Config& config,
                                                   const guard::Budgets& budgets);

}  // namespace spillway::app
