#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "unit/guard/fleet_scene.hpp"

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using namespace testing_fleet;

class FleetTest : public FleetScene {
protected:
    FleetTest() : FleetScene(config_of({row("g", "a"), row("g", "b"), row("lone", "c")})) {}
    void answers(DeploymentIndex deployment, TimePoint now)
    {
        fleet().started(deployment, now);
        fleet().ended({deployment, AttemptReport::End::answered, {}, std::nullopt, {}}, now);
    }
    void fails(DeploymentIndex deployment, FailureClass kind, TimePoint now,
               std::optional<Millis> retry_after = std::nullopt)
    {
        fleet().started(deployment, now);
        report_failure(deployment, kind, now, retry_after);
    }
    void report_failure(DeploymentIndex deployment, FailureClass kind, TimePoint now,
                        std::optional<Millis> retry_after = std::nullopt)
    {
        AttemptReport report;
        report.deployment = deployment;
        report.end = AttemptReport::End::failed;
        report.failure.kind = kind;
        report.failure.retry_after = retry_after;
        fleet().ended(report, now);
    }
    void abandons(DeploymentIndex deployment, TimePoint now)
    {
        fleet().ended({deployment, AttemptReport::End::abandoned, {}, std::nullopt, {}}, now);
    }
    route::DeploymentState state(DeploymentIndex deployment, TimePoint now)
    {
        route::FleetView view;
        fleet().read(view, now);
        return view[deployment];
    }
    bool serves(DeploymentIndex deployment, TimePoint now)
    {
        return state(deployment, now).serves(now);
    }

    static constexpr DeploymentIndex lone{2};
};

TEST_F(FleetTest, ServesFromTheStart)
{
    EXPECT_TRUE(serves(a, noon));
    EXPECT_EQ(fleet().state_number(a, noon), 0);
}

class RestsAtOnce : public FleetTest, public testing::WithParamInterface<FailureClass> {};

