// Windows and prices hold a model's own tokens, not those of the route's usual model.
#include <gmock/gmock.h>

#include "spillway/route/features_json.hpp"
#include "unit/route/routing.hpp"

namespace spillway::route {
namespace {

using testing::ElementsAre;
using testing_world::Scene;

constexpr std::string_view file = R"(model_list:
- {model_name: cloud, litellm_params: {model: openai/gpt-4o, api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: 0}, model_info: {max_input_tokens: 128000}}
- {model_name: home, litellm_params: {model: ollama/qwen3, input_cost_per_token: 0.000001, output_cost_per_token: 0}, model_info: {max_input_tokens: 8192}}
- {model_name: other, litellm_params: {model: ollama/mistral}, model_info: {max_input_tokens: 8192}}
routes:
  r: {otherwise: [cloud, home, other]}
)";

/// Exactly 8,000 tokens of gpt-4o; in those of Qwen it may be more.
Features counted(std::int64_t qwen)
{
    Features request;
    request.prompt = request.prompt_upper = Tokens{8'000};
    request.uppers.set(tokens::Family::o200k, Tokens{8'000});
    request.uppers.set(tokens::Family::qwen, Tokens{qwen});
    return request;
}

TEST(FamilyFit, HoldsEachWindowAgainstItsOwnTokens)
{
    const Scene scene(file);
    EXPECT_THAT(scene.chain(counted(8'191)), ElementsAre("cloud", "home", "other"));
    EXPECT_THAT(scene.chain(counted(8'192)), ElementsAre("cloud", "other"));
}

TEST(FamilyFit, TakesTheUsualCountWhereNobodyCounted)
{
    const Scene scene(file);
    auto request = counted(8'000);
    request.prompt_upper = Tokens{8'192};
    EXPECT_THAT(scene.chain(request), ElementsAre("cloud", "home"));
}

/// Each prompt of a list has the window for itself; all of them are paid for.
TEST(FamilyFit, HoldsOnlyTheLargestPromptOfAListAgainstAWindow)
{
    const Scene scene(file);
    struct Row {
        std::uint32_t largest;
        std::vector<std::string> chain;
    };
    const std::vector<std::string> all{"cloud", "home", "other"};
    const std::vector<std::string> wide{"cloud"};
    for (const auto& row : {Row{0, wide}, Row{whole_prompt, wide}, Row{100'000, all},
                            Row{102'387, all}, Row{102'389, wide}}) {
        auto request = counted(80'000);
        request.prompt = request.prompt_upper = Tokens{80'000};
        request.largest_input = row.largest;
        EXPECT_EQ(scene.chain(request), row.chain) << row.largest;
        // The price is that of all of them.
        request.max_cost = NanoUsd{79'000'000};
        auto cheap = row.chain;
        std::erase(cheap, "home");
        EXPECT_EQ(scene.chain(request), cheap) << row.largest;
    }
}

TEST(FamilyFit, GivesAnEmbeddingNoAnswerWhateverARuleSets)
{
    const Scene scene(R"(model_list:
- {model_name: vec, litellm_params: {model: openai/text-embedding-3-small, api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}, model_info: {mode: embedding, max_input_tokens: 100}}
routes:
  r: {otherwise: {use: [vec], params: {max_tokens: 500}}}
)");
    Features request;
    request.task = config::Task::embedding;
    request.prompt = request.prompt_upper = Tokens{100};
    request.answer = Tokens{0};
    const auto plan = scene.decide(request);
    ASSERT_TRUE(plan) << plan.error().message();
    EXPECT_EQ(plan->limits.answer, Tokens{0});
    EXPECT_EQ(plan->worst_cost, NanoUsd{100'000});
}

/// What a deployment adds to requests that say nothing is asked of it like anything else.
TEST(FamilyFit, HoldsADeploymentsOwnAnswerAgainstItsWindow)
{
    constexpr std::string_view own = R"(model_list:
- {model_name: home, litellm_params: {model: ollama/qwen3, max_tokens: 4000}, model_info: {max_input_tokens: 4096}}
routes:
  r: {otherwise: {use: [home]}}
  c: {otherwise: {use: [home], clamp_max_tokens: true}}
)";
    const Scene scene(own);
    struct Row {
        std::int64_t prompt;
        std::optional<Tokens> answer;
        std::string route;
        std::string chain;
    };
    for (const auto& row : {Row{96, {}, "r", "home"}, Row{97, {}, "r", "context_length_exceeded"},
                            Row{1'500, Tokens{500}, "r", "home"}, Row{1'500, {}, "c", "home"},
                            Row{4'096, {}, "c", "context_length_exceeded"}}) {
        Features request;
        request.prompt = request.prompt_upper = Tokens{row.prompt};
        request.answer = row.answer;
        EXPECT_THAT(scene.chain(request, row.route), ElementsAre(row.chain)) << row.prompt;
    }
}

TEST(FamilyFit, PricesEachTargetByItsOwnTokens)
{
    const Scene scene(file);
    auto request = counted(8'100);
    request.max_cost = NanoUsd{8'050'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("cloud", "other"));
}

/// What a wildcard makes of a name is not known to its deployment.
TEST(FamilyFit, HoldsAWildcardsWindowAgainstTheMostThatWasCounted)
{
    const Scene scene(R"(model_list:
- {model_name: cloud, litellm_params: {model: openai/gpt-4o, api_key: k}, model_info: {max_input_tokens: 128000}}
- {model_name: "relay/*", litellm_params: {model: "openai/*", api_base: "http://10.0.0.1:1/v1"}, model_info: {max_input_tokens: 8192}}
- {model_name: "claude/*", litellm_params: {model: "openai/claude-*", api_base: "http://10.0.0.1:1/v1"}, model_info: {max_input_tokens: 8192}}
routes:
  r: {otherwise: [cloud, relay/qwen3, claude/next]}
)");
    EXPECT_THAT(scene.chain(counted(8'191)), ElementsAre("cloud", "relay/*", "claude/*"));
    EXPECT_THAT(scene.chain(counted(8'192)), ElementsAre("cloud", "claude/*"));
    auto request = counted(0);
    request.prompt_upper = Tokens{8'192};
    EXPECT_THAT(scene.chain(request), ElementsAre("cloud"));
}

TEST(FamilyFit, IsJudgedTheSameOnEveryHop)
{
    const auto config = testing_world::written(file);
    const RoutingTable table(config, testing_world::engines_of(config));
    Limits limits;
    limits.fit = Fit::checked;
    limits.prompt = Tokens{8'000};
    limits.uppers.set(tokens::Family::qwen, Tokens{9'000});
    const auto home = table[table.resolve("home")->group].members.front();
    EXPECT_EQ(judge(table[home], limits, std::nullopt), Verdict::too_small);
}

TEST(FamilyFit, DecidesARecordAsTheRequestItself)
{
    const Scene scene(file);
    for (const auto qwen : {8'100, 8'191, 8'192, 9'000}) {
        const auto request = counted(qwen);
        const auto read = features_from_json(to_json(request, scene.names), scene.names);
        ASSERT_TRUE(read);
        EXPECT_EQ(read->uppers, request.uppers);
        EXPECT_EQ(*scene.decide(*read), *scene.decide(request)) << qwen;
    }
}

TEST(FamilyFit, ReadsRecordsOfBefore)
{
    const auto read = features_from_json(R"({"prompt":7900,"prompt_upper":8192})", {});
    ASSERT_TRUE(read);
    EXPECT_EQ(read->uppers, FamilyTokens{});
    const Scene scene(file);
    EXPECT_THAT(scene.chain(*read), ElementsAre("cloud"));
}

}  // namespace
}  // namespace spillway::route
