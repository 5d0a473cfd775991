#include "spillway/route/preference.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace spillway::route {

double rank_of(Preference prefer, const Deployment& deployment, const DeploymentState& state,
               const Limits& limits)
{
    const bool local = deployment.reach == privacy::Reach::local;
    const auto priced = [&](double unknown, double sign) {
        const auto cost =
            worst_cost(deployment, limits.prompt_for(deployment), limits.answer, limits.choices);
        return cost ? sign * static_cast<double>(count(*cost)) : unknown;
    };
    switch (prefer) {
        case Preference::none:
            break;
        case Preference::local:
            return local ? 0 : 1;
        case Preference::cloud:
            return local ? 1 : 0;
        case Preference::cheap:
            return priced(std::numeric_limits<double>::max(), 1);
        case Preference::fast:
            // Never measured is no reason to be last.
            return (state.first_token_ms > 0 ? state.first_token_ms : 1) * (state.in_flight + 1.0);
        case Preference::best:
            // The dearest model is the best guess at the most capable one.
            return priced(0, -1);
    }
    return 0;
}

void sort_by_preference(Preference prefer, const Limits& limits, const RoutingTable& table,
                        const FleetView& fleet, std::vector<DeploymentIndex>& order)
{
    if (prefer == Preference::none)
        return;
    const auto key = [&](DeploymentIndex each) {
        return std::pair(table[each].weight <= 0,
                         rank_of(prefer, table[each], fleet[each], limits));
    };
    std::stable_sort(order.begin(), order.end(),
                     [&](DeploymentIndex a, DeploymentIndex b) { return key(a) < key(b); });
}

bool may_stay(Preference prefer, DeploymentIndex last, DeploymentIndex best, const Limits& limits,
              const RoutingTable& table, const FleetView& fleet)
{
    return prefer == Preference::none || prefer == Preference::fast ||
           rank_of(prefer, table[last], fleet[last], limits) <=
               rank_of(prefer, table[best], fleet[best], limits);
}

}  // namespace spillway::route
