#include <gmock/gmock.h>

#include <algorithm>
#include <ostream>

#include "spillway/route/failure_policy.hpp"
#include "unit/route/world.hpp"

// How a request ends that must stay local and that nobody local answers.
namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing::HasSubstr;
using testing::Not;
using testing_world::config_of;
using testing_world::failure;
using testing_world::row;
using testing_world::Walk;

/// Two local deployments, and a cloud that every list of fallbacks names.
config::Config home_and_cloud()
{
    auto near = row("home", "h1");
    auto other = row("home", "h2");
    near.local = other.local = true;
    auto far = row("cloud", "c");
    far.local = false;
    auto config = config_of({near, other, far});
    config.router.num_retries = 0;
    config.router.fallbacks = config.router.context_window_fallbacks =
        config.router.content_policy_fallbacks = {{"home", {"cloud"}}};
    return config;
}

Walk private_walk(const config::Config& config, std::string_view model = "home",
                  chat::RequestControls controls = {}, Tokens prompt = Tokens{0})
{
    return Walk(config, model, std::move(controls), prompt, {}, privacy::Boundary::local);
}

void expect_told(const Error& error, std::string_view with)
{
    EXPECT_EQ(error.code(), Errc::no_local_deployment);
    EXPECT_EQ(describe(error.code()).status, 503);
    EXPECT_THAT(error.message(), HasSubstr("must stay local"));
    EXPECT_THAT(error.message(), HasSubstr(std::string(with)));
}

class PrivateEnd : public testing::TestWithParam<FailureClass> {};

TEST_P(PrivateEnd, IsA503ThatNamesWhatWasTriedUnlessTheRequestIsAtFault)
{
    auto walk = private_walk(home_and_cloud());
    walk.start();
    int sent = 0;
    while (walk.to() != "stop") {
        ASSERT_THAT(walk.to(), testing::AnyOf("h1", "h2"));
        ++sent;
        walk.fails(failure(GetParam(), 0, "broken"));
    }
    if (blames_request(GetParam())) {
        EXPECT_EQ(walk.error().code(), policy_of(GetParam()).client);
        return;
    }
    EXPECT_GE(sent, 1);
    expect_told(walk.error(), "Tried: home/");
}

INSTANTIATE_TEST_SUITE_P(AllClasses, PrivateEnd,
                         testing::Values(FailureClass::transient, FailureClass::overloaded,
                                         FailureClass::stalled, FailureClass::rate_limited,
                                         FailureClass::quota, FailureClass::credential,
                                         FailureClass::model_missing, FailureClass::too_long,
                                         FailureClass::content_policy, FailureClass::rejected,
                                         FailureClass::not_local, FailureClass::unknown),
                         [](const auto& each) { return std::string(chat::name(each.param)); });

TEST(PrivateEnds, KeepTheWaitOfTheLastFailure)
{
    auto walk = private_walk(home_and_cloud());
    walk.start();
    while (walk.to() != "stop") {
        auto limited = failure(FailureClass::rate_limited, 429);
        limited.retry_after = 9s;
        walk.fails(limited);
    }
    expect_told(walk.error(), "HTTP 429");
    EXPECT_EQ(walk.error().retry_after(), 9s);
}

TEST(PrivateEnds, AreA503WhenEverybodyRests)
{
    auto walk = private_walk(home_and_cloud());
    walk.rest("h1", 40s);
    walk.rest("h2", 20s);
    ASSERT_EQ(walk.start().to(), "stop");
    expect_told(walk.error(), "Try again in 20 seconds");
    EXPECT_EQ(walk.error().retry_after(), 20s);
}

TEST(PrivateEnds, AreA503WhenNoSlotIsFree)
{
    auto config = home_and_cloud();
    config.deployments[0].max_parallel = config.deployments[1].max_parallel = 1;
    auto walk = private_walk(config);
    walk.state("h1").in_flight = walk.state("h2").in_flight = 1;
    walk.start();
    while (walk.to() == "pause") {
        walk.resume();
    }
    ASSERT_EQ(walk.to(), "stop");
    expect_told(walk.error(), "in flight");
}

TEST(PrivateEnds, AreA503WhenTheDeploymentsOwnLimitsAreReached)
{
    auto walk = private_walk(home_and_cloud());
    for (const auto* id : {"h1", "h2"}) {
        auto& room = walk.state(id).requests_room;
        room.per_minute = 60;
        room.empty_at = walk.now + 4s;
    }
    ASSERT_EQ(walk.start().to(), "stop");
    expect_told(walk.error(), "Try again in 5 seconds");
}

TEST(PrivateEnds, AreA503WhenTheTimeIsOver)
{
    chat::RequestControls controls;
    controls.timeout = 1s;
    auto walk = private_walk(home_and_cloud(), "home", controls);
    walk.start();
    walk.now += 2s;
    ASSERT_EQ(walk.fails(FailureClass::stalled).to(), "stop");
    expect_told(walk.error(), "Tried: home/");
}

TEST(PrivateEnds, AreA503WithoutAWaitWhenNothingOnTheWayIsLocal)
{
    auto walk = private_walk(home_and_cloud(), "cloud");
    ASSERT_EQ(walk.start().to(), "stop");
    expect_told(walk.error(), "'cloud'");
    EXPECT_FALSE(walk.error().retry_after());
}

TEST(PrivateEnds, SayNothingOfAWindowThatTheyMayNotUse)
{
    auto config = home_and_cloud();
    config.router.pre_call_checks = true;
    config.deployments[2].max_input_tokens = Tokens{10};
    auto walk = private_walk(config, "cloud", {}, Tokens{1'000});
    ASSERT_EQ(walk.start().to(), "stop");
    expect_told(walk.error(), "local");
}

TEST(PrivateEnds, StayAQuestionOfMoneyWhenMoneyIsShort)
{
    auto walk = private_walk(home_and_cloud());
    walk.start();
    while (walk.to() != "stop") {
        walk.last = walk.chain.declined(Error(Errc::budget_exceeded, "Budget has been exceeded!"),
                                        walk.moment());
    }
    EXPECT_EQ(walk.error().code(), Errc::budget_exceeded);
    EXPECT_THAT(walk.error().message(), HasSubstr("must stay local"));
}

TEST(PrivateEnds, AreNotWhatOthersAreTold)
{
    Walk walk(home_and_cloud(), "home");
    walk.start();
    while (walk.to() != "stop") {
        walk.fails(FailureClass::transient);
    }
    EXPECT_EQ(walk.error().code(), Errc::upstream_unreachable);
    EXPECT_THAT(walk.error().message(), Not(HasSubstr("local deployment")));
}

}  // namespace
}  // namespace spillway::route
