#include "spillway/config/rate_limits.hpp"

#include <gmock/gmock.h>

#include "unit/config/loading.hpp"

namespace spillway::config {
namespace {

using testing::HasSubstr;

TEST(RateLimitsSection, IsReadWithItsModels)
{
    const auto read = load(R"(
model_list:
  - {model_name: m, litellm_params: {model: ollama/llama3}}
rate_limits:
  rpm: 600
  tpm: 100000
  assumed_answer: 500
  models:
    m: {rpm: 10, tpm: 2000, max_parallel_requests: 3}
general_settings:
  global_max_parallel_requests: 50
  token_rate_limit_type: output
)");
    ASSERT_TRUE(read.config);
    const auto& config = *read.config;
    EXPECT_EQ(config.rate_limits.rpm, 600);
    EXPECT_EQ(config.rate_limits.tpm, 100'000);
    EXPECT_EQ(config.rate_limits.assumed_answer, Tokens{500});
    EXPECT_EQ(config.rate_limits.models.at("m"), (ModelRates{10, 2'000, 3}));
    EXPECT_EQ(config.general.global_max_parallel, 50);
    EXPECT_EQ(config.general.token_rate_type, TokenRateType::output);
}

TEST(RateLimitsSection, RefusesWhatIsNoLimit)
{
    for (const std::string bad : {"rpm: 0", "rpm: -1", "tpm: 1.5", "tpm: many", "models: 5",
                                  "models: {a: {rpm: -3}}", "models: {a: {rpn: 3}}", "rpn: 5"}) {
        const auto read = load(one_row("model: ollama/llama3") + "rate_limits: {" + bad + "}\n");
        EXPECT_FALSE(read.config) << bad;
        EXPECT_EQ(errors(read).size(), 1U) << bad;
    }
}

TEST(RateLimitsSection, WarnsOfALimitForAModelThatNobodyCanAskFor)
{
    const auto read =
        load(one_row("model: ollama/llama3") + "rate_limits: {models: {aa: {rpm: 5}}}\n");
    ASSERT_TRUE(read.config);
    EXPECT_THAT(warnings(read), testing::Contains(HasSubstr("\"aa\" is no group")));
}

TEST(DeploymentRates, AreWeightsUntilSomethingMakesThemLimits)
{
    Router router;
    EXPECT_FALSE(enforces_rpm(router));
    EXPECT_FALSE(enforces_tpm(router));
    router.pre_call_checks = true;
    EXPECT_TRUE(enforces_rpm(router));
    EXPECT_FALSE(enforces_tpm(router));
    router = Router{};
    router.optional_pre_call_checks = {"enforce_model_rate_limits"};
    EXPECT_TRUE(enforces_tpm(router));
    router = Router{};
    router.strategy = Strategy::usage_based;
    EXPECT_TRUE(enforces_rpm(router));
    EXPECT_TRUE(enforces_tpm(router));
}

TEST(DeploymentRates, AreReadWithTheirDefaultsForKeys)
{
    const auto read =
        load(one_row("model: ollama/llama3, rpm: 9, default_api_key_rpm_limit: 4, "
                     "default_api_key_tpm_limit: 5000"));
    ASSERT_TRUE(read.config);
    EXPECT_EQ(read.config->deployments.front().rpm, 9);
    EXPECT_EQ(read.config->deployments.front().key_rpm, 4);
    EXPECT_EQ(read.config->deployments.front().key_tpm, 5'000);
}

}  // namespace
}  // namespace spillway::config
