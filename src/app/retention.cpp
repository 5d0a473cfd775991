#include "spillway/app/retention.hpp"

#include "spillway/config/budget.hpp"
#include "spillway/config/retention.hpp"

namespace spillway::app {

ledger::RetentionRule retention_rule(const config::Config& config)
{
    ledger::RetentionRule rule;
    rule.keep = config::retention(config);
    rule.interval = config::retention_interval(config);
    const bool ships = config.general.database_url && !config.general.disable_spend_logs;
    if (ships)
        rule.outbox = ledger::RetentionRule::Outbox::must_be_empty;
    const auto& budget = config::proxy_budget(config);
    if (budget.most && budget.period.unit != config::BudgetPeriod::Unit::never)
        rule.needed_from = [period = budget.period](WallTime now) {
            return config::began(period, now);
        };
    return rule;
}

}  // namespace spillway::app
