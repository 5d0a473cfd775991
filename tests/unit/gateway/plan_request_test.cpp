#include "spillway/gateway/plan_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using ::testing::ElementsAre;

config::RouteRule rule(std::string name, config::Condition when, std::vector<std::string> use)
{
    config::RouteRule rule;
    rule.name = std::move(name);
    rule.when = std::move(when);
    rule.action.use = std::move(use);
    return rule;
}

/// Hard questions to the cloud, all others home.
config::Config with_route()
{
    auto config = testing::small_config();
    config::Route route;
    route.name = "auto";
    config::Condition hard;
    hard.test = config::TierIs{score::Tier::complex, score::Tier::premium};
    route.rules = {rule("hard", hard, {"cloud"})};
    route.otherwise.use = {"fast-local"};
    config.routes = {route};
    return config;
}

/// Of a thousand requests, each expected to gain more than all before, those that are complex.
int complex_of(const config::Config& config)
{
    observe::Metrics metrics;
    const auto snapshot = testing::snapshot_of(config, metrics);
    const auto& route = *snapshot->rules.book.find("auto");
    Describer describer;
    int taken = 0;
    for (int i = 0; i < 1'000; ++i) {
        score::Score score;
        score.gain = static_cast<float>(i) / 1'000;
        score.tier = score::Tier::trivial;
        const auto read = read_score(score, route, *snapshot, describer);
        taken += read.tier >= score::Tier::complex ? 1 : 0;
    }
    return taken;
}

TEST(CloudShare, IsHeldUnderItsCapWhateverTheScoresDo)
{
    auto config = with_route();
    config.routes.front().complexity.cloud_share = config::Share{0.1};
    config.routes.front().complexity.cloud_share_cap = config::Share{0.1};
    const int capped = complex_of(config);
    // The cap lets twenty requests through at once, at first.
    EXPECT_LE(capped, 100 + 20);
    EXPECT_GE(capped, 80);
    config.routes.front().complexity.cloud_share = config::Share{0.5};
    config.routes.front().complexity.cloud_share_cap = config::Share{1};
    EXPECT_GE(complex_of(config), 400);
}

TEST(CountedModels, AreTheUsualOneAndOneOfEachOtherFamily)
{
    observe::Metrics metrics;
    auto config = with_route();
    auto twin = config.deployments[1];
    twin.id = "id-twin";
    twin.model = "openai/gpt-5";
    config.deployments.push_back(twin);
    const auto snapshot = testing::snapshot_of(config, metrics);
    ASSERT_EQ(snapshot->rules.models.size(), 1U);
    EXPECT_THAT(snapshot->rules.models.front(), ElementsAre("llama3", "gpt-4o"));
}

}  // namespace
}  // namespace spillway::gateway
