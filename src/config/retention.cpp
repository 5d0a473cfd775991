#include "spillway/config/retention.hpp"

#include <algorithm>

namespace spillway::config {

namespace {

std::optional<std::chrono::seconds> length(const BudgetPeriod& period)
{
    using namespace std::chrono;
    switch (period.unit) {
        case BudgetPeriod::Unit::never:
            return std::nullopt;
        case BudgetPeriod::Unit::second:
            return seconds{period.count};
        case BudgetPeriod::Unit::minute:
            return minutes{period.count};
        case BudgetPeriod::Unit::hour:
            return hours{period.count};
        case BudgetPeriod::Unit::day:
            return days{period.count};
        case BudgetPeriod::Unit::week:
            return weeks{period.count};
        case BudgetPeriod::Unit::month:
            return days{30} * period.count;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::chrono::seconds> retention(const Config& config)
{
    const auto own = length(config.ledger.retention);
    return own ? own : length(config.general.spend_logs_retention);
}

std::chrono::seconds retention_interval(const Config& config)
{
    auto interval = length(config.ledger.retention_interval);
    if (!interval)
        interval = length(config.general.spend_logs_retention_interval);
    return std::max<std::chrono::seconds>(interval.value_or(std::chrono::hours{1}),
                                          std::chrono::minutes{1});
}

}  // namespace spillway::config
