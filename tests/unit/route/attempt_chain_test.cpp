#include "spillway/route/attempt_chain.hpp"

#include <gmock/gmock.h>

#include "unit/route/world.hpp"

// Retries inside one group. Hops between groups are in attempt_chain_fallback_test.cpp.
namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing::AnyOf;
using testing::HasSubstr;
using testing_world::config_of;
using testing_world::failure;
using testing_world::noon;
using testing_world::row;
using testing_world::Walk;

config::Config lone()
{
    return config_of({row("fast", "a")});
}
config::Config pair()
{
    return config_of({row("fast", "a"), row("fast", "b")});
}
std::string other(const std::string& id)
{
    return id == "a" ? "b" : "a";
}
chat::Failure told_to_wait(FailureClass kind, Millis wait)
{
    auto out = failure(kind, 429);
    out.retry_after = wait;
    return out;
}

TEST(AttemptChain, SendsToAMemberOfTheGroup)
{
    auto config = lone();
    config.deployments[0].stream_timeout = 3s;
    config.deployments[0].timeout = 20s;
    Walk walk(config, "fast");
    ASSERT_EQ(walk.start().to(), "a");
    EXPECT_EQ(walk.target().first_token_timeout, 3s);
    EXPECT_EQ(walk.target().idle_timeout, config.upstream.idle_timeout);
    EXPECT_EQ(walk.target().deadline, noon + 20s);
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
}

TEST(AttemptChain, TellsWhatTheStarStoodFor)
{
    Walk walk(config_of({row("ollama/*", "a")}), "ollama/llama3");
    EXPECT_EQ(walk.start().target().wildcard, "llama3");
}

TEST(AttemptChain, TriesAnotherMemberAtOnceAfterATransientFailure)
{
    Walk walk(pair(), "fast");
    const auto first = walk.start().to();
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), other(first));
    EXPECT_EQ(walk.chain.attempted_retries(), 1);
}

TEST(AttemptChain, WaitsBeforeItAsksTheSameMemberAgain)
{
    Walk walk(lone(), "fast");
    walk.draw = 300;
    ASSERT_EQ(walk.start().fails(FailureClass::transient).to(), "pause");
    EXPECT_EQ(std::get<Pause>(walk.last).duration, 300ms);
    EXPECT_EQ(walk.resume().to(), "a");
    EXPECT_EQ(walk.chain.attempted_retries(), 1);
}

TEST(AttemptChain, DoublesTheCeilingOfTheJitter)
{
    auto config = lone();
    config.router.num_retries = 9;
    Walk walk(config, "fast");
    walk.start();
    for (const auto ceiling : {500ms, 1'000ms, 2'000ms, 4'000ms, 8'000ms, 8'000ms}) {
        walk.draw = static_cast<std::uint64_t>(ceiling.count());
        ASSERT_EQ(walk.fails(FailureClass::transient).to(), "pause");
        EXPECT_EQ(std::get<Pause>(walk.last).duration, ceiling);
        walk.resume();
    }
}

TEST(AttemptChain, WaitsAtLeastTheConfiguredTime)
{
    auto config = lone();
    config.router.retry_after = 2s;
    Walk walk(config, "fast");
    ASSERT_EQ(walk.start().fails(FailureClass::transient).to(), "pause");
    EXPECT_EQ(std::get<Pause>(walk.last).duration, 2s);
}

TEST(AttemptChain, WaitsAsLongAsTheProviderSays)
{
    Walk walk(lone(), "fast");
    ASSERT_EQ(walk.start().fails(told_to_wait(FailureClass::overloaded, 7s)).to(), "pause");
    EXPECT_EQ(std::get<Pause>(walk.last).duration, 7s);
}

TEST(AttemptChain, StopsAfterTheConfiguredRetries)
{
    auto config = lone();
    config.router.num_retries = 1;
    Walk walk(config, "fast");
    walk.start().fails(FailureClass::transient).resume();
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_unreachable);
    EXPECT_EQ(walk.chain.failures().size(), 2u);
}

TEST(AttemptChain, TakesTurnsAmongMembersThatAllFailed)
{
    auto config = pair();
    config.router.num_retries = 3;
    Walk walk(config, "fast");
    const auto first = walk.start().to();
    walk.fails(FailureClass::transient).fails(FailureClass::transient);
    EXPECT_EQ(walk.resume().to(), first);
    EXPECT_EQ(walk.fails(FailureClass::transient).resume().to(), other(first));
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
}

TEST(AttemptChain, HonoursTheRequestsOwnNumberOfRetries)
{
    chat::RequestControls controls;
    controls.num_retries = 0;
    Walk walk(pair(), "fast", controls);
    EXPECT_EQ(walk.start().fails(FailureClass::transient).to(), "stop");
}

