#include <gmock/gmock.h>

#include "unit/route/world.hpp"

// Deployments that are at their own rpm or tpm.
namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing::HasSubstr;
using testing_world::config_of;
using testing_world::row;
using testing_world::Walk;

config::Config two_groups()
{
    auto config = config_of({row("fast", "a"), row("slow", "b")});
    config.router.fallbacks = {{"fast", {"slow"}}};
    return config;
}

RateRoom spent_for(Walk& walk, std::chrono::seconds time)
{
    RateRoom room;
    room.per_minute = 60;
    room.empty_at = walk.now + time - 1s;
    return room;
}

TEST(DeploymentLimits, PassTheRequestOnToAnotherMember)
{
    Walk walk(config_of({row("fast", "a"), row("fast", "b")}), "fast");
    walk.state("a").requests_room = spent_for(walk, 5s);
    EXPECT_EQ(walk.start().to(), "b");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST(DeploymentLimits, LeadToTheFallbackBeforeAnythingIsRefused)
{
    Walk walk(two_groups(), "fast");
    walk.state("a").requests_room = spent_for(walk, 5s);
    EXPECT_EQ(walk.start().to(), "b");
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
}

TEST(DeploymentLimits, HoldForADeploymentThatWasAskedForById)
{
    Walk walk(two_groups(), "a");
    walk.state("a").requests_room = spent_for(walk, 5s);
    walk.state("b").requests_room = spent_for(walk, 9s);
    EXPECT_EQ(walk.start().to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::rate_limited);
}

TEST(DeploymentLimits, TellWhenTheFirstOfThemAdmitsTheRequest)
{
    Walk walk(config_of({row("fast", "a"), row("fast", "b")}), "fast");
    walk.state("a").requests_room = spent_for(walk, 5s);
    walk.state("b").requests_room = spent_for(walk, 3s);
    EXPECT_EQ(walk.start().to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::rate_limited);
    EXPECT_EQ(walk.error().retry_after(), 3s);
    EXPECT_THAT(walk.error().message(), HasSubstr("Try again in 3 seconds"));
}

TEST(DeploymentLimits, TellNoTimeToARequestThatIsLargerThanAllOfThem)
{
    const chat::TokenWish wish{Tokens{8}, Tokens{3}, chat::TokenWish::Answer::asked};
    Walk walk(config_of({row("fast", "a")}), "fast", {}, Tokens{8}, wish);
    walk.state("a").tokens_room.per_minute = 10;
    walk.state("a").tokens_room.empty_at = walk.now - 1min;
    EXPECT_EQ(walk.start().to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::rate_limited);
    EXPECT_FALSE(walk.error().retry_after());
}

TEST(DeploymentLimits, ThatAnotherRequestTookFirstLeadOn)
{
    Walk walk(two_groups(), "fast");
    ASSERT_EQ(walk.start().to(), "a");
    walk.state("a").requests_room = spent_for(walk, 5s);
    walk.last = walk.chain.withdrawn(walk.moment());
    EXPECT_EQ(walk.to(), "b");
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
    EXPECT_TRUE(walk.chain.failures().empty());
}

TEST(DeploymentLimits, ThatWereTakenEverywhereEndInTheirOwnError)
{
    Walk walk(two_groups(), "fast");
    ASSERT_EQ(walk.start().to(), "a");
    walk.state("a").requests_room = spent_for(walk, 5s);
    walk.last = walk.chain.withdrawn(walk.moment());
    ASSERT_EQ(walk.to(), "b");
    walk.state("b").requests_room = spent_for(walk, 2s);
    walk.last = walk.chain.withdrawn(walk.moment());
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::rate_limited);
    EXPECT_EQ(walk.error().retry_after(), 2s);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
}

TEST(DeploymentLimits, AreNotWaitedForInARetryThatTheyWouldNotAdmit)
{
    Walk walk(config_of({row("fast", "a")}), "fast");
    ASSERT_EQ(walk.start().to(), "a");
    walk.state("a").requests_room = spent_for(walk, 50s);
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
    EXPECT_NE(walk.error().code(), Errc::rate_limited) << "it failed before";
}

TEST(DeploymentLimits, ThatOthersHoldAreWaitedForBeforeTheNextPlace)
{
    Walk walk(two_groups(), "fast");
    ASSERT_EQ(walk.start().to(), "a");
    walk.state("a").part_grows_at = walk.now;
    walk.last = walk.chain.withdrawn(walk.moment());
    ASSERT_EQ(walk.to(), "pause");
    EXPECT_EQ(walk.resume().to(), "a");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
}

TEST(DeploymentLimits, ThatOthersKeepAreNotWaitedForLong)
{
    Walk walk(two_groups(), "fast");
    const auto began = walk.now;
    ASSERT_EQ(walk.start().to(), "a");
    for (int i = 0; i < 100 && walk.to() == "a"; ++i) {
        walk.state("a").part_grows_at = walk.now;
        walk.last = walk.chain.withdrawn(walk.moment());
        if (walk.to() == "pause")
            walk.resume();
    }
    EXPECT_EQ(walk.to(), "b");
    EXPECT_GE(walk.now - began, 200ms);
    EXPECT_LE(walk.now - began, 300ms);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
}

TEST(DeploymentLimits, ThatWereFoundUsedUpLeadOnAtOnce)
{
    Walk walk(two_groups(), "fast");
    ASSERT_EQ(walk.start().to(), "a");
    walk.state("a").part_grows_at = walk.now + 1s;
    walk.last = walk.chain.withdrawn(walk.moment());
    EXPECT_EQ(walk.to(), "b");
}

TEST(DeploymentLimits, ThatOthersHoldEndInTheirOwnError)
{
    Walk walk(config_of({row("fast", "a")}), "fast");
    ASSERT_EQ(walk.start().to(), "a");
    walk.state("a").part_grows_at = walk.now + 1s;
    walk.last = walk.chain.withdrawn(walk.moment());
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::rate_limited);
}

TEST(DeploymentLimits, CountPlacesOfThisInstance)
{
    auto config = two_groups();
    config.deployments[0].max_parallel = 4;
    config.upstream.slot_patience = Millis{0};
    Walk walk(config, "fast");
    walk.state("a").in_flight = 2;
    walk.state("a").places = 2;
    EXPECT_EQ(walk.start().to(), "b");
}

}  // namespace
}  // namespace spillway::route
