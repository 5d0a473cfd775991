#include "spillway/route/routing_table.hpp"

#include <gmock/gmock.h>

#include "unit/route/world.hpp"

namespace spillway::route {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing_world::config_of;
using testing_world::row;
using testing_world::seconds;

RoutingTable table_of(const config::Config& config)
{
    return RoutingTable{config, {}};
}

std::string group_of(const RoutingTable& table, std::string_view model)
{
    const auto resolved = table.resolve(model);
    return resolved ? table[resolved->group].name : "nothing";
}

TEST(RoutingTable, JoinsRowsOfOneNameToAGroup)
{
    const auto table = table_of(config_of({row("fast", "a"), row("slow", "b"), row("fast", "c")}));
    ASSERT_EQ(table.groups().size(), 2u);
    EXPECT_THAT(table.groups()[0].members, ElementsAre(DeploymentIndex{0}, DeploymentIndex{2}));
    EXPECT_THAT(table.groups()[1].members, ElementsAre(DeploymentIndex{1}));
}

TEST(RoutingTable, ResolvesAGroupByItsExactName)
{
    const auto table = table_of(config_of({row("fast", "a"), row("*", "b")}));
    const auto resolved = table.resolve("fast");
    ASSERT_TRUE(resolved);
    EXPECT_EQ(table[resolved->group].name, "fast");
    EXPECT_FALSE(resolved->pinned);
    EXPECT_EQ(resolved->wildcard, "");
}

TEST(RoutingTable, PinsADeploymentNamedByItsId)
{
    const auto table = table_of(config_of({row("fast", "a"), row("fast", "b")}));
    const auto resolved = table.resolve("b");
    ASSERT_TRUE(resolved);
    EXPECT_EQ(resolved->pinned, DeploymentIndex{1});
    EXPECT_EQ(table[resolved->group].name, "fast");
}

TEST(RoutingTable, DoesNotPinAnIdOfAWildcardRowThatLeavesTheModelOpen)
{
    const auto table = table_of(config_of({row("openai/*", "a")}));
    EXPECT_FALSE(table.resolve("a"));
}

TEST(RoutingTable, KnowsNothingOfOtherNames)
{
    const auto table = table_of(config_of({row("fast", "a")}));
    EXPECT_FALSE(table.resolve("fas"));
    EXPECT_FALSE(table.resolve("Fast"));
    EXPECT_FALSE(table.resolve(""));
}

TEST(RoutingTable, PrefersTheLongestWildcardAndTheStarLast)
{
    const auto table = table_of(
        config_of({row("*", "any"), row("ollama/*", "local"), row("ollama/llama*", "llama")}));
    EXPECT_EQ(group_of(table, "ollama/llama3"), "ollama/llama*");
    EXPECT_EQ(group_of(table, "ollama/qwen"), "ollama/*");
    EXPECT_EQ(group_of(table, "gpt-4o"), "*");
}

TEST(RoutingTable, SaysWhatTheStarStoodFor)
{
    const auto table = table_of(config_of({row("*", "any"), row("ollama/*", "local")}));
    EXPECT_EQ(table.resolve("ollama/llama3:8b")->wildcard, "llama3:8b");
    EXPECT_EQ(table.resolve("gpt-4o")->wildcard, "gpt-4o");
    EXPECT_EQ(table.resolve("gpt-4o")->asked, "gpt-4o");
}

TEST(RoutingTable, ServesNoModelCalledStar)
{
    const auto table = table_of(config_of({row("*", "any"), row("ollama/*", "local")}));
    EXPECT_FALSE(table.resolve("*"));
    EXPECT_FALSE(table.resolve("ollama/*"));
    EXPECT_EQ(group_of(table, "ollama/"), "*");
}

TEST(RoutingTable, FollowsAnAliasToAGroupAWildcardOrAnId)
{
    auto config = config_of({row("fast", "a"), row("ollama/*", "local")});
    config.router.aliases = {{"gpt-4", {"fast"}}, {"l3", {"ollama/llama3"}}, {"mine", {"a"}}};
    const auto table = table_of(config);
    EXPECT_EQ(group_of(table, "gpt-4"), "fast");
    EXPECT_EQ(table.resolve("l3")->wildcard, "llama3");
    EXPECT_EQ(table.resolve("mine")->pinned, DeploymentIndex{0});
    EXPECT_EQ(table.resolve("gpt-4")->asked, "gpt-4");
}

TEST(RoutingTable, PrefersAGroupToAnAliasOfTheSameName)
{
    auto config = config_of({row("fast", "a"), row("slow", "b")});
    config.router.aliases = {{"fast", {"slow"}}};
    EXPECT_EQ(group_of(table_of(config), "fast"), "fast");
}

TEST(RoutingTable, IgnoresAnAliasOfNothing)
{
    auto config = config_of({row("fast", "a")});
    config.router.aliases = {{"gpt-4", {"gone"}}};
    EXPECT_FALSE(table_of(config).resolve("gpt-4"));
}

TEST(RoutingTable, ListsGroupsAndVisibleAliasesInOrder)
{
    auto config = config_of({row("slow", "a"), row("*", "b"), row("fast", "c"), row("slow", "d")});
    config.router.aliases = {{"gpt-4", {"fast"}}, {"secret", {"fast", true}}};
    EXPECT_THAT(table_of(config).listed(), ElementsAre("slow", "fast", "gpt-4"));
}

TEST(RoutingTableWeights, AreOneWhereNobodySetsAny)
{
    const auto table = table_of(config_of({row("g", "a"), row("g", "b")}));
    EXPECT_EQ(table.deployments()[0].weight, 1.0);
    EXPECT_EQ(table.deployments()[1].weight, 1.0);
}

TEST(RoutingTableWeights, ComeFromTheFirstMeasureThatAMemberSets)
{
    auto config = config_of({row("g", "a"), row("g", "b"), row("h", "c"), row("i", "d")});
    config.deployments[0].rpm = 600;
    config.deployments[1].weight = 3;
    config.deployments[1].rpm = 100;
    config.deployments[2].rpm = 50;
    config.deployments[2].tpm = 9'000;
    config.deployments[3].tpm = 7'000;
    const auto table = table_of(config);
    EXPECT_EQ(table.deployments()[0].weight, 0.0);
    EXPECT_EQ(table.deployments()[1].weight, 3.0);
    EXPECT_EQ(table.deployments()[2].weight, 50.0);
    EXPECT_EQ(table.deployments()[3].weight, 7'000.0);
}

class RoutingTableFallbacks : public testing::Test {
protected:
    std::vector<std::string> general(std::string_view model)
    {
        const auto table = table_of(config);
        const auto place = table.resolve(model).value();
        return table.fallbacks(place.group, place.asked, FallbackList::general);
    }
    config::Config config = config_of({row("fast", "a"), row("openai/gpt", "b"), row("x/*", "c")});
};

TEST_F(RoutingTableFallbacks, ComeFromTheRuleOfTheGroup)
{
    config.router.fallbacks = {{"fast", {"one", "two"}}, {"*", {"three"}}};
    config.router.default_fallbacks = {"four"};
    EXPECT_THAT(general("fast"), ElementsAre("one", "two"));
}

TEST_F(RoutingTableFallbacks, ComeFromTheRuleOfTheNameWithoutItsProvider)
{
    config.router.fallbacks = {{"gpt", {"one"}}, {"*", {"two"}}};
    EXPECT_THAT(general("openai/gpt"), ElementsAre("one"));
}

TEST_F(RoutingTableFallbacks, ComeFromTheStarElse)
{
    config.router.fallbacks = {{"other", {"one"}}, {"*", {"two"}}};
    config.router.default_fallbacks = {"three"};
    EXPECT_THAT(general("fast"), ElementsAre("two"));
}

TEST_F(RoutingTableFallbacks, ComeFromTheDefaultsLast)
{
    config.router.default_fallbacks = {"three"};
    EXPECT_THAT(general("fast"), ElementsAre("three"));
}

TEST_F(RoutingTableFallbacks, ComeFromTheGroupsRetryPolicyBeforeAnythingGeneral)
{
    config.router.group_retry_policy["fast"].fallbacks = {"policy"};
    config.router.fallbacks = {{"*", {"star"}}};
    EXPECT_THAT(general("fast"), ElementsAre("policy"));
    config.router.fallbacks = {{"fast", {"rule"}}};
    EXPECT_THAT(general("fast"), ElementsAre("rule"));
}

TEST_F(RoutingTableFallbacks, AreNotJoinedWithTheDefaultsWhenTheRuleIsEmpty)
{
    config.router.fallbacks = {{"fast", {}}};
    config.router.default_fallbacks = {"three"};
    EXPECT_THAT(general("fast"), IsEmpty());
}

TEST_F(RoutingTableFallbacks, FollowTheNameThatAWildcardMatched)
{
    config.router.fallbacks = {{"x/llama", {"one"}}, {"qwen", {"two"}}, {"x/*", {"three"}}};
    EXPECT_THAT(general("x/llama"), ElementsAre("one"));
    EXPECT_THAT(general("x/qwen"), ElementsAre("two"));
    EXPECT_THAT(general("x/phi"), ElementsAre("three"));
}

TEST_F(RoutingTableFallbacks, KeepTheListsOfTheClassesApart)
{
    config.router.context_window_fallbacks = {{"fast", {"wide"}}};
    config.router.content_policy_fallbacks = {{"*", {"lax"}}};
    const auto table = table_of(config);
    EXPECT_THAT(table.groups()[0].context_window_fallbacks, ElementsAre("wide"));
    EXPECT_THAT(table.groups()[1].context_window_fallbacks, IsEmpty());
    EXPECT_THAT(table.groups()[1].content_policy_fallbacks, ElementsAre("lax"));
    EXPECT_THAT(table.groups()[0].fallbacks, IsEmpty());
}

TEST(RoutingTablePolicies, OfAGroupCoverThoseOfTheRouter)
{
    auto config = config_of({row("fast", "a"), row("slow", "b")});
    config.router.num_retries = 4;
    config.router.retry_policy.timeout = 1;
    config.router.retry_policy.rate_limit = 2;
    config.router.group_retry_policy["fast"].num_retries = 7;
    config.router.group_retry_policy["fast"].retries.timeout = 9;
    const auto table = table_of(config);
    EXPECT_EQ(table.groups()[0].num_retries, 7);
    EXPECT_EQ(table.groups()[0].retry_policy.timeout, 9);
    EXPECT_EQ(table.groups()[0].retry_policy.rate_limit, 2);
    EXPECT_EQ(table.groups()[1].num_retries, 4);
    EXPECT_EQ(table.groups()[1].retry_policy.timeout, 1);
}

class RoutingTableTimeouts : public testing::Test {
protected:
    Deployment compiled() { return RoutingTable{config, {true, false}}.deployments()[0]; }
    Deployment compiled_cloud() { return RoutingTable{config, {true, false}}.deployments()[1]; }
    config::Config config = config_of({row("fast", "a"), row("slow", "b")});
};

TEST_F(RoutingTableTimeouts, GiveALocalEngineTimeToLoadItsModel)
{
    EXPECT_EQ(compiled().first_token_timeout, config.upstream.local_first_token_timeout);
    EXPECT_EQ(compiled_cloud().first_token_timeout, config.upstream.first_token_timeout);
    EXPECT_EQ(compiled().total_timeout, seconds{600});
    EXPECT_EQ(compiled().idle_timeout, config.upstream.idle_timeout);
}

TEST_F(RoutingTableTimeouts, OfTheDeploymentComeFirst)
{
    config.deployments[0].timeout = seconds{20};
    config.deployments[0].stream_timeout = seconds{3};
    config.router.stream_timeout = seconds{9};
    EXPECT_EQ(compiled().first_token_timeout, seconds{3});
    EXPECT_EQ(compiled().total_timeout, seconds{20});
}

TEST_F(RoutingTableTimeouts, LetTheFirstTokenHaveTheDeploymentsWholeTime)
{
    config.deployments[0].timeout = seconds{900};
    config.router.stream_timeout = seconds{9};
    EXPECT_EQ(compiled().first_token_timeout, seconds{900});
}

TEST_F(RoutingTableTimeouts, OfTheRouterComeNext)
{
    config.router.stream_timeout = seconds{9};
    config.router.timeout = seconds{120};
    EXPECT_EQ(compiled().first_token_timeout, seconds{9});
    EXPECT_EQ(compiled().total_timeout, seconds{120});
}

TEST_F(RoutingTableTimeouts, LetStreamTimeoutDefaultToAStatedTimeout)
{
    config.router.timeout = seconds{120};
    EXPECT_EQ(compiled().first_token_timeout, seconds{120});
    config.router.group_retry_policy["fast"].timeout = seconds{5};
    EXPECT_EQ(compiled().first_token_timeout, seconds{5});
    EXPECT_EQ(compiled().total_timeout, seconds{5});
}

TEST_F(RoutingTableTimeouts, OfAllAttemptsTogetherLeaveTimeForEveryLevelOfFallback)
{
    config.router.timeout = seconds{10};
    config.router.max_fallbacks = 2;
    EXPECT_EQ(table_of(config).chain_timeout(), seconds{30});
    config.deployments[1].timeout = seconds{50};
    EXPECT_EQ(table_of(config).chain_timeout(), seconds{150});
}

TEST(RoutingTablePrices, AddInputAndOutput)
{
    auto config = config_of({row("g", "a"), row("g", "b"), row("g", "local")});
    config.deployments[0].prices.input = PicoUsdPerToken{420'000};
    config.deployments[0].prices.output = PicoUsdPerToken{840'000};
    const RoutingTable table{config, {false, false, true}};
    EXPECT_EQ(table.deployments()[0].price, PicoUsdPerToken{1'260'000});
    EXPECT_EQ(table.deployments()[1].price, std::nullopt);
    EXPECT_EQ(table.deployments()[2].price, PicoUsdPerToken{0});
}

TEST(RoutingTablePrices, AreFoundByTheModelsNameInTheOperatorsTable)
{
    auto config = config_of({row("g", "gpt-4o")});
    config::PriceRow known;
    known.model = "gpt-4o";
    known.prices.input = PicoUsdPerToken{2};
    known.prices.output = PicoUsdPerToken{3};
    config.prices = {known};
    EXPECT_EQ(table_of(config).deployments()[0].price, PicoUsdPerToken{5});
}

}  // namespace
}  // namespace spillway::route
