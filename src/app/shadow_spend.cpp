#include "spillway/app/shadow_spend.hpp"

#include <algorithm>
#include <chrono>

#include "spillway/base/log.hpp"
#include "spillway/ledger/comparisons.hpp"

namespace spillway::app {

bool restore_shadow_spend(const config::Config& config, const std::string& ledger,
                          guard::DailyAllowance& allowance, WallTime now)
{
    const auto& routes = config.routes;
    const bool compares =
        std::any_of(routes.begin(), routes.end(), [](const auto& route) { return route.shadow; });
    if (!compares)
        return false;
    const auto spent = ledger::shadow_spend(ledger, std::chrono::floor<std::chrono::days>(now));
    if (!spent) {
        SPILLWAY_WARN("shadows: {}; none are sent today", spent.error().message());
        for (const auto& route : routes)
            if (route.shadow)
                allowance.restore(route.name, route.shadow->max_cost_per_day, now);
        return true;
    }
    for (const auto& [route, sum] : *spent)
        allowance.restore(route, sum, now);
    return true;
}

}  // namespace spillway::app