TEST(AttemptChain, BoundsTheRequestsOwnNumberOfRetries)
{
    chat::RequestControls controls;
    controls.num_retries = 1'000'000;
    Walk walk(lone(), "fast", controls);
    walk.start();
    int sends = 1;
    while (walk.fails(FailureClass::transient).to() == "pause") {
        walk.resume();
        ++sends;
    }
    EXPECT_EQ(sends, 11);
}

TEST(AttemptChain, PrefersTheDeploymentsNumberOfRetriesToThePolicys)
{
    auto config = lone();
    config.deployments[0].num_retries = 0;
    config.router.retry_policy.internal_server = 5;
    Walk walk(config, "fast");
    EXPECT_EQ(walk.start().fails(FailureClass::transient).to(), "stop");
}

TEST(AttemptChain, PrefersThePolicyOfTheClassToTheGeneralNumber)
{
    auto config = lone();
    config.router.retry_policy.internal_server = 0;
    config.router.num_retries = 5;
    Walk walk(config, "fast");
    EXPECT_EQ(walk.start().fails(FailureClass::transient).to(), "stop");
    Walk limited(config, "fast");
    EXPECT_EQ(limited.start().fails(FailureClass::rate_limited).to(), "pause");
}

TEST(AttemptChain, DoesNotRetryWhenTheBudgetIsSpent)
{
    Walk walk(pair(), "fast");
    walk.start();
    walk.may_retry = false;
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST(AttemptChain, SkipsAMemberThatRests)
{
    for (std::uint64_t draw = 0; draw < 20; ++draw) {
        Walk walk(pair(), "fast");
        walk.draw = draw;
        walk.rest("a", 5s);
        EXPECT_EQ(walk.start().to(), "b");
    }
}

TEST(AttemptChain, LeavesAMemberAloneWhileItsProbeIsOut)
{
    for (std::uint64_t draw = 0; draw < 20; ++draw) {
        Walk walk(pair(), "fast");
        walk.draw = draw;
        walk.state("a").probing = true;
        EXPECT_EQ(walk.start().to(), "b");
    }
}

TEST(AttemptChain, SaysWhenEverythingRests)
{
    Walk walk(pair(), "fast");
    walk.rest("a", 30s);
    walk.rest("b", 12'300ms);
    ASSERT_EQ(walk.start().to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::all_deployments_cooling);
    EXPECT_EQ(walk.error().message(),
              "No deployments available for selected model, Try again in 13 seconds. Passed "
              "model=fast");
    EXPECT_EQ(walk.error().retry_after(), 13s);
}

TEST(AttemptChain, SaysOneSecondWhenOnlyAProbeIsOut)
{
    Walk walk(lone(), "fast");
    walk.state("a").probing = true;
    EXPECT_EQ(walk.start().error().retry_after(), 1s);
}

TEST(AttemptChain, AsksAPinnedDeploymentThoughItRests)
{
    Walk walk(pair(), "a");
    walk.rest("a", 30s);
    EXPECT_EQ(walk.start().to(), "a");
    ASSERT_EQ(walk.fails(FailureClass::transient).to(), "pause");
    EXPECT_EQ(walk.resume().to(), "a");
}

TEST(AttemptChain, SpendsTheLevelsOfAnOrderOneAfterTheOther)
{
    auto config = config_of({row("fast", "second"), row("fast", "first"), row("fast", "third")});
    config.deployments[0].order = 2;
    config.deployments[1].order = 1;
    config.deployments[2].order = 3;
    config.router.num_retries = 1;
    Walk walk(config, "fast");
    EXPECT_EQ(walk.start().to(), "first");
    EXPECT_EQ(walk.fails(FailureClass::transient).resume().to(), "first");
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "second");
    EXPECT_EQ(walk.fails(FailureClass::transient).resume().to(), "second");
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "third");
}

TEST(AttemptChain, PassesALevelThatRests)
{
    auto config = pair();
    config.deployments[1].order = 2;
    Walk walk(config, "fast");
    walk.rest("a", 5s);
    EXPECT_EQ(walk.start().to(), "b");
}

