// What the fleet knows beside outcomes: pace, warmth, use, quotas and checks.

#include <gtest/gtest.h>

#include <optional>

#include "unit/guard/fleet_scene.hpp"

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using namespace testing_fleet;

class FleetMeasures : public FleetScene {
protected:
    /// An answer that ends at `now`.
    void answers(DeploymentIndex deployment, Millis first_token, TimePoint now)
    {
        AttemptReport report;
        report.deployment = deployment;
        report.first_token = first_token;
        ends(report, now);
    }
    void streams(std::int64_t tokens, Millis first_token, Millis duration, TimePoint now)
    {
        AttemptReport report;
        report.deployment = a;
        report.first_token = first_token;
        report.generated = Tokens{tokens};
        report.duration = duration;
        report.form = AttemptReport::Form::stream;
        ends(report, now);
    }
    void fails(DeploymentIndex deployment, chat::FailureClass kind, TimePoint now)
    {
        AttemptReport report;
        report.deployment = deployment;
        report.end = AttemptReport::End::failed;
        report.failure.kind = kind;
        ends(report, now);
    }
    route::DeploymentState state(DeploymentIndex deployment, TimePoint now)
    {
        return fleet().health(deployment, now).state;
    }
};

TEST_F(FleetMeasures, TakesAPeakOfTheFirstTokenAtOnceAndLetsItFade)
{
    EXPECT_EQ(state(a, noon).first_token_ms, 0);
    answers(a, 100ms, noon);
    EXPECT_DOUBLE_EQ(state(a, noon).first_token_ms, 100);
    answers(a, 200ms, noon);
    EXPECT_DOUBLE_EQ(state(a, noon).first_token_ms, 200);
    EXPECT_DOUBLE_EQ(state(a, noon + 10s).first_token_ms, 160);
}

TEST_F(FleetMeasures, TellsAnInstantAnswerFromNone)
{
    answers(a, 0ms, noon);
    EXPECT_GT(state(a, noon).first_token_ms, 0);
}

TEST_F(FleetMeasures, AveragesTheSpeedOfStreams)
{
    streams(100, 1s, 3s, noon);
    EXPECT_DOUBLE_EQ(state(a, noon).tokens_per_second, 50);
    streams(100, 1s, 2s, noon);
    EXPECT_DOUBLE_EQ(state(a, noon).tokens_per_second, 60);
}

TEST_F(FleetMeasures, TakesNoSpeedFromAFewTokens)
{
    streams(3, 10ms, 20ms, noon);
    EXPECT_EQ(state(a, noon).tokens_per_second, 0);
}

TEST_F(FleetMeasures, TakesTheWritingOffAWholeAnswer)
{
    streams(100, 500ms, 2500ms, noon);
    AttemptReport whole;
    whole.deployment = a;
    whole.first_token = 4600ms;
    whole.generated = Tokens{200};
    ends(whole, noon);
    EXPECT_DOUBLE_EQ(state(a, noon).first_token_ms, 600);
}

TEST_F(FleetMeasures, IsWarmForFourMinutesAfterAnAnswer)
{
    EXPECT_FALSE(state(a, noon).warm);
    answers(a, 100ms, noon);
    EXPECT_TRUE(state(a, noon + 239s).warm);
    EXPECT_FALSE(state(a, noon + 240s).warm);
}

TEST_F(FleetMeasures, TakesAnEnginesWordOnWarmthUntilItAnswersAgain)
{
    chat::ModelFacts facts;
    answers(a, 100ms, noon);
    facts.loaded = false;
    fleet().learned(a, facts, noon + 10s);
    EXPECT_FALSE(state(a, noon + 11s).warm);
    answers(a, 100ms, noon + 12s);
    EXPECT_TRUE(state(a, noon + 13s).warm);
    facts.loaded = true;
    fleet().learned(b, facts, noon);
    EXPECT_TRUE(state(b, noon + 119s).warm);
    EXPECT_FALSE(state(b, noon + 120s).warm) << "an old word is no word";
}

