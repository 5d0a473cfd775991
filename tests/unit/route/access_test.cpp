#include "spillway/route/access.hpp"

#include <gmock/gmock.h>

#include "unit/route/routing.hpp"

namespace spillway::route {
namespace {

using testing::ElementsAre;
using testing_world::config_of;
using testing_world::failure;
using testing_world::row;
using testing_world::Scene;
using testing_world::Walk;

Access access_to(std::vector<std::vector<std::string>> lists, std::uint32_t only_routes = 0)
{
    auto grant = std::make_shared<chat::Grant>();
    for (auto& names : lists)
        grant->models.push_back({chat::ScopeKind::key, std::move(names)});
    return {std::move(grant), only_routes};
}

TEST(AccessTest, IsToEverythingWithoutAGrantOrAList)
{
    EXPECT_TRUE(may_use({}, "gpt-4o", "gpt-4o"));
    EXPECT_TRUE(may_use(access_to({}), "gpt-4o", "gpt-4o"));
}

TEST(AccessTest, GoesByTheAskedNameOrItsGroup)
{
    const auto access = access_to({{"gpt-4o", "openai/*"}});
    EXPECT_TRUE(may_use(access, "gpt-4o", "gpt-4o"));
    EXPECT_TRUE(may_use(access, "best", "gpt-4o"));
    EXPECT_TRUE(may_use(access, "openai/o1", "openai/*"));
    EXPECT_TRUE(may_use(access, "openai/o1", "*"));
    EXPECT_FALSE(may_use(access, "llama", "llama"));
    EXPECT_FALSE(may_use(access, "openai", "openai"));
}

TEST(AccessTest, DoesNotWidenOneModelToItsWildcardsGroup)
{
    const auto access = access_to({{"openai/gpt-4o"}});
    EXPECT_TRUE(may_use(access, "openai/gpt-4o", "openai/*"));
    EXPECT_FALSE(may_use(access, "openai/o1", "openai/*"));
}

TEST(AccessTest, NeedsEveryList)
{
    const auto access = access_to({{"a", "b"}, {"b", "c"}});
    EXPECT_FALSE(may_use(access, "a", "a"));
    EXPECT_TRUE(may_use(access, "b", "b"));
    EXPECT_EQ(denying_list(*access.grant, "a", "a"), &access.grant->models[1]);
}

TEST(AccessTest, OfAListOfRoutesIsWhereverTheyLead)
{
    EXPECT_TRUE(may_be_led(access_to({{"auto"}}, 1), "cloud", "cloud"));
    EXPECT_FALSE(may_use(access_to({{"auto"}}, 1), "cloud", "cloud"));
    EXPECT_FALSE(may_be_led(access_to({{"auto"}, {"small"}}, 1), "cloud", "cloud"));
}

constexpr std::string_view yaml = R"(model_list:
- {model_name: small, litellm_params: {model: ollama/s}, model_info: {id: small-1}}
- {model_name: cloud, litellm_params: {model: openai/c, api_key: k}, model_info: {id: cloud-1}}
routes:
  r:
    otherwise: [small, cloud]
)";

TEST(AccessTest, LeavesOutHopsOfARouteThatTheCallerMayNotUse)
{
    const Scene scene(yaml);
    auto standing = scene.standing();
    standing.access = access_to({{"r", "small"}});
    const auto plan = decide(Features{}, *scene.book.find("r"), standing);
    ASSERT_TRUE(plan);
    ASSERT_EQ(plan->hops.size(), 1U);
    EXPECT_EQ(scene.table[plan->hops[0].group].name, "small");
    const auto& candidates = plan->why.candidates;
    ASSERT_EQ(candidates.size(), 2U);
    EXPECT_EQ(candidates[0].verdict, Verdict::kept);
    EXPECT_EQ(candidates[1].verdict, Verdict::not_allowed);
    EXPECT_FALSE(candidates[1].worst_cost);
    const auto words = compact(plan->why, scene.table);
    EXPECT_NE(words.find("small, another (not allowed for this key)"), std::string::npos) << words;
    EXPECT_EQ(words.find("cloud"), std::string::npos) << "not even named";
    standing.access = access_to({{"r", "other"}});
    Explanation why;
    const auto refused = decide(Features{}, *scene.book.find("r"), standing, &why);
    ASSERT_FALSE(refused);
    EXPECT_EQ(why.candidates.size(), 2U);
    EXPECT_EQ(refused.error().code(), Errc::key_model_denied);
}

TEST(AccessTest, HoldsForFallbacksAndForThoseOfAClient)
{
    auto config = config_of({row("fast", "a"), row("slow", "b"), row("dear", "c")});
    config.router.fallbacks = {{"fast", {"dear", "slow"}}};
    config.router.num_retries = 0;
    Walk walk(config, "fast");
    auto limited = walk.chain.plan();
    limited.limits.access = access_to({{"fast", "slow"}});
    const FleetView fleet = testing_world::idle_fleet(walk.table);
    AttemptChain chain(walk.table, {limited, {}, {}, {}, {}}, testing_world::noon);
    const Moment moment{testing_world::noon, fleet};
    (void)chain.start(moment);
    const auto next = chain.failed(failure(chat::FailureClass::transient, 500), moment);
    ASSERT_TRUE(std::holds_alternative<Send>(next));
    EXPECT_EQ(walk.table[std::get<Send>(next).target.deployment].id, "b");
    EXPECT_TRUE(std::holds_alternative<Stop>(
        chain.failed(failure(chat::FailureClass::transient, 500), moment)));

    chat::RequestControls own;
    own.fallbacks = std::vector<std::string>{"dear"};
    AttemptChain asked(walk.table, {limited, own, {}, {}, {}}, testing_world::noon);
    (void)asked.start(moment);
    EXPECT_TRUE(std::holds_alternative<Stop>(
        asked.failed(failure(chat::FailureClass::transient, 500), moment)));
}

}  // namespace
}  // namespace spillway::route
