#include <gmock/gmock.h>

#include "spillway/route/attempt_chain.hpp"
#include "unit/route/world.hpp"

// Answers that failed a check: one further place is asked, within the plan and its limits.
namespace spillway::route {
namespace {

using testing_world::config_of;
using testing_world::row;
using testing_world::Walk;

config::Config three_groups()
{
    auto config =
        config_of({row("small", "s1"), row("small", "s2"), row("big", "b"), row("cloud", "c")});
    config.router.fallbacks = {{"small", {"cloud"}}};
    return config;
}

Walk& doubted(Walk& walk)
{
    walk.last = walk.chain.doubted(walk.moment());
    return walk;
}

TEST(Doubted, LeadsToTheNextHopAndNotToTheSameGroupAgain)
{
    Walk walk(three_groups(), std::vector<std::string>{"small", "big", "cloud"});
    walk.start();
    EXPECT_TRUE(walk.chain.may_escalate());
    EXPECT_EQ(doubted(walk).to(), "b");
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
    EXPECT_TRUE(walk.chain.failures().empty());
}

TEST(Doubted, LeadsFurtherOnlyOnce)
{
    Walk walk(three_groups(), std::vector<std::string>{"small", "big", "cloud"});
    doubted(walk.start());
    EXPECT_FALSE(walk.chain.may_escalate());
    EXPECT_EQ(walk.fails(chat::FailureClass::transient).to(), "stop");
    EXPECT_EQ(walk.chain.failures().size(), 1U);
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST(Doubted, PassesOverWhoCannotBePaidOrRests)
{
    Walk walk(three_groups(), std::vector<std::string>{"small", "big", "cloud"});
    doubted(walk.start());
    ASSERT_EQ(walk.to(), "b");
    walk.last = walk.chain.declined(Error(Errc::budget_exceeded, "no"), walk.moment());
    EXPECT_EQ(walk.to(), "c");

    Walk rests(three_groups(), std::vector<std::string>{"small", "big", "cloud"});
    rests.start();
    rests.rest("b", Millis{60'000});
    EXPECT_EQ(doubted(rests).to(), "c");
}

TEST(Doubted, StopsAtTheEndOfThePlan)
{
    Walk walk(three_groups(), std::vector<std::string>{"small"});
    walk.start();
    EXPECT_FALSE(walk.chain.may_escalate());
    EXPECT_EQ(doubted(walk).to(), "stop");
}

TEST(Doubted, NeverLeavesTheBoundary)
{
    auto config = three_groups();
    config.deployments[0].local = config.deployments[1].local = true;
    const RoutingTable table(config, {true, true, false, false});
    auto fleet = testing_world::idle_fleet(table);
    auto plan = testing_world::plan_along(table, {"small", "cloud"});
    plan.limits.boundary = privacy::Boundary::local;
    AttemptChain chain(table, {std::move(plan), {}, Tokens{0}}, testing_world::noon);
    const Moment moment{testing_world::noon, fleet};
    ASSERT_TRUE(std::holds_alternative<Send>(chain.start(moment)));
    EXPECT_TRUE(std::holds_alternative<Stop>(chain.doubted(moment)));
}

TEST(Doubted, IsNotForAnswersThatTheClientHas)
{
    Walk walk(three_groups(), std::vector<std::string>{"small", "big"});
    walk.start();
    walk.chain.committed();
    EXPECT_FALSE(walk.chain.may_escalate());
    EXPECT_EQ(doubted(walk).to(), "stop");
}

TEST(Doubted, DoesNotComeBackToTheSameDeploymentByAnotherName)
{
    Walk walk(three_groups(), std::vector<std::string>{"s1", "small"});
    ASSERT_EQ(walk.start().to(), "s1");
    EXPECT_EQ(doubted(walk).to(), "s2");
}

}  // namespace
}  // namespace spillway::route
