#include "spillway/app/edition.hpp"

#include <utility>

#include "spillway/app/settings.hpp"
#include "spillway/config/budget.hpp"
#include "spillway/config/prices.hpp"
#include "spillway/tokens/estimator.hpp"

namespace spillway::app {

namespace {

admin::Deployment card(const config::Deployment& configured, const gateway::Upstream& upstream)
{
    admin::Deployment out;
    out.id = upstream.id;
    out.group = configured.group;
    out.model = configured.model;
    out.upstream_model = upstream.model;
    out.api_base = upstream.api_base;
    out.provider = upstream.provider;
    out.origin = upstream.origin;
    out.base_path = upstream.base_path;
    out.header_block = upstream.header_block;
    out.mode = configured.mode;
    out.prices = upstream.rate.prices;
    out.rate = upstream.rate;
    out.max_input_tokens = configured.max_input_tokens;
    out.max_output_tokens = configured.max_output_tokens;
    out.rpm = configured.rpm;
    out.tpm = configured.tpm;
    out.max_parallel = configured.max_parallel;
    out.state = upstream.metrics.state;
    out.in_flight = upstream.metrics.in_flight;
    return out;
}

std::shared_ptr<const admin::View> make_view(const gateway::Snapshot& snapshot)
{
    auto view = std::make_shared<admin::View>();
    view->number = snapshot.number;
    view->built = snapshot.built;
    view->fleet = snapshot.fleet;
    view->engines = snapshot.engines;
    view->connect_timeout = snapshot.config.upstream.connect_timeout;
    if (const auto caps = config::proxy_caps(snapshot.config).windows; !caps.empty())
        view->max_budget = caps.front().most;
    view->prices = std::make_shared<const ledger::PriceBook>(config::built_in_prices(),
                                                             snapshot.config.prices);
    view->count_tokens = [](const std::string& model, std::string_view text) {
        return tokens::Estimator(tokens::family_of(model)).estimate(text).tokens;
    };
    view->call_rules = std::make_shared<const keys::CallRules>(
        keys::CallRules{keys::ModelNames(snapshot.config), snapshot.config.router.key_rules,
                        snapshot.config.router.end_user_budget_id});
    view->deployments.reserve(snapshot.upstreams.size());
    for (std::size_t i = 0; i < snapshot.upstreams.size(); ++i)
        view->deployments.push_back(card(snapshot.config.deployments[i], snapshot.upstreams[i]));
    return view;
}

/// "localhost" is another machine for every instance.
void keep_own_engines_apart(const gateway::Snapshot& snapshot)
{
    for (std::size_t i = 0; i < snapshot.upstreams.size(); ++i) {
        const auto& upstream = snapshot.upstreams[i];
        if (upstream.local && is_loopback(upstream.origin.host))
            snapshot.fleet->keep_apart(static_cast<DeploymentIndex>(i));
    }
}

}  // namespace

Result<Edition> make_edition(config::Config config, const config::Environment& environment,
                             observe::Metrics& metrics, const Edition& previous, WallTime now)
{
    const auto visible = config::environment_of(config, environment);
    auto snapshot = gateway::build_snapshot(std::move(config), visible, config::built_in_prices(),
                                            metrics, previous.snapshot.get(), now);
    if (!snapshot)
        return fail(std::move(snapshot).error());
    keep_own_engines_apart(**snapshot);
    auto view = make_view(**snapshot);
    return Edition{std::move(*snapshot), std::move(view)};
}

}  // namespace spillway::app
