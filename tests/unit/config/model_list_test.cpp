#include "spillway/config/model_list.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"

namespace spillway::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string base = "api_base: 'http://h:1/v1'";

/// The deployments of a file that must load.
std::vector<Deployment> deployments(std::string_view yaml,
                                    std::map<std::string, std::string> variables = {})
{
    const auto loaded = load(yaml, std::move(variables));
    EXPECT_THAT(errors(loaded), IsEmpty());
    return loaded.config ? loaded.config->deployments : std::vector<Deployment>();
}

Deployment only(std::string_view params, std::map<std::string, std::string> variables = {})
{
    auto rows = deployments(one_row(params), std::move(variables));
    EXPECT_EQ(rows.size(), 1u);
    return rows.empty() ? Deployment() : rows[0];
}

TEST(ModelList, ReadsARow)
{
    const auto row = only("model: openai/m, " + base +
                          ", api_key: k, weight: 2.5, rpm: 10, tpm: 1000, order: 2, timeout: 30, "
                          "stream_timeout: 1.5, num_retries: 1, cooldown_time: 7, "
                          "organization: org, additional_drop_params: [a, b]");
    EXPECT_EQ(row.group, "a");
    EXPECT_EQ(row.model, "openai/m");
    EXPECT_EQ(row.api_base, "http://h:1/v1");
    EXPECT_EQ(row.api_key->reveal(), "k");
    EXPECT_EQ(row.weight, 2.5);
    EXPECT_EQ(row.rpm, 10);
    EXPECT_EQ(row.tpm, 1000);
    EXPECT_EQ(row.order, 2);
    EXPECT_EQ(row.timeout, Millis{30'000});
    EXPECT_EQ(row.stream_timeout, Millis{1'500});
    EXPECT_EQ(row.num_retries, 1);
    EXPECT_EQ(row.cooldown_time, Millis{7'000});
    EXPECT_EQ(row.organization, "org");
    EXPECT_THAT(row.drop_params, ElementsAre("a", "b"));
    EXPECT_EQ(row.where, "c.yaml:2:3");
}

TEST(ModelList, ReadsPricesExactly)
{
    const auto row = only("model: openai/m, " + base +
                          ", input_cost_per_token: 0.00000042, output_cost_per_token: 8.4e-7, "
                          "cache_read_input_token_cost: 0");
    EXPECT_EQ(row.prices.input, PicoUsdPerToken{420'000});
    EXPECT_EQ(row.prices.output, PicoUsdPerToken{840'000});
    EXPECT_EQ(row.prices.cache_read, PicoUsdPerToken{0});
    EXPECT_EQ(row.prices.cache_write, std::nullopt);
}

TEST(ModelList, PrefersThePriceOfTheParamsToThatOfTheInfo)
{
    const auto row =
        deployments("model_list:\n- model_name: a\n  litellm_params: {model: openai/m, " + base +
                    ", input_cost_per_token: 1e-6}\n  model_info: "
                    "{input_cost_per_token: 5e-6, output_cost_per_token: "
                    "2e-6, mode: embedding, max_input_tokens: 512, "
                    "base_model: bm}\n")
            .at(0);
    EXPECT_EQ(row.prices.input, PicoUsdPerToken{1'000'000});
    EXPECT_EQ(row.prices.output, PicoUsdPerToken{2'000'000});
    EXPECT_EQ(row.mode, Mode::embedding);
    EXPECT_EQ(row.max_input_tokens, Tokens{512});
    EXPECT_EQ(row.base_model, "bm");
}

TEST(ModelList, MakesDefaultsOfParametersAndUnknownKeys)
{
    const auto row = only("model: openai/m, " + base +
                          ", max_tokens: 4096, temperature: 0.7, stop: [a, b], my_own: {x: yes}, "
                          "extra_body: {think: false, max_tokens: 5}");
    const std::vector<Parameter> expected{{"temperature", "0.7"},
                                          {"stop", R"(["a","b"])"},
                                          {"my_own", R"({"x":true})"},
                                          {"think", "false"},
                                          {"max_tokens", "5"}};
    EXPECT_EQ(row.defaults, expected);
}

TEST(ModelList, KeepsLitellmsOwnKeysOffTheWire)
{
    const auto yaml = one_row("model: openai/m, " + base +
                              ", stream: true, stream_options: {include_usage: true}, tags: [x], "
                              "mock_response: hi, aws_region_name: r, input_cost_per_second: 1, "
                              "input_cost_per_image: 2, max_budget: 3, drop_params: true");
    const auto loaded = load(yaml);
    ASSERT_TRUE(loaded.config);
    EXPECT_THAT(loaded.config->deployments.at(0).defaults, IsEmpty());
    EXPECT_EQ(seen(loaded, "model_list[].litellm_params.stream"), Support::different);
    EXPECT_EQ(seen(loaded, "model_list[].litellm_params.tags"), Support::ignored);
    EXPECT_EQ(seen(loaded, "model_list[].litellm_params.input_cost_per_image"), Support::ignored);
}

TEST(ModelList, ReadsExtraHeadersUnderBothNames)
{
    const auto row =
        only("model: openai/m, " + base + ", headers: {X-A: 1}, extra_headers: {x-b: two}");
    ASSERT_EQ(row.extra_headers.size(), 2u);
    EXPECT_EQ(row.extra_headers[0].name, "X-A");
    EXPECT_EQ(row.extra_headers[0].value.reveal(), "1");
    EXPECT_EQ(row.extra_headers[1].name, "x-b");
}

TEST(ModelList, MakesADeploymentOfEachOrganization)
{
    const auto rows =
        deployments(one_row("model: openai/m, " + base + ", organization: [one, two]"));
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].organization, "one");
    EXPECT_EQ(rows[1].organization, "two");
    EXPECT_NE(rows[0].id, rows[1].id);
}

TEST(ModelList, TakesCredentialsByNameAndLetsTheRowWin)
{
    const auto rows = deployments(
        "credential_list:\n- credential_name: relay\n  credential_values: {api_key: os.environ/K, "
        "api_base: 'http://relay/v1'}\nmodel_list:\n- model_name: a\n  litellm_params: {model: "
        "openai/m, litellm_credential_name: relay}\n- model_name: b\n  litellm_params: {model: "
        "openai/m, litellm_credential_name: relay, api_key: own}\n",
        {{"K", "shared"}});
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0].api_base, "http://relay/v1");
    EXPECT_EQ(rows[0].api_key->reveal(), "shared");
    EXPECT_EQ(rows[1].api_key->reveal(), "own");
    EXPECT_THAT(rows[0].defaults, IsEmpty());
}

TEST(ModelList, MergesTheRoutersDefaultsUnderEveryRow)
{
    const auto row = deployments(one_row("model: openai/m, " + base + ", temperature: 0") +
                                 "router_settings: {default_litellm_params: {temperature: 1, seed: "
                                 "7, timeout: 3}}\n")
                         .at(0);
    EXPECT_EQ(row.timeout, Millis{3000});
    const std::vector<Parameter> expected{{"temperature", "0"}, {"seed", "7"}};
    EXPECT_EQ(row.defaults, expected);
}

TEST(ModelList, GivesIdsThatLastAndDiffer)
{
    const auto yaml = one_row("model: openai/m, " + base) + "- model_name: a\n  litellm_params: {" +
                      "model: openai/m, " + base +
                      "}\n- model_name: a\n  litellm_params: {model: " + "openai/other, " + base +
                      "}\n";
    const auto rows = deployments(yaml);
    const auto again = deployments(yaml);
    ASSERT_EQ(rows.size(), 3u);
    EXPECT_EQ(rows[1].id, rows[0].id + "-2");
    EXPECT_NE(rows[2].id, rows[0].id);
    for (std::size_t i = 0; i < rows.size(); ++i)
        EXPECT_EQ(rows[i].id, again[i].id);
}

TEST(ModelList, TellsRowsApartByTheirKeyWithoutShowingIt)
{
    const auto one = only("model: openai/m, api_key: sk-one, " + base);
    const auto two = only("model: openai/m, api_key: sk-two, " + base);
    EXPECT_NE(one.id, two.id);
    EXPECT_THAT(one.id, testing::Not(HasSubstr("one")));
}

TEST(ModelList, KeepsAnIdThatIsWritten)
{
    const auto yaml = one_row("model: openai/m, " + base) + "  model_info: {id: mine}\n";
    EXPECT_EQ(deployments(yaml).at(0).id, "mine");
}

TEST(ModelList, DropsABadRowAndSaysSo)
{
    const auto loaded = load(one_row("model: openai/m, " + base) +
                             "- model_name: bad\n  litellm_params: {model: openai/m, rpm: many}\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->deployments.size(), 1u);
    EXPECT_THAT(warnings(loaded),
                Contains("c.yaml:5:42: model_list[].litellm_params.rpm: expected whole number, 0 "
                         "or more, found text; this row of model_list is dropped"));
}

TEST(ModelList, RefusesTheFileForABadRowWhenAskedTo)
{
    const auto loaded =
        load("router_settings: {ignore_invalid_deployments: false}\n" + one_row("model: nobody/m"));
    EXPECT_FALSE(loaded.config);
    EXPECT_THAT(errors(loaded),
                ElementsAre("c.yaml:4:27: model_list[].litellm_params.model: \"nobody\" names no "
                            "provider; write the provider before it, like openai/ or "
                            "ollama_chat/"));
}

TEST(ModelList, DoesNotReportFallbacksToADroppedRow)
{
    const auto loaded =
        load(one_row("model: nobody/m") + "router_settings: {default_fallbacks: [a]}\n");
    EXPECT_THAT(warnings(loaded), ElementsAre(HasSubstr("names no provider")));
}

struct BadRowCase {
    const char* name;
    const char* row;
    const char* problem;
};
class BadRows : public testing::TestWithParam<BadRowCase> {};

TEST_P(BadRows, AreDroppedWithTheExactPlace)
{
    const auto loaded = load("model_list:\n- " + std::string(GetParam().row) + "\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_THAT(loaded.config->deployments, IsEmpty());
    EXPECT_THAT(warnings(loaded), Contains(testing::StartsWith(GetParam().problem)));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, BadRows,
    testing::Values(
        BadRowCase{"NotAMap", "text", "c.yaml:2:3: model_list[]: expected a map, found text"},
        BadRowCase{"NoName", "litellm_params: {model: gpt-4o}",
                   "c.yaml:2:3: model_list[]: the row has no model_name"},
        BadRowCase{"NoParams", "model_name: a",
                   "c.yaml:2:3: model_list[]: the row has no litellm_params"},
        BadRowCase{"NoModel", "{model_name: a, litellm_params: {api_key: k}}",
                   "c.yaml:2:35: model_list[].litellm_params has no model"},
        BadRowCase{"MissingVariableForTheModel",
                   "{model_name: a, litellm_params: {model: os.environ/NONE}}",
                   "c.yaml:2:43: model_list[].litellm_params has no model"},
        BadRowCase{"ParamsAreAList", "{model_name: a, litellm_params: []}",
                   "c.yaml:2:35: model_list[].litellm_params: expected a map, found a list"},
        BadRowCase{"Typo", "{model_name: a, litellm_params: {model: olama/x}}",
                   "c.yaml:2:43: model_list[].litellm_params.model: \"olama\" names no provider; "
                   "did you mean \"ollama/\"?"},
        BadRowCase{"BareName", "{model_name: a, litellm_params: {model: mystery}}",
                   "c.yaml:2:43: model_list[].litellm_params.model: \"mystery\" names no provider"},
        BadRowCase{"Unspoken", "{model_name: a, litellm_params: {model: bedrock/x}}",
                   "c.yaml:2:43: model_list[].litellm_params.model: the provider \"bedrock\" is "
                   "not supported in this version"},
        BadRowCase{"NoBase", "{model_name: a, litellm_params: {model: azure/x}}",
                   "c.yaml:2:43: model_list[].litellm_params.model: the provider \"azure\" needs "
                   "an api_base"},
        BadRowCase{"BadBase", "{model_name: a, litellm_params: {model: openai/x, api_base: h:1}}",
                   "c.yaml:2:63: model_list[].litellm_params.api_base: the base URL must begin "
                   "with http:// or https://"},
        BadRowCase{"LinkLocal",
                   "{model_name: a, litellm_params: {model: openai/x, api_base: "
                   "'http://169.254.169.254/v1'}}",
                   "c.yaml:2:63: model_list[].litellm_params.api_base: a link-local or metadata "
                   "address"},
        BadRowCase{"StarInTheMiddle", "{model_name: '*', litellm_params: {model: openai/*x}}",
                   "c.yaml:2:45: model_list[].litellm_params.model: a * may only stand at the end"},
        BadRowCase{"StarWithoutStar", "{model_name: a, litellm_params: {model: openai/*}}",
                   "c.yaml:2:43: model_list[].litellm_params.model: ends in *, so model_name must "
                   "end in * as well"},
        BadRowCase{"StarAlone", "{model_name: '*', litellm_params: {model: '*', api_key: k}}",
                   "c.yaml:2:45: model_list[].litellm_params.model: \"*\" alone names no provider"},
        BadRowCase{"NoSuchCredential",
                   "{model_name: a, litellm_params: {model: gpt-4o, litellm_credential_name: c}}",
                   "c.yaml:2:76: model_list[].litellm_params.litellm_credential_name: "
                   "credential_list has no such name"},
        BadRowCase{"HeaderThatIsOurs",
                   "{model_name: a, litellm_params: {model: gpt-4o, headers: {Host: x}}}",
                   "c.yaml:2:61: model_list[].litellm_params.headers: spillway writes the header "
                   "\"host\" itself"},
        BadRowCase{"HeaderThatIsNone",
                   "{model_name: a, litellm_params: {model: gpt-4o, headers: {\"a b\": x}}}",
                   "c.yaml:2:61: model_list[].litellm_params.headers: not the name of a header"},
        BadRowCase{
            "HeaderThatSplits",
            "{model_name: a, litellm_params: {model: gpt-4o, headers: {a: \"x\\r\\ny: 1\"}}}",
            "c.yaml:2:64: model_list[].litellm_params.headers: the secret holds a control "
            "character"}),
    [](const auto& test) { return test.param.name; });

TEST(ModelList, PermitsLinkLocalAddressesWhenToldTo)
{
    EXPECT_EQ(deployments(one_row("model: openai/x, api_base: 'http://169.254.1.1/v1'") +
                          "upstream: {allow_link_local: true}\n")
                  .size(),
              1u);
}

TEST(ModelList, DropsARowWhoseIdIsTaken)
{
    const auto row = one_row("model: openai/m, " + base) + "  model_info: {id: x}\n";
    const auto loaded = load(row + row.substr(row.find('-')));
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->deployments.size(), 1u);
    EXPECT_THAT(warnings(loaded), ElementsAre(HasSubstr("c.yaml:7:20: model_list[].model_info.id: "
                                                        "another row has this id")));
}

TEST(ModelList, WarnsOfACloudWithoutAKey)
{
    const auto loaded = load(one_row("model: gpt-4o"));
    ASSERT_TRUE(loaded.config);
    EXPECT_THAT(warnings(loaded), ElementsAre("c.yaml:3:27: model_list[].litellm_params.model: no "
                                              "api_key, and OPENAI_API_KEY is not set"));
}

TEST(ModelList, ReadsWildcardRows)
{
    const auto row = deployments(
                         "model_list:\n- model_name: openai/*\n  litellm_params: {model: "
                         "openai/*, api_key: k}\n")
                         .at(0);
    EXPECT_EQ(row.group, "openai/*");
    EXPECT_EQ(row.model, "openai/*");
}

TEST(ModelList, MakesARowOfEveryCloudWithAKeyWhenTheModelIsAStar)
{
    const auto rows =
        deployments("model_list:\n- model_name: '*'\n  litellm_params: {model: '*'}\n",
                    {{"ANTHROPIC_API_KEY", "k"}, {"GROQ_API_KEY", "k"}});
    std::vector<std::string> names;
    for (const auto& row : rows)
        names.push_back(row.group + " = " + row.model);
    EXPECT_THAT(names, ElementsAre("anthropic/* = anthropic/*", "claude-* = anthropic/claude-*",
                                   "groq/* = groq/*"));
}

TEST(ModelList, SaysThatNoCloudHasAKeyWhenTheModelIsAStar)
{
    const auto loaded = load("model_list:\n- model_name: '*'\n  litellm_params: {model: '*'}\n");
    EXPECT_THAT(warnings(loaded), Contains(HasSubstr("and there is none; this row of model_list "
                                                     "is dropped")));
}

TEST(ModelList, WarnsOfAnUnknownKeyBesideTheKnownOnes)
{
    EXPECT_THAT(warnings(load(one_row("model: openai/m, " + base) + "  litelm_params: {}\n")),
                ElementsAre("c.yaml:4:3: unknown key \"litelm_params\" in model_list[]; did you "
                            "mean \"litellm_params\"?"));
}

}  // namespace
}  // namespace spillway::config
