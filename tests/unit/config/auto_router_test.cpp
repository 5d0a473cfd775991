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

TEST(AutoRouter, ThatNamesAnUnknownModelIsAnError)
{
    std::string text = litellm;
    text.replace(text.find("COMPLEX: capable"), 16, "COMPLEX: capabel");
    EXPECT_THAT(errors(load(text)), ElementsAre(HasSubstr("did you mean \"capable\"?")));
}

}  // namespace
}  // namespace spillway::config
