#include "spillway/config/auto_router.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"

namespace spillway::config {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr auto litellm = R"(model_list:
- {model_name: fast, litellm_params: {model: ollama/small}}
- {model_name: capable, litellm_params: {model: openai/gpt-4o, api_key: k}}
- model_name: auto
  litellm_params:
    model: auto_router/complexity_router
    complexity_router_config:
      classifier_type: heuristic
      tiers:
        SIMPLE: fast
        MEDIUM: fast
        COMPLEX: capable
        REASONING: {model: capable, reasoning_effort: high}
    complexity_router_default_model: capable
)";

TEST(AutoRouter, BecomesARouteOfTheSameName)
{
    const auto loaded = load(litellm);
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    EXPECT_EQ(loaded.config->deployments.size(), 2U);
    ASSERT_EQ(loaded.config->routes.size(), 1U);
    const auto& route = loaded.config->routes[0];
    EXPECT_EQ(route.name, "auto");
    ASSERT_EQ(route.rules.size(), 4U);
    EXPECT_EQ(route.rules[0].name, "reasoning");
    EXPECT_THAT(route.rules[0].action.parameters,
                ElementsAre(Parameter{"reasoning_effort", "\"high\""}));
    EXPECT_EQ(std::get<TierIs>(route.rules[3].when.test).high, score::Tier::trivial);
    EXPECT_THAT(route.rules[3].action.use, ElementsAre("fast", "capable"));
    EXPECT_THAT(route.otherwise.use, ElementsAre("capable"));
}

TEST(AutoRouter, IsReportedAsDifferent)
{
    EXPECT_EQ(seen(load(litellm), "model_list[].litellm_params.complexity_router_config"),
              Support::different);
}

std::string with_router(const std::string& config)
{
    return R"(model_list:
- {model_name: fast, litellm_params: {model: ollama/small}}
- {model_name: capable, litellm_params: {model: openai/gpt-4o, api_key: k}}
- model_name: auto
  litellm_params:
    model: auto_router/complexity_router
)" + config;
}

TEST(AutoRouter, SendsTiersThatAreNotSetToTheDefaultModelOfItsConfig)
{
    const auto loaded = load(with_router(
        "    complexity_router_config: {default_model: fast, tiers: {COMPLEX: capable}}\n"));
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    const auto& route = loaded.config->routes.at(0);
    ASSERT_EQ(route.rules.size(), 1U);
    EXPECT_THAT(route.rules[0].action.use, ElementsAre("capable", "fast"));
    EXPECT_THAT(route.otherwise.use, ElementsAre("fast"));
}

TEST(AutoRouter, WithoutTiersGoesToTheDefaultModel)
{
    for (const auto* config : {"    complexity_router_config: {default_model: fast}\n",
                               "    complexity_router_default_model: fast\n"}) {
        const auto loaded = load(with_router(config));
        ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
        const auto& route = loaded.config->routes.at(0);
        EXPECT_TRUE(route.rules.empty());
        EXPECT_THAT(route.otherwise.use, ElementsAre("fast"));
    }
}

TEST(AutoRouter, OutsideOfItsConfigTheDefaultModelWins)
{
    const auto loaded =
        load(with_router("    complexity_router_config: {default_model: fast}\n"
                         "    complexity_router_default_model: capable\n"));
    ASSERT_TRUE(loaded.config);
    EXPECT_THAT(loaded.config->routes.at(0).otherwise.use, ElementsAre("capable"));
}

TEST(AutoRouter, ThatNamesNothingSaysWhatIsWanted)
{
    EXPECT_THAT(errors(load(with_router("    complexity_router_config: {}\n"))),
                ElementsAre(HasSubstr("or a default_model")));
    EXPECT_THAT(errors(load(with_router("    complexity_router_config: {default_model: fats}\n"))),
                ElementsAre(HasSubstr("did you mean \"fast\"?")));
}

TEST(AutoRouter, ThatNamesAnUnknownModelIsAnError)
{
    std::string text = litellm;
    text.replace(text.find("COMPLEX: capable"), 16, "COMPLEX: capabel");
    EXPECT_THAT(errors(load(text)), ElementsAre(HasSubstr("did you mean \"capable\"?")));
}

}  // namespace
}  // namespace spillway::config
