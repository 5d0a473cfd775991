#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"
#include "source_dir.hpp"
#include "spillway/config/providers.hpp"

/// The files of config/: what users copy must load, and mean what it says.
namespace spillway::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const std::map<std::string, std::string> keys{{"OPENAI_API_KEY", "sk-o"},
                                              {"ANTHROPIC_API_KEY", "sk-a"},
                                              {"RELAY_API_KEY", "sk-r"},
                                              {"MASTER_KEY", "sk-m"},
                                              {"SPILLWAY_MASTER_KEY", "sk-s"}};

Loaded example(const std::string& name)
{
    return load_file(in_source_tree("config/" + name), environment(keys));
}

class Examples : public testing::TestWithParam<const char*> {};

TEST_P(Examples, LoadWithoutAProblem)
{
    const auto loaded = example(GetParam());
    EXPECT_TRUE(loaded.config);
    EXPECT_THAT(errors(loaded), IsEmpty());
    EXPECT_THAT(warnings(loaded), IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(Files, Examples,
                         testing::Values("spillway.yaml", "examples/litellm-hybrid.yaml",
                                         "examples/hybrid-relay.yaml", "examples/local-first.yaml"),
                         [](const auto& test) {
                             std::string name(test.param);
                             for (auto& c : name)
                                 c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
                             return name;
                         });

TEST(LitellmHybrid, MeansWhatItSays)
{
    const auto loaded = example("examples/litellm-hybrid.yaml");
    ASSERT_TRUE(loaded.config);
    const auto& config = *loaded.config;
    ASSERT_EQ(config.deployments.size(), 6u);
    EXPECT_EQ(config.deployments[0].group, "fast-local");
    ASSERT_EQ(config.deployments[0].defaults.size(), 1u);
    EXPECT_EQ(config.deployments[0].defaults[0].name, "max_tokens");
    EXPECT_EQ(config.router.strategy, Strategy::latency_based);
    EXPECT_TRUE(config.router.pre_call_checks);
    EXPECT_EQ(config.router.timeout, Millis{120'000});
    EXPECT_THAT(config.router.default_fallbacks, ElementsAre("cloud-fast"));
    ASSERT_EQ(config.router.context_window_fallbacks.size(), 2u);
    EXPECT_EQ(config.router.context_window_fallbacks[0].group, "strong-local");
    EXPECT_THAT(config.router.context_window_fallbacks[0].targets, ElementsAre("cloud-strong"));
    const auto& policy = config.router.group_retry_policy.at("fast-local");
    EXPECT_EQ(policy.timeout, Millis{5'000});
    EXPECT_EQ(policy.num_retries, 1);
    EXPECT_THAT(policy.fallbacks, ElementsAre("cloud-fast"));
    EXPECT_EQ(config.general.master_key->reveal(), "sk-your-proxy-master-key");
    EXPECT_EQ(config.general.database_url->reveal(),
              "postgresql://litellm:password@postgres:5432/litellm");
}

TEST(LitellmHybrid, LeadsToTheRightPlaces)
{
    const auto loaded = example("examples/litellm-hybrid.yaml");
    ASSERT_TRUE(loaded.config);
    const auto lookup = environment(keys);
    const auto local = resolve(loaded.config->deployments[0], lookup);
    ASSERT_TRUE(local);
    EXPECT_EQ(local->upstream_model, "llama3.2:8b");
    EXPECT_EQ(local->base.host, "ollama");
    EXPECT_EQ(local->base.path, "/v1");
    EXPECT_EQ(local->place, Place::local);
    EXPECT_FALSE(local->api_key);
    const auto claude = resolve(loaded.config->deployments[5], lookup);
    ASSERT_TRUE(claude);
    EXPECT_EQ(claude->base.host, "api.anthropic.com");
    EXPECT_EQ(claude->api_key->reveal(), "sk-a");
}

TEST(LitellmHybrid, ReportsWhatIsNotHonoured)
{
    const auto loaded = example("examples/litellm-hybrid.yaml");
    EXPECT_EQ(seen(loaded, "model_list[].litellm_params.stream"), Support::different);
    EXPECT_EQ(seen(loaded, "model_list[].model_info.max_budget"), Support::supported);
    EXPECT_EQ(seen(loaded, "general_settings.max_budget"), Support::supported);
    EXPECT_EQ(seen(loaded, "litellm_settings.set_verbose"), Support::ignored);
    EXPECT_EQ(seen(loaded, "router_settings.model_group_retry_policy.*.timeout_seconds"),
              Support::supported);
}

TEST(HybridRelay, MeansWhatItSays)
{
    const auto loaded = example("examples/hybrid-relay.yaml");
    ASSERT_TRUE(loaded.config);
    const auto& rows = loaded.config->deployments;
    ASSERT_EQ(rows.size(), 7u);
    EXPECT_EQ(rows[0].weight, 5.0);
    EXPECT_NE(rows[0].id, rows[1].id);
    EXPECT_EQ(rows[2].prices.input, PicoUsdPerToken{420'000});
    EXPECT_EQ(rows[3].prices.output, PicoUsdPerToken{75'000'000});
    EXPECT_EQ(rows[5].mode, Mode::embedding);
    EXPECT_EQ(loaded.config->router.strategy, Strategy::least_busy);
    EXPECT_EQ(loaded.config->router.num_retries, 1);
    ASSERT_EQ(loaded.config->router.fallbacks.size(), 2u);
    EXPECT_THAT(loaded.config->router.fallbacks[0].targets, ElementsAre("fast", "premium"));
    EXPECT_EQ(loaded.config->general.master_key->reveal(), "sk-m");
}

}  // namespace
}  // namespace spillway::config
