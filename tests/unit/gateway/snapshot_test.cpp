#include "spillway/gateway/snapshot.hpp"

#include <gtest/gtest.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

TEST(BuildSnapshot, CompilesTheFixedHeadersOfAnUpstream)
{
    observe::Metrics metrics;
    const auto snapshot = testing::snapshot_of(testing::small_config(), metrics);
    ASSERT_NE(snapshot, nullptr);
    const auto& cloud = snapshot->upstreams[1];
    EXPECT_EQ(cloud.model, "gpt-4o");
    EXPECT_EQ(cloud.api_base, "https://relay.example.com/v1");
    EXPECT_TRUE(cloud.origin.tls);
    EXPECT_EQ(cloud.origin.port, 443);
    EXPECT_NE(cloud.header_block.find("host: relay.example.com\r\n"), std::string::npos);
    EXPECT_NE(cloud.header_block.find("authorization: Bearer sk-upstream\r\n"), std::string::npos);
}

TEST(BuildSnapshot, LeavesOutARowItCannotResolveAndKeepsTheRest)
{
    observe::Metrics metrics;
    auto config = testing::small_config();
    config.deployments[0].api_base = "ftp://nowhere";
    const auto snapshot = testing::snapshot_of(std::move(config), metrics);
    ASSERT_NE(snapshot, nullptr);
    EXPECT_EQ(snapshot->upstreams.size(), 2u);
    EXPECT_FALSE(snapshot->table.resolve("fast-local"));
    EXPECT_TRUE(snapshot->table.resolve("cloud"));
}

TEST(BuildSnapshot, RefusesACredentialThatWouldEndItsHeaderLine)
{
    observe::Metrics metrics;
    auto config = testing::small_config();
    config.deployments[1].api_key = Secret{"sk\r\nx-evil: 1"};
    const auto snapshot = testing::snapshot_of(std::move(config), metrics);
    ASSERT_NE(snapshot, nullptr);
    EXPECT_FALSE(snapshot->table.resolve("cloud"));
}

TEST(BuildSnapshot, NeverLetsExtraHeadersTouchTheFraming)
{
    observe::Metrics metrics;
    auto config = testing::small_config();
    config.deployments[1].extra_headers = {config::Header{"Content-Length", Secret{"5"}},
                                           config::Header{"X-Team", Secret{"blue"}}};
    const auto snapshot = testing::snapshot_of(std::move(config), metrics);
    EXPECT_EQ(snapshot->upstreams[1].header_block.find("Content-Length"), std::string::npos);
    EXPECT_NE(snapshot->upstreams[1].header_block.find("X-Team: blue\r\n"), std::string::npos);
}

TEST(BuildSnapshot, CountsItsNumberUp)
{
    observe::Metrics metrics;
    const auto first = testing::snapshot_of(testing::small_config(), metrics);
    const auto second = testing::snapshot_of(testing::small_config(), metrics, first.get());
    EXPECT_EQ(second->number, first->number + 1);
}

// The last step before a connection: it holds whatever the chain above it decided.

privacy::Passage private_passage(std::optional<bool> said, const std::string& base)
{
    static observe::Metrics metrics;
    auto config = testing::small_config();
    config.deployments[0].local = said;
    config.deployments[0].api_base = base;
    static std::shared_ptr<const Snapshot> snapshot;
    snapshot = testing::snapshot_of(std::move(config), metrics);
    return passage_to(*snapshot, DeploymentIndex{0}, {}, privacy::Boundary::local);
}

TEST(PassageTo, IsClosedForWhatStaysLocalWhereTheRowSaysThatItIsNot)
{
    const auto loopback = privacy::Address::parse("127.0.0.1").value();
    const auto passage = private_passage(false, "http://127.0.0.1:11434/v1");
    EXPECT_FALSE(passage.allows("127.0.0.1", loopback));
    observe::Metrics metrics;
    const auto snapshot = testing::snapshot_of(testing::small_config(), metrics);
    EXPECT_TRUE(passage_to(*snapshot, DeploymentIndex{1}, {}, privacy::Boundary::any).allows_any());
    EXPECT_FALSE(passage_to(*snapshot, DeploymentIndex{1}, {}, privacy::Boundary::local)
                     .allows("relay.example.com", loopback));
}

TEST(PassageTo, AsksTheAddressUnlessTheRowSaysThatItIsLocal)
{
    const auto remote = privacy::Address::parse("203.0.113.7").value();
    const auto loopback = privacy::Address::parse("127.0.0.1").value();
    const auto asks = private_passage(std::nullopt, "http://127.0.0.1:11434/v1");
    EXPECT_TRUE(asks.allows("ollama", loopback));
    EXPECT_FALSE(asks.allows("ollama", remote));
    EXPECT_TRUE(private_passage(true, "http://gpu.example/v1").allows("gpu.example", remote));
}

TEST(PassageTo, IsClosedWhereAnOllamaAtHomePassesTheModelOn)
{
    const auto loopback = privacy::Address::parse("127.0.0.1").value();
    struct Case {
        const char* model;
        std::optional<bool> said;
        const char* wildcard;
        bool allowed;
    };
    const Case table[]{
        {"ollama/gpt-oss:120b-cloud", std::nullopt, "", false},
        {"ollama_chat/qwen3-coder:cloud", std::nullopt, "", false},
        {"openai/gpt-oss:120b-cloud", std::nullopt, "", false},
        {"ollama/gpt-oss:120b-cloud", true, "", true},
        {"ollama/gpt-oss:20b", std::nullopt, "", true},
        {"ollama/*", std::nullopt, "llama3", true},
        {"ollama/*", std::nullopt, "gpt-oss:120b-CLOUD", false},
        {"ollama/*", true, "gpt-oss:120b-cloud", false},
        {"ollama/*", true, "gpt-oss:20b", true},
    };
    for (const auto& each : table) {
        observe::Metrics metrics;
        auto config = testing::small_config();
        config.deployments[0].model = each.model;
        config.deployments[0].local = each.said;
        config.deployments[0].api_base = "http://127.0.0.1:11434/v1";
        const auto snapshot = testing::snapshot_of(std::move(config), metrics);
        ASSERT_NE(snapshot, nullptr);
        const auto passage =
            passage_to(*snapshot, DeploymentIndex{0}, each.wildcard, privacy::Boundary::local);
        EXPECT_EQ(passage.allows("127.0.0.1", loopback), each.allowed)
            << each.model << " " << each.wildcard;
        EXPECT_TRUE(passage_to_engine(*snapshot, DeploymentIndex{0}, privacy::Boundary::local)
                        .allows("127.0.0.1", loopback))
            << "its list of models is asked for at home";
    }
}

}  // namespace
}  // namespace spillway::gateway