TEST_P(RestsAtOnce, ForTheConfiguredTime)
{
    fails(a, GetParam(), noon);
    EXPECT_FALSE(serves(a, noon));
    EXPECT_FALSE(serves(a, noon + 4'999ms));
    EXPECT_TRUE(serves(a, noon + 5s));
    EXPECT_TRUE(serves(b, noon));
    EXPECT_EQ(fleet().state_number(a, noon), 2);
    EXPECT_EQ(fleet().state_number(a, noon + 5s), 1);
}

TEST_P(RestsAtOnce, ButNotWhenItIsTheOnlyOneOfItsGroup)
{
    fails(lone, GetParam(), noon);
    EXPECT_TRUE(serves(lone, noon));
}

TEST_P(RestsAtOnce, ButNotWhenCooldownsAreDisabled)
{
    config.router.disable_cooldowns = true;
    fails(a, GetParam(), noon);
    EXPECT_TRUE(serves(a, noon));
}

INSTANTIATE_TEST_SUITE_P(Classes, RestsAtOnce,
                         testing::Values(FailureClass::rate_limited, FailureClass::credential,
                                         FailureClass::quota, FailureClass::model_missing,
                                         FailureClass::stalled));

class GoesOn : public FleetTest, public testing::WithParamInterface<FailureClass> {};

TEST_P(GoesOn, AfterOneFailure)
{
    fails(a, GetParam(), noon);
    EXPECT_TRUE(serves(a, noon));
}

INSTANTIATE_TEST_SUITE_P(Classes, GoesOn,
                         testing::Values(FailureClass::transient, FailureClass::overloaded,
                                         FailureClass::unknown, FailureClass::too_long,
                                         FailureClass::content_policy, FailureClass::rejected));

TEST_F(FleetTest, RestsAsLongAsTheProviderSays)
{
    fails(a, FailureClass::rate_limited, noon, 42s);
    EXPECT_FALSE(serves(a, noon + 41s));
    EXPECT_TRUE(serves(a, noon + 42s));
}

TEST_F(FleetTest, ProbesAfterTenMinutesWhateverTheProviderSays)
{
    fails(a, FailureClass::rate_limited, noon, std::chrono::hours{24});
    EXPECT_FALSE(serves(a, noon + 599s));
    EXPECT_TRUE(serves(a, noon + 600s));
}

TEST_F(FleetTest, PrefersTheDeploymentsOwnCooldown)
{
    config.deployments[0].cooldown_time = 60s;
    fails(a, FailureClass::rate_limited, noon);
    fails(b, FailureClass::rate_limited, noon);
    EXPECT_FALSE(serves(a, noon + 59s));
    EXPECT_TRUE(serves(b, noon + 5s));
}

TEST_F(FleetTest, RestsWhenMoreThanHalfOfFiveCallsFailed)
{
    answers(a, noon);
    answers(a, noon);
    fails(a, FailureClass::transient, noon);
    fails(a, FailureClass::transient, noon);
    EXPECT_TRUE(serves(a, noon));
    fails(a, FailureClass::transient, noon);
    EXPECT_FALSE(serves(a, noon));
}

TEST_F(FleetTest, DoesNotRestWhenHalfFailed)
{
    for (int i = 0; i < 10; ++i) {
        answers(a, noon);
        fails(a, FailureClass::transient, noon);
        EXPECT_TRUE(serves(a, noon)) << i;
    }
}

TEST_F(FleetTest, CountsEachMinuteAnew)
{
    for (int i = 0; i < 4; ++i) {
        fails(a, FailureClass::transient, noon + 59s);
    }
    fails(a, FailureClass::transient, noon + 60s);
    EXPECT_TRUE(serves(a, noon + 60s));
}

TEST_F(FleetTest, DoesNotCountAClientsMistakesAsFailures)
{
    for (int i = 0; i < 50; ++i) {
        fails(a, FailureClass::rejected, noon);
        fails(a, FailureClass::too_long, noon);
    }
    EXPECT_TRUE(serves(a, noon));
}

TEST_F(FleetTest, LetsAllowedFailsReplaceTheRate)
{
    config.router.allowed_fails = 7;
    for (int i = 0; i < 7; ++i) {
        fails(a, FailureClass::transient, noon);
        EXPECT_TRUE(serves(a, noon)) << i;
    }
    fails(a, FailureClass::transient, noon);
    EXPECT_FALSE(serves(a, noon));
}

TEST_F(FleetTest, LetsTheOnlyOneRestWhenAllowedFailsIsSet)
{
    config.router.allowed_fails = 1;
    fails(lone, FailureClass::rate_limited, noon);
    EXPECT_TRUE(serves(lone, noon));
    fails(lone, FailureClass::transient, noon);
    EXPECT_FALSE(serves(lone, noon));
}

TEST_F(FleetTest, CountsAClassApartWhenThePolicySaysSo)
{
    config.router.allowed_fails_policy.rate_limit = 2;
    config.router.allowed_fails_policy.bad_request = 0;
    fails(a, FailureClass::rate_limited, noon);
    fails(a, FailureClass::rate_limited, noon);
    EXPECT_TRUE(serves(a, noon));
    fails(a, FailureClass::rate_limited, noon);
    EXPECT_FALSE(serves(a, noon));
    fails(b, FailureClass::rejected, noon);
    EXPECT_FALSE(serves(b, noon));
}

class AfterARest : public FleetTest {
protected:
    AfterARest() { fails(a, FailureClass::rate_limited, noon); }
    static constexpr TimePoint over{std::chrono::hours{1'000} + 5s};
};

TEST_F(AfterARest, ExactlyOneProbeGoesOut)
{
    EXPECT_TRUE(serves(a, over));
    fleet().started(a, over);
    EXPECT_FALSE(serves(a, over));
    EXPECT_TRUE(state(a, over).probing);
}

TEST_F(AfterARest, AnAnswerToTheProbeClosesTheMatter)
{
    answers(a, over);
    EXPECT_TRUE(serves(a, over));
    EXPECT_EQ(fleet().state_number(a, over), 0);
    fleet().started(a, over);
    EXPECT_TRUE(serves(a, over));
}

TEST_F(AfterARest, ARefusedRequestIsAnAnswerToTheProbe)
{
    fails(a, FailureClass::rejected, over);
    EXPECT_EQ(fleet().state_number(a, over), 0);
}

TEST_F(AfterARest, AFailureOfTheProbeDoublesTheRestUpToTenfold)
{
    TimePoint now = over;
    for (const Millis rest : {10s, 20s, 40s, 50s, 50s}) {
        fails(a, FailureClass::transient, now);
        EXPECT_FALSE(serves(a, now + rest - 1ms)) << rest.count();
        EXPECT_TRUE(serves(a, now + rest)) << rest.count();
        now += rest;
    }
}

TEST_F(AfterARest, TheNextRestIsShortAgainOnceTheProbeWasAnswered)
{
    fails(a, FailureClass::transient, over);
    answers(a, over + 10s);
    fails(a, FailureClass::rate_limited, over + 11s);
    EXPECT_TRUE(serves(a, over + 16s));
}

TEST_F(AfterARest, AnAbandonedProbeMakesRoomForAnother)
{
    fleet().started(a, over);
    abandons(a, over);
    EXPECT_TRUE(serves(a, over));
    EXPECT_EQ(fleet().state_number(a, over), 1);
}

TEST_F(AfterARest, FailuresOfRequestsSentBeforeItDoNotLengthenIt)
{
    for (int i = 0; i < 20; ++i) {
        report_failure(a, FailureClass::rate_limited, noon);
    }
    EXPECT_TRUE(serves(a, over));
}

TEST_F(AfterARest, AnAnswerToARequestSentBeforeItDoesNotEndIt)
{
    answers(a, noon + 1s);
    EXPECT_FALSE(serves(a, noon + 2s));
}

TEST_F(AfterARest, ALongerTimeToldDuringTheRestCounts)
{
    report_failure(a, FailureClass::rate_limited, noon + 1s, 30s);
    EXPECT_FALSE(serves(a, noon + 30s));
    EXPECT_TRUE(serves(a, noon + 31s));
}

TEST_F(FleetTest, CountsAttemptsUnderWay)
{
    fleet().started(a, noon);
    fleet().started(a, noon);
    EXPECT_EQ(state(a, noon).in_flight, 2u);
    abandons(a, noon);
    EXPECT_EQ(state(a, noon).in_flight, 1u);
    EXPECT_EQ(state(b, noon).in_flight, 0u);
}

TEST_F(FleetTest, HoldsAClientThatLeftAgainstNobody)
{
    for (int i = 0; i < 100; ++i) {
        fleet().started(a, noon);
        abandons(a, noon);
    }
    EXPECT_TRUE(serves(a, noon));
    fails(a, FailureClass::transient, noon);
    EXPECT_TRUE(serves(a, noon));
}

TEST_F(FleetTest, CarriesStateOverAReloadById)
{
    fails(a, FailureClass::rate_limited, noon, 30s);
    const route::RoutingTable next{config_of({row("g", "new"), row("g", "a")}), {}};
    const Fleet reloaded{next, &fleet()};
    route::FleetView view;
    reloaded.read(view, noon);
    EXPECT_TRUE(view[DeploymentIndex{0}].serves(noon));
    EXPECT_FALSE(view[DeploymentIndex{1}].serves(noon));
}

TEST_F(FleetTest, ShowsAPictureThatHoldsStillUntilTheNextRead)
{
    route::FleetView view;
    fleet().read(view, noon);
    EXPECT_EQ(view[a].in_flight, 0u);
    fleet().started(a, noon);
    EXPECT_EQ(view[a].in_flight, 0u);
    fleet().read(view, noon);
    EXPECT_EQ(view[a].in_flight, 1u);
}

TEST_F(FleetTest, CountsAUsedUpQuotaAsTheRateLimitsOfItsPolicy)
{
    config.router.allowed_fails_policy.rate_limit = 1;
    fails(a, FailureClass::quota, noon);
    EXPECT_TRUE(serves(a, noon));
    fails(a, FailureClass::quota, noon);
    EXPECT_FALSE(serves(a, noon));
}

TEST_F(FleetTest, HearsTheEndOfAttemptsThatBeganBeforeAReload)
{
    fleet().started(a, noon);
    const Fleet reloaded{*table, &fleet()};
    abandons(a, noon);
    route::FleetView view;
    reloaded.read(view, noon);
    EXPECT_EQ(view[a].in_flight, 0u);
}

TEST_F(FleetTest, IsSafeFromManyThreads)
{
    fleet();
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([this] {
            route::FleetView view;
            for (int n = 0; n < 2'000; ++n) {
                answers(a, noon);
                made->read(view, noon);
                EXPECT_LE(view[a].in_flight, 4u);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(state(a, noon).in_flight, 0u);
}

}  // namespace
}  // namespace spillway::guard
