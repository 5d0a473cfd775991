#include <gmock/gmock.h>

#include "spillway/route/attempt_chain.hpp"
#include "unit/route/world.hpp"

// Hops between groups. Retries inside one are in attempt_chain_test.cpp.
namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using chat::FailureClass;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_world::config_of;
using testing_world::failure;
using testing_world::row;
using testing_world::Walk;

/// Groups A to H with one deployment each (a to h), and no retries.
config::Config alphabet()
{
    std::vector<config::Deployment> rows;
    for (char name = 'A'; name <= 'H'; ++name) {
        rows.push_back(row(std::string(1, name), std::string(1, static_cast<char>(name + 32))));
    }
    auto config = config_of(std::move(rows));
    config.router.num_retries = 0;
    return config;
}

/// The ids that are asked when everything fails with `kind`.
std::vector<std::string> path(Walk& walk, FailureClass kind = FailureClass::transient)
{
    std::vector<std::string> ids;
    walk.start();
    while (walk.to() != "stop") {
        ids.push_back(walk.to());
        walk.fails(kind);
    }
    return ids;
}

std::vector<std::string> path(const config::Config& config, std::string_view model,
                              chat::RequestControls controls = {},
                              FailureClass kind = FailureClass::transient)
{
    Walk walk(config, model, std::move(controls));
    return path(walk, kind);
}

TEST(Fallback, FollowsTheListInOrder)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"B", "C"}}};
    Walk walk(config, "A");
    EXPECT_THAT(path(walk), ElementsAre("a", "b", "c"));
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 2);
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST(Fallback, ComesAfterTheRetriesOfTheGroup)
{
    auto config = alphabet();
    config.router.num_retries = 1;
    config.router.fallbacks = {{"A", {"B"}}};
    Walk walk(config, "A");
    EXPECT_EQ(walk.start().fails(FailureClass::transient).resume().to(), "a");
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "b");
    EXPECT_EQ(walk.fails(FailureClass::transient).resume().to(), "b");
}

TEST(Fallback, EntersTheTargetsOwnListBeforeTheNextTarget)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"B", "C"}}, {"B", {"D"}}, {"D", {"E"}}};
    EXPECT_THAT(path(config, "A"), ElementsAre("a", "b", "d", "e", "c"));
}

TEST(Fallback, EntersNoPlaceTwice)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"A", "B"}}, {"B", {"A", "C"}}, {"C", {"B", "A"}}};
    EXPECT_THAT(path(config, "A"), ElementsAre("a", "b", "c"));
}

TEST(Fallback, KnowsAPlaceByItsAliasToo)
{
    auto config = alphabet();
    config.router.aliases = {{"gpt", {"A"}}};
    config.router.fallbacks = {{"A", {"gpt", "B"}}};
    EXPECT_THAT(path(config, "A"), ElementsAre("a", "b"));
}

TEST(Fallback, GoesNoDeeperThanFive)
{
    auto config = alphabet();
    for (char name = 'A'; name < 'H'; ++name) {
        config.router.fallbacks.push_back(
            {std::string(1, name), {std::string(1, static_cast<char>(name + 1))}});
    }
    EXPECT_THAT(path(config, "A"), ElementsAre("a", "b", "c", "d", "e", "f"));
}

TEST(Fallback, GoesNoDeeperThanConfigured)
{
    auto config = alphabet();
    config.router.max_fallbacks = 1;
    config.router.fallbacks = {{"A", {"B"}}, {"B", {"C"}}};
    EXPECT_THAT(path(config, "A"), ElementsAre("a", "b"));
    config.router.max_fallbacks = 0;
    EXPECT_THAT(path(config, "A"), ElementsAre("a"));
}

TEST(Fallback, UsesTheDefaultsForEveryGroup)
{
    auto config = alphabet();
    config.router.default_fallbacks = {"C"};
    EXPECT_THAT(path(config, "A"), ElementsAre("a", "c"));
    EXPECT_THAT(path(config, "C"), ElementsAre("c"));
}

TEST(Fallback, SkipsNamesThatNobodyServes)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"gone", "B"}}};
    EXPECT_THAT(path(config, "A"), ElementsAre("a", "b"));
}

TEST(Fallback, AsksADeploymentNamedByIdThoughItRests)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"b"}}};
    Walk walk(config, "A");
    walk.rest("b", 60s);
    EXPECT_THAT(path(walk), ElementsAre("a", "b"));
}

