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

/// A router whose tiers are `tiers`, as they stand in the file.
std::string with_tiers(const std::string& tiers)
{
    return with_router("    complexity_router_config: {tiers: " + tiers + "}\n");
}

TEST(AutoRouter, ReadsLiteLlmsTierObjects)
{
    struct Row {
        const char* tier;
        std::vector<std::string> use;
        std::vector<Parameter> parameters;
    };
    const std::vector<Parameter> high{{"reasoning_effort", "\"high\""}};
    const std::vector<Row> rows{
        {"capable", {"capable"}, {}},
        {"[fast, capable, fast]", {"fast", "capable"}, {}},
        {"{model_name: capable}", {"capable"}, {}},
        {"{model_name: capable, litellm_params: {reasoning_effort: high}}", {"capable"}, high},
        {"[{model_name: capable, litellm_params: {reasoning_effort: high}}]", {"capable"}, high},
        {"[fast, {model_name: capable}]", {"fast", "capable"}, {}},
        {"[{model_name: fast, litellm_params: {reasoning_effort: high}}, "
         "{model_name: capable, litellm_params: {reasoning_effort: high}}]",
         {"fast", "capable"},
         high},
        {"{model_name: capable, litellm_params: {extra_body: {reasoning_effort: high}}}",
         {"capable"},
         high},
        {"{model: capable, reasoning_effort: high}", {"capable"}, high},
    };
    for (const auto& row : rows) {
        const auto loaded = load(with_tiers(std::string("{COMPLEX: ") + row.tier + "}"));
        ASSERT_TRUE(loaded.config) << row.tier << testing::PrintToString(errors(loaded));
        const auto& action = loaded.config->routes.at(0).rules.at(0).action;
        EXPECT_EQ(action.use, row.use) << row.tier;
        EXPECT_EQ(action.parameters, row.parameters) << row.tier;
    }
}

TEST(AutoRouter, RefusesTiersThatItCannotKeep)
{
    struct Row {
        const char* tiers;
        const char* says;
    };
    constexpr Row rows[] = {
        {"{COMPLEX: [fast, {model_name: capable, litellm_params: {temperature: 1}}]}",
         "all models of a tier get the same parameters"},
        {"{COMPLEX: [fast, [capable]]}", "expected a model or a map of model_name"},
        {"{COMPLEX: {litellm_params: {temperature: 1}}}", "expected a model or a map of"},
        {"{COMPLEX: {model_name: fast, litellm_param: {}}}", "did you mean \"litellm_params\"?"},
        {"{COMPLEX: {model_name: fast, litellm_params: {stream: true}}}", "belongs to the client"},
        {"{COMPLEX: {model: fast, messages: []}}", "\"messages\" belongs to the client"},
        {"{COMPLEX: {model_name: fast, litellm_params: {api_key: k}}}", "the model's own row"},
        {"{COMPLEX: []}", "names no model"},
        {"{COMPLX: fast}", "did you mean \"COMPLEX\"?"},
        {"{reasonin: fast}", "did you mean \"REASONING\"?"},
        {"{COMPLEX: fast, complex: capable}", "COMPLEX stands there twice"},
        {"[fast, capable]", "expected a map, found"},
    };
    for (const auto& row : rows)
        EXPECT_THAT(errors(load(with_tiers(row.tiers))), ElementsAre(HasSubstr(row.says)))
            << row.tiers;
}

TEST(AutoRouter, TakesTierNamesInAnyCase)
{
    const auto loaded = load(with_tiers("{simple: fast, Reasoning: capable}"));
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    const auto& rules = loaded.config->routes.at(0).rules;
    ASSERT_EQ(rules.size(), 2U);
    EXPECT_EQ(rules[0].name, "reasoning");
    EXPECT_EQ(rules[1].name, "simple");
}

TEST(AutoRouter, SaysWhatOfItsConfigHasNoEffect)
{
    const auto loaded = load(with_router(R"(    complexity_router_default_model: fast
    complexity_router_config:
      tier: {COMPLEX: capable}
      keyword_tier_rules: []
      session_affinity: true
      tiers: {COMPLEX: {model_name: capable, litellm_params: {drop_params: true, top_p: 1}}}
)"));
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    EXPECT_THAT(warnings(loaded), ElementsAre(HasSubstr("did you mean \"tiers\"?"),
                                              HasSubstr("set for the default model, too"),
                                              HasSubstr("drop_params: has no effect here")));
    const std::string path = "model_list[].litellm_params.complexity_router_config.";
    EXPECT_EQ(seen(loaded, path + "keyword_tier_rules"), Support::ignored);
    EXPECT_EQ(seen(loaded, path + "session_affinity"), Support::ignored);
}

TEST(AutoRouter, WhoseConfigIsTextIsAnError)
{
    EXPECT_THAT(errors(load(with_router(
                    "    complexity_router_config: '{\"tiers\": {\"SIMPLE\": \"fast\"}}'\n"))),
                ElementsAre(HasSubstr("complexity_router_config: expected a map, found text")));
    EXPECT_THAT(errors(load(with_router("    complexity_router_default_model: [fast]\n"))),
                ElementsAre(HasSubstr("complexity_router_default_model: expected a model")));
}

}  // namespace
}  // namespace spillway::config
