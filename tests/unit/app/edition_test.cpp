#include "spillway/app/edition.hpp"

#include <gtest/gtest.h>

namespace spillway::app {
namespace {

constexpr const char* two_models = R"(
model_list:
  - model_name: fast
    litellm_params: {model: ollama_chat/phi4, api_base: "http://127.0.0.1:11434"}
    model_info: {id: one}
  - model_name: big
    litellm_params: {model: openai/gpt-5, api_key: sk-secret}
    model_info: {id: two}
)";

Edition edition(observe::Metrics& metrics, const char* yaml, const Edition& previous = {})
{
    const config::Environment nothing = [](const std::string&) { return std::nullopt; };
    auto loaded = config::load_text(yaml, "test.yaml", nothing);
    EXPECT_TRUE(loaded.config);
    auto made = make_edition(std::move(*loaded.config), nothing, metrics, previous, WallTime{});
    EXPECT_TRUE(made);
    return *made;
}

TEST(Edition, ShowsTheOperatorWhatTheGatewayServes)
{
    observe::Metrics metrics;
    const auto made = edition(metrics, two_models);
    ASSERT_EQ(made.view->deployments.size(), 2U);
    EXPECT_EQ(made.view->deployments[0].id, "one");
    EXPECT_EQ(made.view->deployments[1].group, "big");
    EXPECT_EQ(made.view->number, made.snapshot->number);
}

TEST(Edition, KeepsDeploymentsInTheSameOrder)
{
    observe::Metrics metrics;
    const auto made = edition(metrics, two_models);
    for (std::size_t i = 0; i < made.view->deployments.size(); ++i)
        EXPECT_EQ(made.view->deployments[i].id, made.snapshot->upstreams[i].id);
}

TEST(Edition, CountsOn)
{
    observe::Metrics metrics;
    const auto first = edition(metrics, two_models);
    const auto second = edition(metrics, two_models, first);
    EXPECT_EQ(second.snapshot->number, first.snapshot->number + 1);
}

}  // namespace
}  // namespace spillway::app
