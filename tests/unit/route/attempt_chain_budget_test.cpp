#include <gmock/gmock.h>

#include "spillway/route/attempt_chain.hpp"
#include "unit/route/routing.hpp"
#include "unit/route/world.hpp"

// Targets that nobody can pay for, and what decisions make of budgets.
namespace spillway::route {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_world::config_of;
using testing_world::failure;
using testing_world::row;
using testing_world::Scene;
using testing_world::Walk;

Error shortage(Millis wait = Millis{60'000})
{
    return Error(Errc::budget_exceeded, "Budget has been exceeded!").retry_in(wait);
}

Walk& declined(Walk& walk, Error error = shortage())
{
    walk.last = walk.chain.declined(std::move(error), walk.moment());
    return walk;
}

/// A (a1, a2), then the fallback B (b).
config::Config two_groups()
{
    auto config = config_of({row("A", "a1"), row("A", "a2"), row("B", "b")});
    config.router.fallbacks = {{"A", {"B"}}};
    return config;
}

TEST(Declined, LeadsToTheNextOfTheGroupAndThenToTheFallback)
{
    Walk walk(two_groups(), "A");
    std::vector<std::string> asked{walk.start().to()};
    asked.push_back(declined(walk).to());
    asked.push_back(declined(walk).to());
    std::sort(asked.begin(), asked.end());
    EXPECT_THAT(asked, ElementsAre("a1", "a2", "b"));
}

TEST(Declined, CountsNoFailureRetryOrFallbackButTheOneThatIsSent)
{
    Walk walk(two_groups(), "A");
    walk.start();
    declined(walk);
    declined(walk);
    EXPECT_EQ(walk.to(), "b");
    EXPECT_TRUE(walk.chain.failures().empty());
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 1);
    declined(walk);
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
}

TEST(Declined, TakesARetryBackThatWasNotSent)
{
    auto config = config_of({row("A", "a1"), row("A", "a2"), row("B", "b")});
    config.router.fallbacks = {{"A", {"B"}}};
    Walk walk(config, "A");
    walk.start().fails(chat::FailureClass::transient);
    EXPECT_EQ(walk.chain.attempted_retries(), 1);
    declined(walk);
    EXPECT_EQ(walk.to(), "b");
    EXPECT_EQ(walk.chain.attempted_retries(), 0);
}

TEST(Declined, NeverAsksTheSameTargetAgain)
{
    Walk walk(config_of({row("A", "a1")}), "A");
    walk.start();
    declined(walk);
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::budget_exceeded);
}

TEST(Declined, ByAllTellsOfTheShortageThatEndsFirst)
{
    Walk walk(config_of({row("A", "a1"), row("A", "a2")}), "A");
    walk.start();
    declined(walk, shortage(Millis{90'000}));
    declined(walk, shortage(Millis{30'000}));
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().retry_after(), Millis{30'000});
}

TEST(Declined, AfterAFailureNamesWhatWasTried)
{
    Walk walk(two_groups(), "A");
    walk.start().fails(failure(chat::FailureClass::transient, 500, "boom"));
    declined(walk);
    declined(walk);
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::budget_exceeded);
    EXPECT_THAT(walk.error().message(), HasSubstr("HTTP 500: boom"));
}

TEST(Declined, DoesNotHideThatTheRequestIsAtFault)
{
    auto config = config_of({row("A", "a1"), row("A", "a2")});
    Walk walk(config, "A");
    walk.start();
    declined(walk);
    walk.fails(failure(chat::FailureClass::rejected, 400, "bad temperature"));
    ASSERT_EQ(walk.to(), "stop");
    EXPECT_EQ(walk.error().code(), Errc::upstream_rejected);
}

/// What is left of every deployment's own budgets, and what they afford.
struct FixedBudgets final : TargetBudgets {
    std::optional<double> left(GroupIndex, DeploymentIndex) const override { return part; }
    bool affords(GroupIndex, DeploymentIndex, NanoUsd) const override { return pays; }
    std::optional<double> part;
    bool pays = true;
};

constexpr const char* one_route = R"(
model_list:
  - model_name: cloud
    litellm_params: {model: openai/gpt-4o, api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}
  - model_name: engine
    litellm_params: {model: openai/mine, api_base: "http://127.0.0.1:1/v1"}
routes:
  r:
    otherwise: [cloud, engine]
    on_budget: {50%: local-first, 90%: local-only}
)";

Features short_request()
{
    Features request;
    request.task = config::Task::chat;
    request.prompt = request.prompt_upper = Tokens{10};
    request.answer = Tokens{10};
    return request;
}

TEST(OnBudget, LeavesTheChainAsItIsWhileThereIsMoney)
{
    Scene scene(one_route);
    scene.budget.proxy = 0.6;
    EXPECT_THAT(scene.chain(short_request()), ElementsAre("cloud", "engine"));
}

TEST(OnBudget, PutsLocalTargetsFirst)
{
    Scene scene(one_route);
    scene.budget.key = 0.5;
    EXPECT_THAT(scene.chain(short_request()), ElementsAre("engine", "cloud"));
}

TEST(OnBudget, LeavesLocalTargetsOnly)
{
    Scene scene(one_route);
    scene.budget.team = 0.05;
    EXPECT_THAT(scene.chain(short_request()), ElementsAre("engine"));
}

TEST(OnBudget, LooksAtTheBudgetsOfTheCloudsThatTheRouteLeadsTo)
{
    Scene scene(one_route);
    FixedBudgets budgets;
    budgets.part = 0.0;
    scene.budget.targets = &budgets;
    EXPECT_THAT(scene.chain(short_request()), ElementsAre("engine"));
}

TEST(OnBudget, ThatLeavesNobodyIsARefusalForMoney)
{
    Scene scene(one_route);
    scene.budget.proxy = 0.0;
    auto request = short_request();
    request.prompt_upper = Tokens{10};
    scene.config.routes.front().otherwise.use = {"cloud"};
    scene.book = RouteBook(scene.config, scene.names);
    EXPECT_THAT(scene.chain(request), ElementsAre("budget_exceeded"));
}

TEST(Decide, SaysWhoIsOverBudgetAndKeepsThemInTheChain)
{
    Scene scene(one_route);
    FixedBudgets budgets;
    budgets.pays = false;
    scene.budget.targets = &budgets;
    const auto plan = scene.decide(short_request());
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->why.candidates.at(0).verdict, Verdict::over_budget);
    EXPECT_EQ(plan->hops.size(), 2U);
    EXPECT_THAT(compact(plan->why, scene.table), HasSubstr("cloud (over budget)"));
}

}  // namespace
}  // namespace spillway::route
