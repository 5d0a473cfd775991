#pragma once

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/config/load.hpp"
#include "spillway/config/locality.hpp"
#include "spillway/route/decide.hpp"
#include "unit/route/world.hpp"

/// A configuration with routes, a fleet and a moment, for tests of decisions.
namespace spillway::route::testing_world {

/// Reads the file a user would write, and judges who is local as the daemon does.
inline config::Config written(std::string_view yaml)
{
    auto loaded =
        config::load_text(yaml, "c.yaml", [](const std::string&) { return std::nullopt; });
    std::string faults;
    for (const auto& problem : loaded.problems)
        faults += problem.where + ": " + problem.message + "\n";
    if (!loaded.config)
        throw std::invalid_argument(faults);
    const auto no_variables = [](const std::string&) { return std::optional<std::string>(); };
    for (auto& deployment : loaded.config->deployments) {
        const auto resolved = config::resolve(deployment, no_variables);
        deployment.local =
            config::planned_reach(deployment, resolved.value().base, {}) == privacy::Reach::local;
    }
    return *std::move(loaded.config);
}

/// Everything local is an engine of ours here.
inline std::vector<bool> engines_of(const config::Config& config)
{
    std::vector<bool> engines;
    for (const auto& deployment : config.deployments)
        engines.push_back(deployment.local.value_or(false));
    return engines;
}

class Scene {
public:
    explicit Scene(std::string_view yaml)
        : config(written(yaml)),
          table(config, engines_of(config)),
          book(config, names),
          fleet(idle_fleet(table))
    {}

    [[nodiscard]] Standing standing() const { return {table, fleet, budget, noon}; }
    [[nodiscard]] Result<Plan> decide(const Features& request, std::string_view model = "r") const
    {
        if (const auto* route = book.find(model))
            return route::decide(request, *route, standing());
        return route::decide(request, table.resolve(model).value(), standing());
    }
    /// The names of the plan's hops, or the name of the error.
    [[nodiscard]] std::vector<std::string> chain(const Features& request,
                                                 std::string_view model = "r") const
    {
        const auto plan = decide(request, model);
        if (!plan)
            return {std::string(describe(plan.error().code()).name)};
        std::vector<std::string> hops;
        for (const auto& hop : plan->hops)
            hops.push_back(table[hop.group].name);
        return hops;
    }
    [[nodiscard]] std::string rule(const Features& request) const
    {
        const auto plan = decide(request);
        return plan ? plan->why.rule : "refused";
    }
    DeploymentState& state(std::string_view id)
    {
        return fleet.states[at(*table.resolve(id)->pinned)];
    }

    config::Config config;
    privacy::ClassNames names;
    RoutingTable table;
    RouteBook book;
    FleetView fleet;
    BudgetView budget;
};

}  // namespace spillway::route::testing_world