TEST(AttemptChain, GoesToTheNextLevelEvenWithoutRetries)
{
    auto config = pair();
    config.deployments[1].order = 2;
    config.router.num_retries = 0;
    Walk walk(config, "fast");
    walk.may_retry = false;
    EXPECT_EQ(walk.start().fails(FailureClass::credential).to(), "b");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST(AttemptChain, WaitsForAShortRateLimitWhenNobodyElseIsFree)
{
    Walk walk(lone(), "fast");
    ASSERT_EQ(walk.start().fails(told_to_wait(FailureClass::rate_limited, 5s)).to(), "pause");
    EXPECT_EQ(std::get<Pause>(walk.last).duration, 5s);
    EXPECT_EQ(walk.resume().to(), "a");
}

TEST(AttemptChain, DoesNotWaitForALongRateLimit)
{
    Walk walk(lone(), "fast");
    ASSERT_EQ(walk.start().fails(told_to_wait(FailureClass::rate_limited, 6s)).to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_rate_limited);
    EXPECT_EQ(walk.error().retry_after(), 6s);
}

TEST(AttemptChain, AsksAnotherMemberInsteadOfWaitingForARateLimit)
{
    Walk walk(pair(), "fast");
    const auto first = walk.start().to();
    EXPECT_EQ(walk.fails(told_to_wait(FailureClass::rate_limited, 1s)).to(), other(first));
}

TEST(AttemptChain, WaitsOutARestThatEndsWithTheWait)
{
    Walk walk(pair(), "fast");
    const auto first = walk.start().to();
    walk.rest(first, 2s);
    walk.fails(told_to_wait(FailureClass::rate_limited, 2s));
    walk.rest(other(first), 3s);
    ASSERT_EQ(walk.fails(told_to_wait(FailureClass::rate_limited, 3s)).to(), "pause");
    EXPECT_EQ(std::get<Pause>(walk.last).duration, 2s);
    EXPECT_EQ(walk.resume().to(), first);
}

TEST(AttemptChain, DoesNotWaitForAMemberThatRestsLonger)
{
    Walk walk(lone(), "fast");
    walk.start();
    walk.rest("a", 60s);
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
}

TEST(AttemptChain, PrefersAMemberThatCameBackDuringTheWait)
{
    Walk walk(pair(), "fast");
    walk.rest("b", 60s);
    ASSERT_EQ(walk.start().to(), "a");
    ASSERT_EQ(walk.fails(FailureClass::transient).to(), "pause");
    walk.state("b").rests_until = {};
    EXPECT_EQ(walk.resume().to(), "b");
}

TEST(AttemptChain, GoesOnWhenWhatItWaitedForRestsAgain)
{
    Walk walk(lone(), "fast");
    walk.start().fails(FailureClass::transient);
    walk.rest("a", 60s);
    EXPECT_EQ(walk.resume().to(), "stop");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

class NeverTheSameAgain : public testing::TestWithParam<FailureClass> {};

TEST_P(NeverTheSameAgain, ForALoneDeployment)
{
    Walk walk(lone(), "fast");
    EXPECT_EQ(walk.start().fails(GetParam()).to(), "stop");
}

TEST_P(NeverTheSameAgain, AmongSeveral)
{
    auto config = config_of({row("fast", "a"), row("fast", "b"), row("fast", "c")});
    config.router.num_retries = 9;
    Walk walk(config, "fast");
    const auto first = walk.start().to();
    walk.fails(GetParam());
    while (walk.to() != "stop") {
        EXPECT_NE(walk.to(), first);
        walk.to() == "pause" ? walk.resume() : walk.fails(FailureClass::transient);
    }
    EXPECT_GE(walk.chain.failures().size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(Classes, NeverTheSameAgain,
                         testing::Values(FailureClass::stalled, FailureClass::quota,
                                         FailureClass::credential, FailureClass::model_missing,
                                         FailureClass::not_local, FailureClass::unknown));

class AtFault : public testing::TestWithParam<FailureClass> {};

TEST_P(AtFault, ARequestIsNotTriedOnOtherMembers)
{
    Walk walk(pair(), "fast");
    ASSERT_EQ(walk.start().fails(GetParam()).to(), "stop");
    EXPECT_EQ(describe(walk.error().code()).status, 400);
}

TEST_P(AtFault, ARequestIsNotTriedOnTheNextLevel)
{
    auto config = pair();
    config.deployments[1].order = 2;
    Walk walk(config, "fast");
    EXPECT_EQ(walk.start().fails(GetParam()).to(), "stop");
}

TEST_P(AtFault, ARequestKeepsItsStatusWhenItsTimeIsOver)
{
    Walk walk(pair(), "fast");
    walk.start();
    walk.now = walk.chain.deadline();
    EXPECT_EQ(describe(walk.fails(GetParam()).error().code()).status, 400);
}

INSTANTIATE_TEST_SUITE_P(Classes, AtFault,
                         testing::Values(FailureClass::too_long, FailureClass::content_policy,
                                         FailureClass::rejected));

TEST(AttemptChain, RetriesARejectedRequestOnOthersOnlyWhenThePolicyGrantsIt)
{
    auto config = pair();
    config.router.retry_policy.bad_request = 3;
    Walk walk(config, "fast");
    const auto first = walk.start().to();
    EXPECT_EQ(walk.fails(FailureClass::rejected).to(), other(first));
    EXPECT_EQ(walk.fails(FailureClass::rejected).to(), "stop");
}

TEST(AttemptChainDeadline, IsTheRequestsOwnWhenItIsShorter)
{
    chat::RequestControls controls;
    controls.timeout = 4s;
    Walk walk(lone(), "fast", controls);
    EXPECT_EQ(walk.chain.deadline(), noon + 4s);
    EXPECT_EQ(walk.start().target().deadline, noon + 4s);
}

TEST(AttemptChainDeadline, IsNotTheRequestsOwnWhenItIsLonger)
{
    chat::RequestControls controls;
    controls.timeout = std::chrono::hours{100};
    auto config = lone();
    config.router.timeout = 10s;
    Walk walk(config, "fast", controls);
    EXPECT_EQ(walk.chain.deadline(), noon + walk.table.chain_timeout());
    EXPECT_EQ(walk.start().target().deadline, noon + 10s);
}

TEST(AttemptChainDeadline, SaysWhoseItIs)
{
    chat::RequestControls controls;
    EXPECT_EQ(Walk(lone(), "fast", controls).start().target().patience, Patience::deployment);
    controls.timeout = 4s;
    EXPECT_EQ(Walk(lone(), "fast", controls).start().target().patience, Patience::request);
}

TEST(AttemptChainDeadline, StopsBeforeTheFirstAttempt)
{
    chat::RequestControls controls;
    controls.timeout = 0s;
    Walk walk(lone(), "fast", controls);
    ASSERT_EQ(walk.start().to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_timeout);
}

TEST(AttemptChainDeadline, StopsAfterAFailure)
{
    Walk walk(pair(), "fast");
    walk.start();
    walk.now = walk.chain.deadline();
    ASSERT_EQ(walk.fails(FailureClass::transient).to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_timeout);
    EXPECT_THAT(walk.error().message(), HasSubstr("Tried: fast/"));
}

TEST(AttemptChainDeadline, StopsAfterAPause)
{
    Walk walk(lone(), "fast");
    walk.start().fails(FailureClass::transient);
    walk.now = walk.chain.deadline();
    EXPECT_EQ(walk.resume().error().code(), Errc::upstream_timeout);
}

TEST(AttemptChainDeadline, RulesOutAPauseBeyondIt)
{
    chat::RequestControls controls;
    controls.timeout = 2s;
    Walk walk(lone(), "fast", controls);
    EXPECT_EQ(walk.start().fails(told_to_wait(FailureClass::rate_limited, 2s)).to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_rate_limited);
}

TEST(AttemptChainAnswered, StillTellsWhatTheWayWasLike)
{
    Walk walk(config_of({row("fast", "a"), row("fast", "b")}), "fast");
    walk.start().fails(FailureClass::transient);
    walk.chain.answered();
    EXPECT_EQ(walk.chain.failures().size(), 1U);
    EXPECT_EQ(walk.chain.attempted_retries(), 1);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
    EXPECT_FALSE(walk.chain.may_escalate());
}

class AfterTheFirstByte : public testing::TestWithParam<FailureClass> {};

TEST_P(AfterTheFirstByte, NothingIsTriedAgain)
{
    auto config = config_of({row("fast", "a"), row("fast", "b"), row("cloud", "c")});
    config.router.default_fallbacks = {"cloud"};
    Walk walk(config, "fast");
    walk.start();
    walk.chain.committed();
    ASSERT_EQ(walk.fails(GetParam()).to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::stream_broken);
}

INSTANTIATE_TEST_SUITE_P(Classes, AfterTheFirstByte,
                         testing::Values(FailureClass::transient, FailureClass::overloaded,
                                         FailureClass::stalled, FailureClass::rate_limited,
                                         FailureClass::quota, FailureClass::credential,
                                         FailureClass::model_missing, FailureClass::too_long,
                                         FailureClass::content_policy, FailureClass::rejected,
                                         FailureClass::unknown));

TEST(AttemptChain, AnswersAStepOutOfTurnWithAStop)
{
    Walk walk(pair(), "fast");
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "stop");
    Walk resumed(pair(), "fast");
    resumed.last = resumed.chain.resumed(resumed.moment());
    EXPECT_EQ(resumed.to(), "stop");
}

TEST(AttemptChain, RemembersEachFailureInOrder)
{
    auto config = pair();
    config.router.num_retries = 1;
    Walk walk(config, "fast");
    const auto first = walk.start().to();
    walk.fails(failure(FailureClass::transient, 503, "one"));
    walk.fails(failure(FailureClass::stalled, 0, "two"));
    ASSERT_EQ(walk.chain.failures().size(), 2u);
    EXPECT_EQ(walk.table[walk.chain.failures()[0].deployment].id, first);
    EXPECT_EQ(walk.chain.failures()[0].failure.message, "one");
    EXPECT_EQ(walk.chain.failures()[1].failure.kind, FailureClass::stalled);
}

}  // namespace
}  // namespace spillway::route