TEST_F(FleetMeasures, LoadsUntilTheEngineSaysOtherwiseOrAnswers)
{
    chat::ModelFacts facts;
    facts.loading = true;
    facts.loaded = false;
    fleet().learned(a, facts, noon);
    EXPECT_TRUE(state(a, noon + 29s).loading);
    EXPECT_TRUE(state(a, noon + 29s).doubtful(Tokens{1}, noon + 29s));
    EXPECT_FALSE(state(a, noon + 30s).loading) << "an old word is no word";
    fails(a, chat::FailureClass::loading, noon + 1s);
    EXPECT_TRUE(state(a, noon + 2s).loading);
    answers(a, 100ms, noon + 3s);
    EXPECT_FALSE(state(a, noon + 4s).loading);
    facts.loading = false;
    fleet().learned(a, facts, noon + 5s);
    EXPECT_FALSE(state(a, noon + 6s).loading);
}

TEST_F(FleetMeasures, DoesNotRestBecauseItLoads)
{
    for (int i = 0; i < 20; ++i)
        fails(a, chat::FailureClass::loading, noon);
    EXPECT_TRUE(state(a, noon).serves(noon));
}

TEST_F(FleetMeasures, KeepsAWindowUntilAnotherIsTold)
{
    EXPECT_FALSE(state(a, noon).window);
    chat::ModelFacts facts;
    facts.loaded = true;
    facts.window = Tokens{4096};
    fleet().learned(a, facts, noon);
    facts.loaded = false;
    facts.window.reset();
    fleet().learned(a, facts, noon + 10s);
    EXPECT_EQ(state(a, noon + 3600s).window, Tokens{4096});
}

TEST_F(FleetMeasures, IsNotWarmedByAFailure)
{
    fails(a, chat::FailureClass::transient, noon);
    EXPECT_FALSE(state(a, noon).warm);
}

TEST_F(FleetMeasures, SumsTheTokensAndRequestsOfTheLastMinute)
{
    const auto answer = [this](std::int64_t tokens, TimePoint now) {
        AttemptReport report;
        report.deployment = a;
        report.tokens = Tokens{tokens};
        ends(report, now);
    };
    answer(100, noon);
    answer(50, noon + 30s);
    EXPECT_DOUBLE_EQ(state(a, noon + 30s).tokens_last_minute, 150);
    EXPECT_EQ(state(a, noon + 30s).requests_last_minute, 2u);
    EXPECT_DOUBLE_EQ(state(a, noon + 61s).tokens_last_minute, 50);
    EXPECT_EQ(state(a, noon + 61s).requests_last_minute, 1u);
    EXPECT_DOUBLE_EQ(state(a, noon + 120s).tokens_last_minute, 0);
}

