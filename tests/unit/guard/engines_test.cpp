#include "spillway/guard/engines.hpp"

#include <gtest/gtest.h>

#include "spillway/guard/fleet.hpp"
#include "unit/route/world.hpp"

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using route::testing_world::config_of;
using route::testing_world::row;

const TimePoint noon{std::chrono::hours{1'000}};
constexpr DeploymentIndex a{0};
constexpr DeploymentIndex b{1};
constexpr DeploymentIndex cloud{2};

std::vector<EngineSeat> seats(std::string second = "h:1")
{
    return {{"h:1", engine::Kind::ollama, "a", std::nullopt},
            {std::move(second), engine::Kind::ollama, "b", 3},
            {}};
}

EngineWish wish(std::string_view model)
{
    EngineWish wish;
    wish.model = model;
    return wish;
}

TEST(Engines, AreSharedByAddress)
{
    const Engines together(seats(), {}, nullptr);
    EXPECT_EQ(together.of(a), together.of(b));
    EXPECT_EQ(together.of(cloud), nullptr);
    EXPECT_EQ(together.all().size(), 1u);
    const Engines apart(seats("h:2"), {}, nullptr);
    EXPECT_NE(apart.of(a), apart.of(b));
    EXPECT_EQ(apart.all().size(), 2u);
}

TEST(Engines, HaveTheSlotsOfTheFileOrOfTheirDeployments)
{
    const auto slots_of = [](const Engines& engines) {
        const auto pass = engines.of(a)->enter(wish("a"), {}, noon);
        return engines.of(a)->health().models.front().slots;
    };
    config::Queue settings;
    EXPECT_EQ(slots_of(Engines(seats(), settings, nullptr)), 3u);
    settings.engines["h:1"].slots = 2;
    EXPECT_EQ(slots_of(Engines(seats(), settings, nullptr)), 2u);
}

TEST(Engines, OutliveAConfiguration)
{
    config::Queue settings;
    auto first = std::make_unique<Engines>(seats(), settings, nullptr);
    settings.size = 7;
    const Engines second(seats(), settings, first.get());
    const auto pass = first->of(a)->enter(wish("a"), {}, noon);
    auto* const gate = first->of(a);
    EXPECT_EQ(second.of(a), gate);
    first.reset();
    EXPECT_EQ(second.of(a)->health().running, 1u);
    EXPECT_EQ(second.of(a)->health().most_waiting, 7u);
}

TEST(Engines, ShowTheFleetHowLongOneWouldWait)
{
    const auto config = config_of({row("m", "a"), row("m", "b"), row("m", "cloud")});
    const route::RoutingTable table(config, {true, true, false}, {true, true, false});
    const auto engines = std::make_shared<const Engines>(seats("h:2"), config::Queue{}, nullptr);
    const Fleet fleet(table, nullptr, engines);
    route::FleetView view;
    fleet.read(view, noon);
    ASSERT_TRUE(view[a].expected_wait);
    EXPECT_EQ(view[cloud].expected_wait, std::nullopt);
    const auto idle = *view[a].expected_wait;
    const auto pass = engines->of(a)->enter(wish("a"), {}, noon);
    fleet.read(view, noon);
    EXPECT_GT(*view[a].expected_wait, idle);
    EXPECT_LE(*view[b].expected_wait, idle);
    EXPECT_EQ(fleet.health(a, noon).state.expected_wait, view[a].expected_wait);
}

AttemptReport unreached(DeploymentIndex deployment)
{
    AttemptReport report;
    report.deployment = deployment;
    report.end = AttemptReport::End::failed;
    report.failure.kind = chat::FailureClass::transient;
    report.failure.unreached = true;
    return report;
}

TEST(Engines, ThatAreGoneAreLeftAtOnceAndComeBackAfterAProbe)
{
    const auto config = config_of({row("m", "a"), row("m", "b"), row("m", "cloud")});
    const route::RoutingTable table(config, {true, true, false}, {true, true, false});
    Fleet fleet(table, nullptr);
    fleet.started(a, noon);
    fleet.ended(unreached(a), noon);
    route::FleetView view;
    fleet.read(view, noon);
    EXPECT_FALSE(view[a].serves(noon));
    EXPECT_TRUE(view[b].serves(noon));
    // Its rest is over: one request tries it, the others go elsewhere until that has an answer.
    const auto later = view[a].rests_until;
    fleet.read(view, later);
    ASSERT_TRUE(view[a].serves(later));
    fleet.started(a, later);
    fleet.read(view, later);
    EXPECT_FALSE(view[a].serves(later));
    AttemptReport answer;
    answer.deployment = a;
    fleet.ended(answer, later + 1s);
    fleet.read(view, later + 1s);
    EXPECT_TRUE(view[a].serves(later + 1s));
}

TEST(Engines, AloneInTheirGroupOrInTheCloudAreNotLeftForOneFailedConnect)
{
    const auto config = config_of({row("m", "a"), row("m", "b"), row("m", "cloud")});
    const route::RoutingTable table(config, {true, true, false}, {true, true, false});
    Fleet fleet(table, nullptr);
    fleet.started(cloud, noon);
    fleet.ended(unreached(cloud), noon);
    route::FleetView view;
    fleet.read(view, noon);
    EXPECT_TRUE(view[cloud].serves(noon));
    const auto alone = config_of({row("m", "a")});
    const route::RoutingTable small(alone, {true}, {true});
    Fleet one(small, nullptr);
    one.started(a, noon);
    one.ended(unreached(a), noon);
    one.read(view, noon);
    EXPECT_TRUE(view[a].serves(noon));
}

}  // namespace
}  // namespace spillway::guard
