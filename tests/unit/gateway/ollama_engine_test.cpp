#include "../../../src/gateway/ollama_engine.hpp"

#include <gmock/gmock.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using ::testing::HasSubstr;

config::Deployment ollama_at(std::string group, std::string id, std::string base)
{
    config::Deployment deployment;
    deployment.model = "ollama/" + group;
    deployment.group = std::move(group);
    deployment.id = std::move(id);
    deployment.api_base = std::move(base);
    return deployment;
}

class OllamaEngine : public ::testing::Test {
protected:
    std::shared_ptr<const Snapshot> with(std::vector<config::Deployment> engines)
    {
        auto config = testing::small_config();
        config.deployments.insert(config.deployments.end(), engines.begin(), engines.end());
        return testing::snapshot_of(std::move(config), metrics_);
    }

    observe::Metrics metrics_;
};

TEST_F(OllamaEngine, IsTheOnlyOneUnlessItIsNamed)
{
    const auto snapshot = with({ollama_at("a", "id-a", "http://127.0.0.1:11500"),
                                ollama_at("b", "id-b", "http://127.0.0.1:11500")});
    EXPECT_EQ(*find_ollama_engine(*snapshot, ""), DeploymentIndex{3});
    EXPECT_EQ(*find_ollama_engine(*snapshot, "id-b"), DeploymentIndex{4});
    EXPECT_EQ(*find_ollama_engine(*snapshot, "127.0.0.1:11500"), DeploymentIndex{3});
}

TEST_F(OllamaEngine, MustBeNamedAmongSeveral)
{
    const auto snapshot = with({ollama_at("a", "id-a", "http://127.0.0.1:11500"),
                                ollama_at("b", "id-b", "http://127.0.0.1:11600")});
    for (const auto* asked : {"", "elsewhere:11434"}) {
        const auto found = find_ollama_engine(*snapshot, asked);
        ASSERT_FALSE(found) << asked;
        EXPECT_EQ(found.error().code(), Errc::invalid_request);
        EXPECT_THAT(found.error().message(), HasSubstr("127.0.0.1:11500, 127.0.0.1:11600"));
    }
    EXPECT_EQ(*find_ollama_engine(*snapshot, "127.0.0.1:11600"), DeploymentIndex{4});
}

TEST_F(OllamaEngine, IsNoneOfTheOthers)
{
    const auto snapshot = with({});
    for (const auto* asked : {"", "id-local", "127.0.0.1:11434"})
        EXPECT_FALSE(find_ollama_engine(*snapshot, asked)) << asked;
}

}  // namespace
}  // namespace spillway::gateway