class AGroupWithASlowOne : public FleetMeasures {
protected:
    /// Twenty answers of everybody, a second apart. @return The time after the last.
    TimePoint work()
    {
        TimePoint now = noon;
        for (int i = 0; i < 20; ++i) {
            answers(a, 200ms, now);
            answers(b, 220ms, now);
            answers(c, 1'500ms, now);
            now += 1s;
        }
        return now - 1s;
    }
};

TEST_F(AGroupWithASlowOne, LetsItRestForTheCooldown)
{
    const auto now = work();
    EXPECT_TRUE(state(a, now).serves(now));
    EXPECT_TRUE(state(b, now).serves(now));
    EXPECT_FALSE(state(c, now).serves(now));
    EXPECT_EQ(fleet().health(c, now).cause, RestCause::slowness);
    EXPECT_TRUE(state(c, now + 5s).serves(now + 5s));
    EXPECT_EQ(fleet().health(c, now + 5s).standing, Standing::half_open);
}

TEST_F(AGroupWithASlowOne, JudgesItByNewSamplesAfterItsRest)
{
    const auto now = work() + 5s;
    answers(c, 1'500ms, now);
    EXPECT_TRUE(state(c, now).serves(now));
    EXPECT_EQ(fleet().health(c, now).standing, Standing::healthy);
}

TEST_F(AGroupWithASlowOne, LeavesItWhereItIsWhenCooldownsAreDisabled)
{
    config.router.disable_cooldowns = true;
    const auto now = work();
    EXPECT_TRUE(state(c, now).serves(now));
}

TEST_F(AGroupWithASlowOne, LeavesItWhereItIsWhileAnotherRests)
{
    answers(a, 200ms, noon - 1s);
    AttemptReport limited;
    limited.deployment = a;
    limited.end = AttemptReport::End::failed;
    limited.failure.kind = chat::FailureClass::rate_limited;
    limited.failure.retry_after = 60s;
    ends(limited, noon - 1s);
    const auto now = work();
    EXPECT_TRUE(state(c, now).serves(now));
}

TEST_F(FleetMeasures, KnowsThatNoRequestIsLeftUntilTheReset)
{
    fleet().told(a, {chat::Allowance{0, 7s}, std::nullopt}, noon);
    EXPECT_TRUE(state(a, noon).doubtful(Tokens{1}, noon));
    EXPECT_TRUE(state(a, noon).serves(noon));
    EXPECT_FALSE(state(a, noon).doubtful(Tokens{1}, noon + 7s));
    EXPECT_FALSE(state(b, noon).doubtful(Tokens{1}, noon));
}

TEST_F(FleetMeasures, CountsItsOwnRequestsAgainstWhatWasLeft)
{
    fleet().told(a, {chat::Allowance{2, 7s}, std::nullopt}, noon);
    fleet().started(a, noon);
    EXPECT_FALSE(state(a, noon).doubtful(Tokens{1}, noon));
    fleet().started(a, noon);
    EXPECT_TRUE(state(a, noon).doubtful(Tokens{1}, noon));
    fleet().told(a, {chat::Allowance{5, 7s}, std::nullopt}, noon);
    EXPECT_FALSE(state(a, noon).doubtful(Tokens{1}, noon));
}

TEST_F(FleetMeasures, ComparesTheTokensThatAreLeftWithThePrompt)
{
    fleet().told(a, {std::nullopt, chat::Allowance{500, 7s}}, noon);
    EXPECT_FALSE(state(a, noon).doubtful(Tokens{500}, noon));
    EXPECT_TRUE(state(a, noon).doubtful(Tokens{501}, noon));
    EXPECT_FALSE(state(a, noon).doubtful(Tokens{501}, noon + 7s));
}

TEST_F(FleetMeasures, DoubtsWhoHasNoTokenLeftWhateverThePrompt)
{
    fleet().told(a, {std::nullopt, chat::Allowance{0, 7s}}, noon);
    EXPECT_TRUE(state(a, noon).doubtful(Tokens{0}, noon));
}

TEST_F(FleetMeasures, AsksAgainAfterTenMinutesWhateverTheResetSays)
{
    fleet().told(a, {chat::Allowance{0, 24h}, std::nullopt}, noon);
    EXPECT_TRUE(state(a, noon).doubtful(Tokens{1}, noon + 599s));
    EXPECT_FALSE(state(a, noon).doubtful(Tokens{1}, noon + 600s));
}

TEST_F(FleetMeasures, ShowsAQuotaUntilItsReset)
{
    fleet().told(a, {chat::Allowance{3, 7s}, chat::Allowance{900, 9s}}, noon);
    const auto health = fleet().health(a, noon + 8s);
    EXPECT_FALSE(health.requests);
    ASSERT_TRUE(health.tokens);
    EXPECT_EQ(health.tokens->left, 900);
    EXPECT_EQ(health.tokens->until, noon + 9s);
}

TEST_F(FleetMeasures, IsUnreachableFromAFailedCheckToTheNextGoodOne)
{
    fleet().checked(a, {noon, 3ms, "connection refused"});
    EXPECT_TRUE(state(a, noon).unreachable);
    EXPECT_EQ(fleet().state_number(a, noon), 2);
    fleet().checked(a, {noon + 5s, 3ms, {}});
    EXPECT_FALSE(state(a, noon + 5s).unreachable);
}

TEST_F(FleetMeasures, IsReachableAgainWhenARequestIsAnswered)
{
    fleet().checked(a, {noon, 3ms, "connection refused"});
    answers(a, 100ms, noon + 1s);
    EXPECT_FALSE(state(a, noon + 1s).unreachable);
}

TEST_F(FleetMeasures, IsReachableAgainWhenARequestIsRefusedInGoodOrder)
{
    fleet().checked(a, {noon, 3ms, "connection refused"});
    fails(a, chat::FailureClass::rejected, noon + 1s);
    EXPECT_FALSE(state(a, noon + 1s).unreachable);
}

TEST_F(FleetMeasures, BelievesAnAnswerMoreThanACheckThatBeganBeforeIt)
{
    answers(a, 100ms, noon + 1s);
    fleet().checked(a, {noon, 5s, "timeout"});
    EXPECT_FALSE(state(a, noon + 5s).unreachable);
}

TEST_F(FleetMeasures, StaysUnreachableWhenRequestsFailAsWell)
{
    fleet().checked(a, {noon, 3ms, "connection refused"});
    fails(a, chat::FailureClass::transient, noon + 1s);
    EXPECT_TRUE(state(a, noon + 1s).unreachable);
}

}  // namespace
}  // namespace spillway::guard
