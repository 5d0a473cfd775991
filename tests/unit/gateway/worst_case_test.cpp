#include "spillway/gateway/worst_case.hpp"

#include <gtest/gtest.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

constexpr DeploymentIndex local{0};
constexpr DeploymentIndex cloud{1};
constexpr DeploymentIndex unpriced{2};
constexpr std::int64_t prompt_tokens = 1'000 + 64;

class WorstCase : public ::testing::Test {
protected:
    void build(config::Config config)
    {
        snapshot_ = testing::snapshot_of(std::move(config), metrics_);
        request_.arrival.snapshot = snapshot_;
        request_.arrival.endpoint = chat::Endpoint::chat;
        request_.facts.text_bytes = 1'000;
        request_.facts.max_tokens = Tokens{100};
    }
    void SetUp() override { build(testing::small_config()); }

    /// Top-level members of the body.
    void body(std::string text, std::vector<std::pair<std::string_view, std::string_view>> members)
    {
        body_ = std::move(text);
        request_.body = body_;
        for (const auto& [key, value] : members) {
            chat::Member member;
            member.key = key;
            member.value = {body_.find(value), value.size()};
            request_.facts.members.push_back(member);
        }
    }
    std::optional<NanoUsd> of(DeploymentIndex deployment,
                              const std::vector<config::Parameter>& parameters = {},
                              Millis bound = Millis{600'000}) const
    {
        return worst_case(request_, parameters, deployment, bound);
    }
    /// At 2.5 and 10 USD per million tokens.
    static NanoUsd cost(std::int64_t prompt, std::int64_t answer)
    {
        return NanoUsd{prompt * 2'500 + answer * 10'000};
    }

    observe::Metrics metrics_;
    std::shared_ptr<const Snapshot> snapshot_;
    std::string body_;
    InferenceRequest request_;
};

TEST_F(WorstCase, IsAByteATokenAndTheAnswerThatWasAskedFor)
{
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 100));
}

TEST_F(WorstCase, IsNothingForAFreeEngineAndUnknownWithoutAPrice)
{
    EXPECT_EQ(of(local), NanoUsd{0});
    auto config = testing::small_config();
    config.deployments[2].api_base = "https://relay.example.com/v1";
    build(config);
    EXPECT_EQ(of(unpriced), std::nullopt);
}

TEST_F(WorstCase, CountsEveryChoice)
{
    body("{\"n\":3}", {{"n", "3"}});
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 300));
    EXPECT_EQ(of(cloud, {{"n", "2"}}), cost(prompt_tokens, 200));
}

TEST_F(WorstCase, CountsTheChoicesThatAreWrittenToPickFrom)
{
    body("{\"n\":3,\"best_of\":7}", {{"n", "3"}, {"best_of", "7"}});
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 700));
}

TEST_F(WorstCase, TakesChoicesThatAreNoPlainNumberForTheMost)
{
    body("{\"n\":\"100\"}", {{"n", "\"100\""}});
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 12'800));
    request_.facts.members.clear();
    body("{\"n\":null}", {{"n", "null"}});
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 100));
}

TEST_F(WorstCase, CountsPicturesApart)
{
    request_.facts.image_count = 2;
    EXPECT_EQ(of(cloud), cost(prompt_tokens + 6'000, 100));
}

TEST_F(WorstCase, CountsSoundsAndFilesByTheirRule)
{
    request_.beside_text = Tokens{120};
    EXPECT_EQ(of(cloud), cost(prompt_tokens + 120, 100));
    // A fallback may count pictures otherwise than the model that was asked for.
    request_.facts.image_count = 1;
    EXPECT_EQ(of(cloud), cost(prompt_tokens + 3'000, 100));
    request_.beside_text = Tokens{100'000};
    EXPECT_EQ(of(cloud), cost(prompt_tokens + 100'000, 100));
}

TEST_F(WorstCase, IsNeverUnderTheCountThatWindowsAreHeldAgainst)
{
    request_.prompt_estimate = Tokens{5'000};
    request_.beside_text = Tokens{4'800};
    EXPECT_EQ(of(cloud), cost(prompt_tokens + 4'800, 100));
    request_.prompt_estimate = Tokens{6'000};
    EXPECT_EQ(of(cloud), cost(6'000, 100));
}

TEST_F(WorstCase, HasNoAnswerWhereVectorsAreAskedFor)
{
    request_.arrival.endpoint = chat::Endpoint::embeddings;
    request_.facts.max_tokens.reset();
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 0));
    EXPECT_EQ(asked_by(request_, {}).longest, Tokens{0});
}

TEST_F(WorstCase, GoesByWhatTheRuleSetsOverTheClient)
{
    EXPECT_EQ(of(cloud, {{"max_tokens", "7"}}), cost(prompt_tokens, 7));
}

TEST_F(WorstCase, GoesByTheDeploymentsDefaultWhereTheClientSetsNone)
{
    auto config = testing::small_config();
    config.deployments[1].defaults = {{"max_tokens", "50"}};
    build(config);
    request_.facts.max_tokens.reset();
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 50));
}

TEST_F(WorstCase, GoesByTheModelsLongestAnswerWhereNobodySays)
{
    auto config = testing::small_config();
    config.deployments[1].max_output_tokens = Tokens{2'000};
    build(config);
    request_.facts.max_tokens.reset();
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 2'000));
}

TEST_F(WorstCase, OfEmbeddingsIsThePromptAlone)
{
    request_.arrival.endpoint = chat::Endpoint::embeddings;
    EXPECT_EQ(of(cloud), cost(prompt_tokens, 0));
}

TEST_F(WorstCase, IsBoundByTimeWhereTimeCosts)
{
    auto config = testing::small_config();
    config.local.watts = 360'000;
    config.local.price_per_kwh = NanoUsd{100'000'000};  // 0.1 USD: 0.01 USD a second.
    build(config);
    EXPECT_EQ(of(local, {}, Millis{2'500}), NanoUsd{25'000'000});
}

}  // namespace
}  // namespace spillway::gateway