TEST(Fallback, ReachesSeveralModelsThroughOneWildcard)
{
    auto config = alphabet();
    config.deployments.push_back(row("openai/*", "openai"));
    config.router.fallbacks = {{"A", {"openai/gpt-4o", "openai/gpt-4o-mini"}}};
    Walk walk(config, "A");
    walk.start().fails(FailureClass::transient);
    EXPECT_EQ(walk.target().wildcard, "gpt-4o");
    walk.fails(FailureClass::model_missing);
    EXPECT_EQ(walk.target().wildcard, "gpt-4o-mini");
}

TEST(Fallback, DoesNotOfferARefusedKeyAgainForAnotherModel)
{
    auto config = alphabet();
    config.deployments.push_back(row("openai/*", "openai"));
    config.router.fallbacks = {{"A", {"openai/gpt-4o", "openai/gpt-4o-mini"}}};
    Walk walk(config, "A");
    walk.start().fails(FailureClass::transient);
    EXPECT_EQ(walk.fails(FailureClass::credential).to(), "stop");
}

TEST(Fallback, IsTakenWhenTheWholeGroupRests)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"B"}}};
    Walk walk(config, "A");
    walk.rest("a", 60s);
    EXPECT_EQ(walk.start().to(), "b");
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
}

TEST(Fallback, PassesAHopThatRests)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"B", "C"}}, {"B", {"D"}}};
    Walk walk(config, "A");
    walk.rest("b", 60s);
    EXPECT_THAT(path(walk), ElementsAre("a", "d", "c"));
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 2);
}

TEST(Fallback, NamesTheEarliestRecoveryOfAllHops)
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"B"}}};
    Walk walk(config, "A");
    walk.rest("a", 60s);
    walk.rest("b", 7s);
    EXPECT_EQ(walk.start().error().retry_after(), 7s);
    EXPECT_THAT(walk.error().message(), HasSubstr("Passed model=A"));
}

TEST(Fallback, NeedsNoRetryBudget)
{
    auto config = alphabet();
    config.router.num_retries = 2;
    config.router.fallbacks = {{"A", {"B"}}};
    Walk walk(config, "A");
    walk.may_retry = false;
    EXPECT_THAT(path(walk), ElementsAre("a", "b"));
}

class FallbackByClass : public testing::Test {
protected:
    FallbackByClass()
    {
        config.router.fallbacks = {{"A", {"B"}}};
        config.router.context_window_fallbacks = {{"A", {"C"}}};
        config.router.content_policy_fallbacks = {{"A", {"D"}}};
    }
    std::string after(FailureClass kind)
    {
        Walk walk(config, "A");
        return walk.start().fails(kind).to();
    }
    config::Config config = alphabet();
};

TEST_F(FallbackByClass, TakesTheListOfTheClass)
{
    EXPECT_EQ(after(FailureClass::too_long), "c");
    EXPECT_EQ(after(FailureClass::content_policy), "d");
    for (const auto kind :
         {FailureClass::transient, FailureClass::overloaded, FailureClass::stalled,
          FailureClass::rate_limited, FailureClass::quota, FailureClass::credential,
          FailureClass::model_missing, FailureClass::not_local, FailureClass::unsupported,
          FailureClass::unknown}) {
        EXPECT_EQ(after(kind), "b");
    }
}

TEST_F(FallbackByClass, TakesTheGeneralListWhereTheSpecialHasNoEntry)
{
    config.router.context_window_fallbacks.clear();
    config.router.content_policy_fallbacks.clear();
    EXPECT_EQ(after(FailureClass::too_long), "b");
    EXPECT_EQ(after(FailureClass::content_policy), "b");
}

TEST_F(FallbackByClass, TakesNoListForARejectedRequest)
{
    EXPECT_EQ(after(FailureClass::rejected), "stop");
}

