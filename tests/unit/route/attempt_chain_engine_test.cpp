#include <gtest/gtest.h>

#include "spillway/route/attempt_chain.hpp"
#include "unit/route/world.hpp"

// Engines that would take too long, or have no room.
namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing_world::config_of;
using testing_world::row;
using testing_world::Walk;

/// Group "home" falls back to group "cloud"; no retries.
config::Config home_and_cloud()
{
    auto config = config_of({row("home", "h"), row("cloud", "c")});
    config.router.fallbacks = {{"home", {"cloud"}}};
    config.router.num_retries = 0;
    return config;
}

void pass_over(Walk& walk)
{
    walk.last = walk.chain.passed_over(walk.moment());
}

void turn_away(Walk& walk)
{
    walk.last = walk.chain.turned_away(Error(Errc::overloaded, "full").retry_in(7s), walk.moment());
}

TEST(BusyEngine, LeadsToTheFallbackWithoutAFailure)
{
    Walk walk(home_and_cloud(), "home");
    EXPECT_EQ(walk.start().to(), "h");
    pass_over(walk);
    EXPECT_EQ(walk.to(), "c");
    EXPECT_FALSE(walk.chain.insists());
    EXPECT_TRUE(walk.chain.failures().empty());
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST(BusyEngine, LeadsToTheNextOfTheGroupFirst)
{
    auto config = config_of({row("home", "a"), row("home", "b"), row("cloud", "c")});
    config.router.fallbacks = {{"home", {"cloud"}}};
    Walk walk(config, "home");
    const auto first = walk.start().to();
    pass_over(walk);
    EXPECT_EQ(walk.to(), first == "a" ? "b" : "a");
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
    pass_over(walk);
    EXPECT_EQ(walk.to(), "c");
}

TEST(BusyEngine, IsComeBackToWhenNobodyElseServes)
{
    Walk walk(home_and_cloud(), "home");
    walk.start();
    pass_over(walk);
    ASSERT_EQ(walk.to(), "c");
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "h");
    EXPECT_TRUE(walk.chain.insists());
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
}

TEST(BusyEngine, IsComeBackToWhenTheOtherCannotBePaid)
{
    Walk walk(home_and_cloud(), "home");
    walk.start();
    pass_over(walk);
    walk.last = walk.chain.declined(Error(Errc::budget_exceeded, "poor"), walk.moment());
    EXPECT_EQ(walk.to(), "h");
    EXPECT_TRUE(walk.chain.insists());
}

TEST(BusyEngine, IsComeBackToAtOnceWhenItIsAlone)
{
    Walk walk(config_of({row("home", "h")}), "home");
    walk.start();
    pass_over(walk);
    EXPECT_EQ(walk.to(), "h");
    EXPECT_TRUE(walk.chain.insists());
}

TEST(BusyEngine, IsNotLeftForWhatABoundaryForbids)
{
    auto config = home_and_cloud();
    config.deployments[0].local = true;
    Walk walk(config, "home", {}, Tokens{0}, {}, privacy::Boundary::local);
    walk.start();
    pass_over(walk);
    EXPECT_EQ(walk.to(), "h");
    EXPECT_TRUE(walk.chain.insists());
}

TEST(BusyEngine, IsNotAskedAgainForARequestThatIsItselfAtFault)
{
    Walk walk(home_and_cloud(), "home");
    walk.start();
    pass_over(walk);
    ASSERT_EQ(walk.to(), "c");
    EXPECT_EQ(walk.fails(FailureClass::rejected).to(), "stop");
}

TEST(FullEngine, IsLeftForGoodAndNamedInTheEnd)
{
    Walk walk(home_and_cloud(), "home");
    walk.start();
    turn_away(walk);
    ASSERT_EQ(walk.to(), "c");
    walk.last = walk.chain.declined(Error(Errc::budget_exceeded, "poor"), walk.moment());
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::overloaded);
    EXPECT_EQ(walk.error().retry_after(), 7s);
}

TEST(FullEngine, IsNotNamedWhereSomethingWasTried)
{
    Walk walk(home_and_cloud(), "home");
    walk.start();
    turn_away(walk);
    walk.fails(FailureClass::transient);
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_unreachable);
}

TEST(FullEngine, OfARequestThatStaysLocalSaysSo)
{
    auto config = config_of({row("home", "h")});
    config.deployments[0].local = true;
    Walk walk(config, "home", {}, Tokens{0}, {}, privacy::Boundary::local);
    walk.start();
    turn_away(walk);
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::no_local_deployment);
    EXPECT_EQ(walk.error().retry_after(), 7s);
}

TEST(FullEngine, EndsWhatWasPromisedToIt)
{
    Walk walk(home_and_cloud(), "home");
    walk.start();
    walk.chain.committed();
    turn_away(walk);
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::overloaded);
}

TEST(QueuedEngine, IsAskedAlthoughItIsAtItsLimit)
{
    auto config = config_of({row("home", "h")});
    config.deployments[0].max_parallel = 1;
    RoutingTable table(config, {true}, {true});
    FleetView fleet = testing_world::idle_fleet(table);
    fleet.states[0].in_flight = 1;
    AttemptChain chain(table, {straight_to(*table.resolve("home")), {}}, testing_world::noon);
    const auto action = chain.start({testing_world::noon, fleet});
    EXPECT_TRUE(std::holds_alternative<Send>(action));
}

}  // namespace
}  // namespace spillway::route
