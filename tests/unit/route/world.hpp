#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/route/attempt_chain.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route::testing_world {

using chat::FailureClass;
using std::chrono::hours;
using std::chrono::seconds;

inline const TimePoint noon{hours{1'000}};

/// A deployment "id" of group "group"; the test changes the rest.
inline config::Deployment row(std::string group, std::string id)
{
    config::Deployment deployment;
    deployment.group = std::move(group);
    deployment.model = "openai/" + id;
    deployment.id = std::move(id);
    return deployment;
}

inline config::Config config_of(std::vector<config::Deployment> rows)
{
    config::Config config;
    config.deployments = std::move(rows);
    return config;
}

inline FleetView idle_fleet(const RoutingTable& table)
{
    FleetView fleet;
    fleet.states.resize(table.deployments().size());
    return fleet;
}

inline chat::Failure failure(FailureClass kind, int status = 0, std::string message = {})
{
    return chat::Failure{kind, status, std::move(message), std::nullopt};
}

/// The plan of a route whose rule names `use`.
inline Plan plan_along(const RoutingTable& table, const std::vector<std::string>& use)
{
    Plan plan;
    plan.beyond = Beyond::nothing;
    for (const auto& name : use)
        plan.hops.push_back(table.resolve(name).value());
    return plan;
}

/// One request walking through a table, at a time and with a fleet that the test sets.
class Walk {
public:
    explicit Walk(const config::Config& config, std::string_view model,
                  chat::RequestControls controls = {}, Tokens prompt = Tokens{0},
                  chat::TokenWish wish = {}, privacy::Boundary boundary = privacy::Boundary::any)
        : table(config, std::vector<bool>(config.deployments.size())),
          fleet(idle_fleet(table)),
          chain(table,
                {plan_for(table.resolve(model).value(), boundary), std::move(controls), prompt,
                 std::nullopt, wish},
                noon)
    {}

    /// A request that a route sends along `use`.
    explicit Walk(const config::Config& config, const std::vector<std::string>& use,
                  chat::RequestControls controls = {}, Tokens prompt = Tokens{0},
                  std::optional<DeploymentIndex> sticky = {})
        : table(config, std::vector<bool>(config.deployments.size())),
          fleet(idle_fleet(table)),
          chain(table, {plan_along(table, use), std::move(controls), prompt, sticky}, noon)
    {}

    Walk& start()
    {
        last = chain.start(moment());
        return *this;
    }
    Walk& fails(chat::Failure with)
    {
        last = chain.failed(std::move(with), moment());
        return *this;
    }
    Walk& fails(FailureClass kind) { return fails(failure(kind)); }
    Walk& resume()
    {
        now += std::get<Pause>(last).duration;
        last = chain.resumed(moment());
        return *this;
    }

    /// Where the last action sends to; "pause" or "stop" when it does not.
    [[nodiscard]] std::string to() const
    {
        if (const auto* send = std::get_if<Send>(&last)) {
            return table[send->target.deployment].id;
        }
        return std::holds_alternative<Pause>(last) ? "pause" : "stop";
    }
    [[nodiscard]] const Target& target() const { return std::get<Send>(last).target; }
    [[nodiscard]] const Error& error() const { return std::get<Stop>(last).error; }

    DeploymentState& state(std::string_view id)
    {
        const Resolved found = table.resolve(id).value();
        return fleet.states[at(found.pinned.value())];
    }
    void rest(std::string_view id, Millis time) { state(id).rests_until = now + time; }

    [[nodiscard]] static Plan plan_for(Resolved place, privacy::Boundary boundary)
    {
        auto plan = straight_to(std::move(place));
        plan.limits.boundary = boundary;
        return plan;
    }

    [[nodiscard]] Moment moment() const { return {now, fleet, draw, may_retry}; }

    RoutingTable table;
    FleetView fleet;
    TimePoint now = noon;
    std::uint64_t draw = 0;
    bool may_retry = true;
    AttemptChain chain;
    Action last = Pause{};
};

}  // namespace spillway::route::testing_world