TEST_F(FallbackByClass, StopsForARejectionInTheMiddleOfAList)
{
    config.router.fallbacks = {{"A", {"B", "E"}}};
    Walk walk(config, "A");
    EXPECT_EQ(walk.start().fails(FailureClass::transient).fails(FailureClass::rejected).to(),
              "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_rejected);
}

class FallbackControls : public testing::Test {
protected:
    FallbackControls()
    {
        config.router.fallbacks = {{"A", {"B"}}, {"C", {"D"}}};
        config.router.context_window_fallbacks = {{"A", {"E"}}};
    }
    config::Config config = alphabet();
    chat::RequestControls controls;
};

TEST_F(FallbackControls, ReplaceTheConfiguredList)
{
    controls.fallbacks = {"C", "F"};
    EXPECT_THAT(path(config, "A", controls), ElementsAre("a", "c", "f"));
}

TEST_F(FallbackControls, MayAskForNone)
{
    controls.fallbacks.emplace();
    EXPECT_THAT(path(config, "A", controls), ElementsAre("a"));
}

TEST_F(FallbackControls, ReplaceTheSpecialListsOneByOne)
{
    controls.context_window_fallbacks = {"F"};
    EXPECT_THAT(path(config, "A", controls, FailureClass::too_long), ElementsAre("a", "f"));
    EXPECT_THAT(path(config, "A", controls), ElementsAre("a", "b"));
    controls.content_policy_fallbacks = {"G"};
    EXPECT_THAT(path(config, "A", controls, FailureClass::content_policy), ElementsAre("a", "g"));
}

TEST_F(FallbackControls, CanDisableAll)
{
    controls.disable_fallbacks = true;
    controls.fallbacks = {"C"};
    EXPECT_THAT(path(config, "A", controls), ElementsAre("a"));
    EXPECT_THAT(path(config, "A", controls, FailureClass::too_long), ElementsAre("a"));
}

TEST_F(FallbackControls, MayNameALongListWithoutGoingDeep)
{
    controls.fallbacks = {"B", "C", "D", "E", "F", "G", "H"};
    EXPECT_THAT(path(config, "A", controls), ElementsAre("a", "b", "c", "d", "e", "f", "g", "h"));
}

TEST_F(FallbackControls, MakeTheFirstGroupFailWithoutSending)
{
    controls.mock_fallbacks = true;
    Walk walk(config, "A", controls);
    EXPECT_EQ(walk.start().to(), "b");
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
    EXPECT_TRUE(walk.chain.failures().empty());
}

TEST_F(FallbackControls, MockTheSpecialClasses)
{
    config.router.content_policy_fallbacks = {{"A", {"F"}}};
    controls.mock_context_window_fallbacks = true;
    EXPECT_EQ(Walk(config, "A", controls).start().to(), "e");
    controls.mock_context_window_fallbacks = false;
    controls.mock_content_policy_fallbacks = true;
    EXPECT_EQ(Walk(config, "A", controls).start().to(), "f");
}

TEST_F(FallbackControls, MockARateLimitThatARetryGetsOver)
{
    config.router.num_retries = 2;
    controls.mock_rate_limit_error = true;
    Walk walk(config, "A", controls);
    EXPECT_EQ(walk.start().to(), "pause");
    EXPECT_EQ(walk.resume().to(), "a");
    EXPECT_EQ(walk.chain.attempted_retries(), 1);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
    EXPECT_TRUE(walk.chain.failures().empty());
}

TEST_F(FallbackControls, MockARateLimitThatFallsBackWhereThereAreNoRetries)
{
    config.router.num_retries = 2;
    controls.mock_rate_limit_error = true;
    controls.num_retries = 0;
    Walk walk(config, "A", controls);
    EXPECT_EQ(walk.start().to(), "b");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
    controls.disable_fallbacks = true;
    Walk nowhere(config, "A", controls);
    ASSERT_EQ(nowhere.start().to(), "stop");
    EXPECT_EQ(nowhere.error().code(), Errc::upstream_rate_limited);
}

TEST_F(FallbackControls, MockAFailureEvenWhereThereIsNoFallback)
{
    controls.mock_fallbacks = true;
    controls.disable_fallbacks = true;
    Walk walk(config, "A", controls);
    ASSERT_EQ(walk.start().to(), "stop");
    EXPECT_THAT(walk.error().message(), HasSubstr("mock_testing_fallbacks"));
}

chat::Failure refused_connection()
{
    auto refused = failure(FailureClass::transient);
    refused.unreached = true;
    return refused;
}

TEST_F(FallbackControls, AreFollowedAtOnceWhenTheOnlyDeploymentIsNotThere)
{
    config.router.num_retries = 2;
    Walk walk(config, "A", controls);
    walk.start();
    EXPECT_EQ(walk.fails(refused_connection()).to(), "b");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST_F(FallbackControls, AreNotHurriedWhenSomebodyWasThere)
{
    config.router.num_retries = 2;
    Walk walk(config, "A", controls);
    walk.start();
    EXPECT_EQ(walk.fails(FailureClass::transient).to(), "pause");
}

TEST_F(FallbackControls, LeaveTheRetriesToADeploymentThatIsNotThereWhenTheyLeadNowhere)
{
    config.router.num_retries = 2;
    controls.disable_fallbacks = true;
    Walk alone(config, "A", controls);
    alone.start();
    EXPECT_EQ(alone.fails(refused_connection()).to(), "pause");
    controls.disable_fallbacks = false;
    controls.fallbacks = {"A", "nobody"};
    Walk nowhere(config, "A", controls);
    nowhere.start();
    EXPECT_EQ(nowhere.fails(refused_connection()).to(), "pause");
}

class FallbackWindows : public testing::Test {
protected:
    FallbackWindows()
    {
        config.router.fallbacks = {{"A", {"B", "C"}}};
        config.deployments[0].max_input_tokens = Tokens{1'000};
    }
    std::string window_of_b(std::int64_t tokens, Tokens prompt = Tokens{500})
    {
        config.deployments[1].max_input_tokens = Tokens{tokens};
        Walk walk(config, "A", {}, prompt);
        return walk.start().fails(FailureClass::too_long).to();
    }
    config::Config config = alphabet();
};

TEST_F(FallbackWindows, MustBeLargerThanTheOneThatWasTooSmall)
{
    EXPECT_EQ(window_of_b(1'000), "c");
    EXPECT_EQ(window_of_b(1'001), "b");
}

TEST_F(FallbackWindows, MustHoldThePromptOnceSomebodySaidItIsLong)
{
    EXPECT_EQ(window_of_b(2'000, Tokens{3'000}), "c");
    EXPECT_EQ(window_of_b(3'000, Tokens{3'000}), "b");
}

TEST_F(FallbackWindows, DoNotMatterForOtherFailures)
{
    config.deployments[1].max_input_tokens = Tokens{10};
    Walk walk(config, "A", {}, Tokens{500});
    EXPECT_EQ(walk.start().fails(FailureClass::transient).to(), "b");
}

TEST_F(FallbackWindows, AreCheckedBeforeTheCallWhenAskedFor)
{
    config.router.pre_call_checks = true;
    config.router.context_window_fallbacks = {{"A", {"D"}}};
    Walk walk(config, "A", {}, Tokens{1'001});
    EXPECT_EQ(walk.start().to(), "d");
    Walk fitting(config, "A", {}, Tokens{1'000});
    EXPECT_EQ(fitting.start().to(), "a");
}

TEST_F(FallbackWindows, AreNotToBlameWhenOneThatFitsOnlyRests)
{
    config.router.pre_call_checks = true;
    config.router.context_window_fallbacks = {{"A", {"D"}}};
    config.deployments.push_back(row("A", "large"));
    Walk walk(config, "A", {}, Tokens{1'001});
    walk.rest("large", 60s);
    EXPECT_EQ(walk.start().to(), "b");
}

TEST_F(FallbackWindows, ThatAreAllTooSmallMakeAContextWindowError)
{
    config.router.pre_call_checks = true;
    config.router.fallbacks.clear();
    Walk walk(config, "A", {}, Tokens{1'001});
    ASSERT_EQ(walk.start().to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::context_window_exceeded);
    EXPECT_THAT(walk.error().message(), HasSubstr("about 1001 tokens"));
}

/// All three lists of the file lead from A and B to C.
config::Config leading_out()
{
    auto config = alphabet();
    config.router.fallbacks = {{"A", {"C"}}, {"B", {"C"}}};
    config.router.context_window_fallbacks = config.router.fallbacks;
    config.router.content_policy_fallbacks = config.router.fallbacks;
    return config;
}

struct LeaveCase {
    const char* name;
    FailureClass kind;
    std::vector<std::string> path;  ///< Of a route along A and B.
};
class ARoutesChain : public testing::TestWithParam<LeaveCase> {};

TEST_P(ARoutesChain, IsNotLeftByTheListsOfTheFile)
{
    Walk walk(leading_out(), std::vector<std::string>{"A", "B"});
    EXPECT_EQ(path(walk, GetParam().kind), GetParam().path);
    EXPECT_THAT(walk.error().message(), testing::Not(HasSubstr("'C'"))) << "offers nothing";
}

TEST_P(ARoutesChain, IsNotLeftByTheListsOfTheClient)
{
    chat::RequestControls controls;
    controls.fallbacks = {"C", "c"};
    controls.context_window_fallbacks = controls.fallbacks;
    controls.content_policy_fallbacks = controls.fallbacks;
    Walk walk(leading_out(), std::vector<std::string>{"A", "B"}, controls);
    EXPECT_EQ(path(walk, GetParam().kind), GetParam().path);
}

INSTANTIATE_TEST_SUITE_P(
    Every, ARoutesChain,
    testing::Values(LeaveCase{"general", FailureClass::transient, {"a", "b"}},
                    LeaveCase{"context_window", FailureClass::too_long, {"a", "b"}},
                    LeaveCase{"content_policy", FailureClass::content_policy, {"a"}}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(ARoutesChainAlone, LetsTheClientNameItsOwnHops)
{
    chat::RequestControls controls;
    controls.content_policy_fallbacks = {"C", "B"};
    Walk walk(leading_out(), std::vector<std::string>{"A", "B"}, controls);
    EXPECT_THAT(path(walk, FailureClass::content_policy), ElementsAre("a", "b"));
}

}  // namespace
}  // namespace spillway::route
