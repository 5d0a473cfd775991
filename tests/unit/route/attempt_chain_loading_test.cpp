#include <gtest/gtest.h>

#include "spillway/route/attempt_chain.hpp"
#include "unit/route/world.hpp"

// An engine that loads its model: gone round while others serve, waited for when nobody does.
namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing_world::config_of;
using testing_world::row;
using testing_world::Walk;

config::Config lone()
{
    auto config = config_of({row("home", "h")});
    config.router.num_retries = 0;
    return config;
}

config::Config home_and_cloud()
{
    auto config = config_of({row("home", "h"), row("cloud", "c")});
    config.router.fallbacks = {{"home", {"cloud"}}};
    config.router.num_retries = 0;
    return config;
}

TEST(Loading, IsWaitedForWithoutCostingARetry)
{
    Walk walk(lone(), "home");
    walk.may_retry = false;
    ASSERT_EQ(walk.start().fails(FailureClass::loading).to(), "pause");
    ASSERT_EQ(walk.resume().to(), "h");
    ASSERT_EQ(walk.fails(FailureClass::loading).to(), "pause");
    EXPECT_EQ(walk.resume().to(), "h");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
    EXPECT_EQ(walk.chain.failures().size(), 2U);
}

TEST(Loading, IsAskedEveryFewSecondsAtMost)
{
    Walk walk(lone(), "home");
    walk.draw = 8'000;
    walk.start();
    for (int i = 0; i < 8; ++i) {
        ASSERT_EQ(walk.fails(FailureClass::loading).to(), "pause");
        EXPECT_GE(std::get<Pause>(walk.last).duration, 250ms);
        EXPECT_LE(std::get<Pause>(walk.last).duration, 4'250ms);
        walk.resume();
    }
}

TEST(Loading, IsWaitedForNoLongerThanForAFirstToken)
{
    auto config = lone();
    config.deployments.front().stream_timeout = 10s;
    Walk walk(config, "home");
    const auto began = walk.now;
    walk.start();
    while (walk.fails(FailureClass::loading).to() == "pause")
        walk.resume();
    EXPECT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_overloaded);
    EXPECT_LE(walk.now - began, 10s);
    EXPECT_GT(walk.now - began, 5s);
}

TEST(Loading, GoesElsewhereAtOnceWhenThereIsAnElsewhere)
{
    Walk walk(home_and_cloud(), "home");
    EXPECT_EQ(walk.start().to(), "h");
    EXPECT_EQ(walk.fails(FailureClass::loading).to(), "c");
}

TEST(Loading, IsGoneRoundWhenTheEngineSaidSoBefore)
{
    Walk walk(home_and_cloud(), "home");
    walk.state("h").loading = true;
    EXPECT_EQ(walk.start().to(), "c");
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "h") << "nobody else is left";
    EXPECT_EQ(walk.fails(FailureClass::loading).to(), "pause");
}

TEST(Loading, IsNotWaitedForByAClientThatWantsNoRetries)
{
    chat::RequestControls controls;
    controls.num_retries = 0;
    Walk walk(lone(), "home", controls);
    EXPECT_EQ(walk.start().fails(FailureClass::loading).to(), "stop");
}

}  // namespace
}  // namespace spillway::route
