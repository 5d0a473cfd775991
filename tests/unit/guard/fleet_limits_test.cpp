// Limits of deployments: each instance's own, or held with others.

#include <gtest/gtest.h>

#include <optional>

#include "unit/guard/fleet_scene.hpp"

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using namespace testing_fleet;

class FleetLimits : public FleetScene {
protected:
    FleetLimits()
    {
        config.router.optional_pre_call_checks = {"enforce_model_rate_limits"};
        config.deployments[0].rpm = 2;
        config.deployments[1].tpm = 100;
    }
    route::DeploymentState state(DeploymentIndex deployment, TimePoint now)
    {
        fleet().read(view, now);
        return view[deployment];
    }
    static chat::TokenWish asks(std::int64_t tokens)
    {
        return {Tokens{tokens}, Tokens{0}, chat::TokenWish::Answer::asked};
    }

    route::FleetView view;
};

TEST_F(FleetLimits, AdmitAsManyRequestsAsTheRowSays)
{
    EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    EXPECT_FALSE(fleet().admit(a, asks(1), noon));
    EXPECT_EQ(state(a, noon).admits_at(asks(1)), noon + 30s);
    EXPECT_TRUE(fleet().admit(a, asks(1), noon + 30s));
}

TEST_F(FleetLimits, SetTokensAsideUntilTheAttemptTellsWhatItUsed)
{
    const auto hold = fleet().admit(b, asks(80), noon);
    ASSERT_TRUE(hold);
    EXPECT_FALSE(fleet().admit(b, asks(30), noon));
    AttemptReport report;
    report.deployment = b;
    report.set_aside = *hold;
    report.used = Tokens{20};
    ends(report, noon);
    EXPECT_TRUE(fleet().admit(b, asks(80), noon));
}

TEST_F(FleetLimits, KeepWhatWasSetAsideWhenNobodyCanTellWhatWasUsed)
{
    AttemptReport report;
    report.deployment = b;
    report.set_aside = *fleet().admit(b, asks(80), noon);
    ends(report, noon);
    EXPECT_FALSE(fleet().admit(b, asks(30), noon));
}

TEST_F(FleetLimits, AreWeightsOnlyWhereNothingEnforcesThem)
{
    config.router.optional_pre_call_checks.clear();
    for (int i = 0; i < 10; ++i)
        EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    EXPECT_LE(state(a, noon).admits_at(asks(1)), noon);
}

TEST_F(FleetLimits, SurviveAReload)
{
    EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    config.deployments[0].rpm = 60;
    const route::RoutingTable next(config, {});
    Fleet reloaded(next, &fleet());
    EXPECT_FALSE(reloaded.admit(a, asks(1), noon)) << "no second burst";
    EXPECT_TRUE(reloaded.admit(a, asks(1), noon + 1s)) << "at the new rate";
}

class FleetLimitsShared : public FleetLimits {
protected:
    FleetLimitsShared()
    {
        config.deployments[2].max_parallel = 1;
        limits.share([] {});
        fleet().share(limits);
    }
    void lease(Measure measure, const char* name, std::int64_t part)
    {
        limits.lease({measure, chat::ScopeKind::deployment, name, {}}, part, 0, noon);
    }
    RateLimits limits;
};

TEST_F(FleetLimitsShared, AdmitWhatThisInstanceHoldsOfThem)
{
    EXPECT_FALSE(fleet().admit(a, asks(1), noon));
    lease(Measure::requests, "a", 1);
    EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    EXPECT_FALSE(fleet().admit(a, asks(1), noon));
    EXPECT_EQ(state(a, noon).part_grows_at, noon);
}

TEST_F(FleetLimitsShared, HoldPlacesUntilTheAttemptEnds)
{
    EXPECT_FALSE(fleet().admit(c, asks(1), noon));
    lease(Measure::parallel, "c", 1);
    ASSERT_TRUE(fleet().admit(c, asks(1), noon));
    EXPECT_FALSE(fleet().admit(c, asks(1), noon));
    AttemptReport report;
    report.deployment = c;
    ends(report, noon);
    EXPECT_TRUE(fleet().admit(c, asks(1), noon));
}

TEST_F(FleetLimitsShared, LoseNoPlaceToAnAttemptThatNobodyAdmitted)
{
    EXPECT_FALSE(fleet().admit(c, asks(1), noon));
    lease(Measure::parallel, "c", 1);
    ASSERT_TRUE(fleet().admit(c, asks(1), noon));
    fleet().started(c, noon);
    AttemptReport report;
    report.deployment = c;
    ends(report, noon);
    EXPECT_FALSE(fleet().admit(c, asks(1), noon)) << "its place is taken still";
    fleet().ended(report, noon);
    EXPECT_TRUE(fleet().admit(c, asks(1), noon));
}

TEST_F(FleetLimitsShared, StaySharedAfterAReload)
{
    const route::RoutingTable next(config, {});
    Fleet reloaded(next, &fleet());
    EXPECT_FALSE(reloaded.admit(a, asks(1), noon));
    EXPECT_TRUE(limits.stock({Measure::requests, chat::ScopeKind::deployment, "a", {}}, noon));
}

TEST_F(FleetLimitsShared, LeavePlacesToTheQueueInFrontOfAnEngine)
{
    config.deployments[2].rpm = 2;
    const route::RoutingTable queued(config, {}, {false, false, true});
    Fleet other(queued, &fleet());
    EXPECT_FALSE(other.admit(c, asks(1), noon));
    EXPECT_TRUE(limits.stock({Measure::requests, chat::ScopeKind::deployment, "c", {}}, noon));
    lease(Measure::requests, "c", 2);
    EXPECT_TRUE(other.admit(c, asks(1), noon));
    EXPECT_TRUE(other.admit(c, asks(1), noon)) << "one place only, which its queue counts";
}

TEST_F(FleetLimitsShared, AreItsOwnForAnEngineOfThisMachine)
{
    fleet().keep_apart(a);
    EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    EXPECT_TRUE(fleet().admit(a, asks(1), noon));
    EXPECT_FALSE(fleet().admit(a, asks(1), noon));
    EXPECT_EQ(limits.size(), 0U);
}

}  // namespace
}  // namespace spillway::guard
