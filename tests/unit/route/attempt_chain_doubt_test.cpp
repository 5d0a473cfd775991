#include <gmock/gmock.h>

#include "spillway/route/attempt_chain.hpp"
#include "unit/route/world.hpp"

// Deployments that would most likely fail: unreachable ones, and those whose quota is spent.
namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing_world::config_of;
using testing_world::noon;
using testing_world::row;
using testing_world::Walk;

config::Config pair()
{
    return config_of({row("fast", "a"), row("fast", "b")});
}

/// Group "home" falls back to group "cloud"; no retries.
config::Config home_and_cloud()
{
    auto config = config_of({row("home", "h"), row("cloud", "c")});
    config.router.fallbacks = {{"home", {"cloud"}}};
    config.router.num_retries = 0;
    return config;
}

TEST(Doubt, PrefersWhoIsReachable)
{
    for (std::uint64_t draw = 0; draw < 50; ++draw) {
        Walk walk(pair(), "fast");
        walk.draw = draw;
        walk.state("a").unreachable = true;
        EXPECT_EQ(walk.start().to(), "b");
    }
}

TEST(Doubt, PrefersWhoHasARequestLeft)
{
    for (std::uint64_t draw = 0; draw < 50; ++draw) {
        Walk walk(pair(), "fast");
        walk.draw = draw;
        walk.state("b").requests_spent_until = noon + 10s;
        EXPECT_EQ(walk.start().to(), "a");
    }
}

TEST(Doubt, PrefersWhoHasTokensLeftForThePrompt)
{
    for (std::uint64_t draw = 0; draw < 50; ++draw) {
        Walk walk(pair(), "fast", {}, Tokens{5'000});
        walk.draw = draw;
        walk.state("b").tokens_known_until = noon + 10s;
        walk.state("b").tokens_left = Tokens{4'999};
        EXPECT_EQ(walk.start().to(), "a");
    }
}

TEST(Doubt, EndsWithTheQuotasReset)
{
    Walk walk(home_and_cloud(), "home");
    walk.state("h").requests_spent_until = noon;
    EXPECT_EQ(walk.start().to(), "h");
}

TEST(Doubt, LeadsToTheFallback)
{
    Walk walk(home_and_cloud(), "home");
    walk.state("h").unreachable = true;
    EXPECT_EQ(walk.start().to(), "c");
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
}

TEST(Doubt, LeadsToTheNextOrderOfTheGroup)
{
    auto config = pair();
    config.deployments[1].order = 2;
    Walk walk(config, "fast");
    walk.state("a").unreachable = true;
    EXPECT_EQ(walk.start().to(), "b");
}

TEST(Doubt, DoesNotKeepFromAskingWhenNobodyElseIsThere)
{
    Walk walk(config_of({row("fast", "a")}), "fast");
    walk.state("a").unreachable = true;
    EXPECT_EQ(walk.start().to(), "a");
}

TEST(Doubt, DoesNotKeepFromAskingWhenTheOthersRest)
{
    Walk walk(home_and_cloud(), "home");
    walk.state("h").unreachable = true;
    walk.rest("c", 60s);
    EXPECT_EQ(walk.start().to(), "h");
}

TEST(Doubt, DoesNotKeepFromAskingWhenTheOthersHaveFailed)
{
    Walk walk(home_and_cloud(), "home");
    walk.state("h").requests_spent_until = noon + 10s;
    ASSERT_EQ(walk.start().to(), "c");
    ASSERT_EQ(walk.fails(FailureClass::transient).to(), "h");
    EXPECT_EQ(walk.fails(FailureClass::rate_limited).to(), "stop");
}

TEST(Doubt, AsksEveryDoubtfulPlaceInTheOrderOfTheChain)
{
    Walk walk(home_and_cloud(), "home");
    walk.state("h").unreachable = true;
    walk.state("c").unreachable = true;
    ASSERT_EQ(walk.start().to(), "h");
    ASSERT_EQ(walk.fails(FailureClass::transient).to(), "c");
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
}

TEST(Doubt, IsNoReasonToAskAgainForARequestThatIsAtFault)
{
    Walk walk(home_and_cloud(), "home");
    walk.state("h").unreachable = true;
    ASSERT_EQ(walk.start().to(), "c");
    EXPECT_EQ(walk.fails(FailureClass::rejected).to(), "stop");
}

TEST(Doubt, DoesNotOverruleAClientThatNamesADeployment)
{
    Walk walk(pair(), "a");
    walk.state("a").unreachable = true;
    EXPECT_EQ(walk.start().to(), "a");
}

TEST(Doubt, IsSaidByTheVerdict)
{
    Deployment deployment;
    deployment.reach = privacy::Reach::local;
    DeploymentState state;
    EXPECT_EQ(judge(deployment, {}, state, noon), Verdict::kept);
    state.unreachable = true;
    EXPECT_EQ(judge(deployment, {}, state, noon), Verdict::unreachable);
    state.unreachable = false;
    state.loading = true;
    EXPECT_EQ(judge(deployment, {}, state, noon), Verdict::loading);
    EXPECT_FALSE(rules_out(Verdict::loading));
    state.loading = false;
    state.requests_spent_until = noon + 1s;
    EXPECT_EQ(judge(deployment, {}, state, noon), Verdict::spent);
    EXPECT_FALSE(rules_out(Verdict::unreachable));
    EXPECT_FALSE(rules_out(Verdict::spent));
}

}  // namespace
}  // namespace spillway::route
