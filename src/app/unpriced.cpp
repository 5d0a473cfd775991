#include "spillway/app/unpriced.hpp"

#include <algorithm>

#include "spillway/base/text.hpp"
#include "spillway/config/environment.hpp"
#include "spillway/config/prices.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/guard/configured_budgets.hpp"
#include "spillway/ledger/cost.hpp"

namespace spillway::app {

std::vector<config::Problem> unpriced_under_caps(const config::Config& config,
                                                 const config::Environment& environment)
{
    std::vector<config::Problem> warnings;
    if (config.budgets.unknown_prices == config::UnknownPrices::allow)
        return warnings;
    const auto caps = guard::configured_budgets(config).scopes;
    if (caps.empty())
        return warnings;
    const auto visible = config::environment_of(config, environment);
    const ledger::PriceBook book(config::built_in_prices(), config.prices);
    for (const auto& deployment : config.deployments) {
        const auto resolved = config::resolve(deployment, visible);
        // What a wildcard serves is known only when it is asked for.
        if (!resolved || deployment.model.ends_with('*'))
            continue;
        const bool local = deployment.local.value_or(resolved->place == config::Place::local);
        const auto rate = book.rate(deployment, resolved->upstream_model, local);
        const bool timed =
            count(ledger::PriceBook::second_price(deployment, config.local, local)) > 0;
        if (timed || rate.prices.input)
            continue;
        const bool pays = std::any_of(caps.begin(), caps.end(), [&](const auto& cap) {
            using chat::ScopeKind;
            const auto& [kind, name] = cap.scope;
            return !cap.hard.empty() &&
                   (kind == ScopeKind::proxy ||
                    (kind == ScopeKind::provider && name == resolved->provider->name) ||
                    (kind == ScopeKind::group && name == deployment.group) ||
                    (kind == ScopeKind::deployment && name == deployment.id));
        });
        if (pays)
            warnings.push_back({deployment.where,
                                "the price of \"" + printable(deployment.model, 80) +
                                    "\" is not known and a budget pays for it, so it will not be "
                                    "used: price it, or set budgets.unknown_prices: allow",
                                config::Problem::Level::warning});
    }
    return warnings;
}

}  // namespace spillway::app
