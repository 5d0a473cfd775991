// What holds of every decision for a route, whatever the file, the fleet and the request.
#include <gtest/gtest.h>

#include "unit/route/random_world.hpp"

namespace spillway::route {
namespace {

using testing_world::noon;
using testing_world::RandomWorld;
using testing_world::sent_to;

/// What the rule that decided lets a request use.
const config::RouteAction& action_of(const config::Route& route, const Plan& plan)
{
    for (const auto& rule : route.rules)
        if (rule.name == plan.why.rule)
            return rule.action;
    return route.otherwise;
}

/// The members that the action names and that the plan's limits do not rule out.
std::vector<DeploymentIndex> usable(const config::RouteAction& action, const Plan& plan,
                                    const RoutingTable& table)
{
    std::vector<DeploymentIndex> members;
    for (const auto& name : action.use)
        for (const auto member : table[table.resolve(name)->group].members)
            if (!rules_out(judge(table[member], plan.limits, std::nullopt)))
                members.push_back(member);
    return members;
}

bool holds_any_of(const Resolved& hop, const std::vector<DeploymentIndex>& usable,
                  const RoutingTable& table)
{
    const auto& members = table[hop.group].members;
    return std::any_of(members.begin(), members.end(), [&](DeploymentIndex member) {
        return std::find(usable.begin(), usable.end(), member) != usable.end();
    });
}

FleetView fleet_by_chance(const RoutingTable& table, RandomWorld& world)
{
    auto fleet = testing_world::idle_fleet(table);
    for (auto& state : fleet.states) {
        state.in_flight = static_cast<std::uint32_t>(world.below(3));
        state.rests_until = world.below(4) == 0 ? noon + Millis{9'000} : TimePoint{};
        state.first_token_ms = world.below(900);
    }
    return fleet;
}

TEST(DecideProperty, APlanListsOnlyWhatItsRuleUsesAndWhatIsNotRuledOut)
{
    constexpr std::uint64_t worlds = 2'000;
    std::size_t planned = 0;
    std::size_t sent = 0;
    for (std::uint64_t seed = 1; seed <= worlds; ++seed) {
        RandomWorld world(seed);
        const auto config = world.config();
        const RoutingTable table(config, std::vector<bool>(config.deployments.size()));
        const privacy::ClassNames names;
        const RouteBook book(config, names);
        const auto& route = *book.find("r");
        const auto fleet = fleet_by_chance(table, world);
        for (int i = 0; i < 5; ++i) {
            const auto request = world.request();
            const Standing standing{table, fleet, {}, noon};
            auto plan = decide(request, route, standing);
            const auto again = decide(request, route, standing);
            ASSERT_EQ(plan.has_value(), again.has_value()) << seed;
            if (!plan)
                continue;
            ++planned;
            ASSERT_EQ(*plan, *again) << seed;
            const auto allowed = usable(action_of(route.source(), *plan), *plan, table);
            for (const auto& hop : plan->hops)
                ASSERT_TRUE(holds_any_of(hop, allowed, table)) << seed;
            // Neither the file's lists nor the client's lead to anybody else.
            for (const auto deployment : sent_to(table, *std::move(plan), world, config)) {
                ASSERT_NE(std::find(allowed.begin(), allowed.end(), deployment), allowed.end())
                    << seed << ": " << table[deployment].id;
                ++sent;
            }
        }
    }
    EXPECT_GT(planned, worlds);
    EXPECT_GT(sent, worlds);
}

}  // namespace
}  // namespace spillway::route
