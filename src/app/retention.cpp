#include "spillway/app/retention.hpp"

#include <algorithm>

#include "spillway/config/budget.hpp"
#include "spillway/config/retention.hpp"

namespace spillway::app {
namespace {

/// Where the earliest period that budgets are summed from began. Not after the month did: a budget
/// of a key that comes today may ask for it.
WallTime earliest_period(const guard::Budgets& budgets, WallTime now)
{
    auto earliest = config::window_of({1, config::BudgetPeriod::Unit::month}, now).began;
    for (const auto& standing : budgets.look(now)) {
        if (standing.resets)
            earliest = std::min(earliest, standing.began);
    }
    return earliest;
}

}  // namespace

ledger::RetentionRule retention_rule(const config::Config& config, const guard::Budgets& budgets)
{
    ledger::RetentionRule rule;
    rule.keep = config::retention(config);
    rule.interval = config::retention_interval(config);
    const bool ships = config.general.database_url && !config.general.disable_spend_logs;
    if (ships)
        rule.outbox = ledger::RetentionRule::Outbox::must_be_empty;
    rule.needed_from = [&budgets](WallTime now) { return earliest_period(budgets, now); };
    return rule;
}

}  // namespace spillway::app
