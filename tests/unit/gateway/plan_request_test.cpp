#include "spillway/gateway/plan_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <thread>

#include "../../../src/gateway/scan_request.hpp"
#include "spillway/dialect/request_reader.hpp"
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

CloudShare& share_of(const Snapshot& snapshot)
{
    return *snapshot.rules.shares.front();
}

/// Of a thousand requests, each expected to gain more than all before, those that are complex.
int complex_of(const config::Config& config)
{
    observe::Metrics metrics;
    const auto snapshot = testing::snapshot_of(config, metrics);
    const auto& route = *snapshot->rules.book.find("auto");
    int taken = 0;
    for (int i = 0; i < 1'000; ++i) {
        score::Score score;
        score.gain = static_cast<float>(i) / 1'000;
        score.tier = score::Tier::trivial;
        const auto read =
            read_score(score, route.source().complexity, &share_of(*snapshot), ShareUse::take);
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

config::Config with_share(double share, double cap)
{
    auto config = with_route();
    config.routes.front().complexity.cloud_share = config::Share{share};
    config.routes.front().complexity.cloud_share_cap = config::Share{cap};
    return config;
}

TEST(CloudShare, IsOneForAllThreads)
{
    constexpr int threads = 8;
    constexpr int each = 125;
    observe::Metrics metrics;
    const auto snapshot = testing::snapshot_of(with_share(0.2, 0.3), metrics);
    std::atomic<int> taken{0};
    {
        std::vector<std::jthread> shards;
        for (int shard = 0; shard < threads; ++shard)
            shards.emplace_back([&, shard] {
                // Unlike what the weights were trained on: all hard, no two the same.
                for (int i = 0; i < each; ++i) {
                    const int draw = (i * threads + shard) * 7'919 % 10'007;
                    const float gain = 0.9F + static_cast<float>(draw) / 200'000;
                    taken += share_of(*snapshot).decide(gain, ShareUse::take) ? 1 : 0;
                }
            });
    }
    EXPECT_NEAR(taken / static_cast<double>(threads * each), 0.2, 0.03);
}

TEST(CloudShare, IsNotUsedUpByAsking)
{
    observe::Metrics metrics;
    const auto snapshot = testing::snapshot_of(with_share(0.05, 0.05), metrics);
    for (int i = 0; i < 100; ++i)
        EXPECT_TRUE(share_of(*snapshot).decide(1000, ShareUse::ask));
    EXPECT_TRUE(share_of(*snapshot).decide(1000, ShareUse::take));
}

TEST(CloudShare, GoesOnOverAReloadThatLeavesItAsItIs)
{
    observe::Metrics metrics;
    const auto first = testing::snapshot_of(with_share(0.2, 0.3), metrics);
    auto changed = with_share(0.2, 0.3);
    changed.routes.front().otherwise.use = {"cloud"};
    auto other = changed.routes.front();
    other.name = "other";
    changed.routes.insert(changed.routes.begin(), other);
    const auto second = testing::snapshot_of(changed, metrics, first.get());
    EXPECT_EQ(second->rules.shares[1], first->rules.shares[0]);
    EXPECT_NE(second->rules.shares[0], first->rules.shares[0]);
    const auto third = testing::snapshot_of(with_share(0.2, 0.4), metrics, second.get());
    EXPECT_NE(third->rules.shares[0], second->rules.shares[1]);
}

TEST(CloudShare, BeginsAgainWithOtherWeights)
{
    const auto path = ::testing::TempDir() + "spillway-cloud-share.weights";
    auto weights = *score::shipped_weights();
    ASSERT_TRUE(score::save_weights(weights, path));
    auto config = with_share(0.2, 0.3);
    config.routes.front().complexity.weights = path;
    observe::Metrics metrics;
    const auto first = testing::snapshot_of(config, metrics);
    const auto second = testing::snapshot_of(config, metrics, first.get());
    EXPECT_EQ(second->rules.shares, first->rules.shares);
    weights.training_hash += 1;
    ASSERT_TRUE(score::save_weights(weights, path));
    const auto third = testing::snapshot_of(config, metrics, second.get());
    EXPECT_NE(third->rules.shares, second->rules.shares);
    std::filesystem::remove(path);
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
    EXPECT_THAT(snapshot->rules.models.front(),
                ElementsAre(CountedModel("llama3"), CountedModel("gpt-4o")));
}

TEST(CountedModels, AreWhatAWildcardMakesOfTheName)
{
    observe::Metrics metrics;
    auto config = with_route();
    config.routes.front().otherwise.use = {"openai/qwen3:8b", "openai/gpt-4o-mini"};
    const auto snapshot = testing::snapshot_of(config, metrics);
    EXPECT_THAT(snapshot->rules.models.front(),
                ElementsAre(CountedModel("qwen3:8b"), CountedModel("gpt-4o-mini")));
    const std::string asked = "openai/claude-next";
    EXPECT_THAT(models_behind(std::span(&asked, 1), *snapshot),
                ElementsAre(CountedModel("claude-next")));
}

/// What is made of a chat request to the cloud with these headers.
Result<Described> with_headers(const std::vector<net::Field>& headers)
{
    observe::Metrics metrics;
    const std::string text = R"({"model":"cloud","messages":[{"role":"user","content":"hello"}]})";
    const auto padded = text + std::string(dialect::body_padding, ' ');
    InferenceRequest request;
    request.arrival.snapshot = testing::snapshot_of(with_route(), metrics);
    request.arrival.endpoint = chat::Endpoint::chat;
    request.body = std::string_view(padded).substr(0, text.size());
    auto facts = dialect::RequestReader{}.read(request.body, chat::Endpoint::chat);
    EXPECT_TRUE(facts);
    request.facts = *std::move(facts);
    net::Fields fields;
    for (const auto& header : headers)
        EXPECT_TRUE(fields.add(header));
    Describer describer;
    return describe(request, fields, describer, ShareUse::take);
}

TEST(Wishes, NarrowWhateverStandsBesideThem)
{
    for (const auto* before : {"any", "", "LOCAL"})
        for (const auto* after : {"any", ""}) {
            const auto described = with_headers({{"x-spillway-boundary", before},
                                                 {"X-Spillway-Boundary", "local"},
                                                 {"x-spillway-boundary", after}});
            ASSERT_TRUE(described);
            EXPECT_EQ(described->features.boundary, privacy::Boundary::local) << before << after;
            EXPECT_EQ(described->features.boundary_by, route::BoundaryBy::header);
        }
    for (const auto& costs : {std::array{"", "0"}, std::array{"0", "5"}, std::array{"5", "0"}}) {
        const auto described =
            with_headers({{"x-spillway-max-cost", costs[0]}, {"x-spillway-max-cost", costs[1]}});
        ASSERT_TRUE(described);
        EXPECT_EQ(described->features.max_cost, NanoUsd{0}) << costs[0] << "," << costs[1];
    }
    const auto free = with_headers({{"x-spillway-boundary", ""}, {"x-spillway-max-cost", ""}});
    ASSERT_TRUE(free);
    EXPECT_EQ(free->features.boundary, privacy::Boundary::any);
    EXPECT_FALSE(free->features.max_cost);
}

TEST(Wishes, ThatDifferOrCannotBeReadAreRefused)
{
    const auto same = with_headers(
        {{"x-spillway-prefer", "fast"}, {"x-spillway-prefer", ""}, {"X-Spillway-Prefer", "Fast"}});
    ASSERT_TRUE(same);
    EXPECT_EQ(same->features.prefer, route::Preference::fast);
    for (const auto& [name, first, second] :
         {std::array{"x-spillway-prefer", "local", "cloud"},
          std::array{"x-spillway-prefer", "local", "nearest"},
          std::array{"x-spillway-max-cost", "1", "cheap"},
          std::array{"x-spillway-boundary", "local", "lokal"}}) {
        const auto refused = with_headers({{name, first}, {name, second}});
        ASSERT_FALSE(refused) << name << second;
        EXPECT_EQ(refused.error().code(), Errc::invalid_request);
    }
}

privacy::ClassSet found_in(std::string suffix, std::string forwarded,
                           chat::Endpoint endpoint = chat::Endpoint::other)
{
    const auto scanner = privacy::Scanner::build({});
    EXPECT_TRUE(scanner);
    InferenceRequest request;
    request.arrival.endpoint = endpoint;
    request.suffix = std::move(suffix);
    request.forwarded = std::move(forwarded);
    return scan_request(request, chat::Prompt{}, *scanner);
}

TEST(ScanRequest, LooksAtThePathAndTheHeadersThatGoOn)
{
    for (const auto* suffix :
         {"/files/4111111111111111?model=", "/responses/alice@corp.com?model=",
          "/responses/alice%40corp.com", "/threads/4111111111111111/runs",
          "/threads/1/4111111111111111/runs", "/4111111111111111", "/runs?note=4111111111111111"})
        EXPECT_FALSE(found_in(suffix, "").empty()) << suffix;
    for (const auto* lines :
         {"idempotency-key: card 4111 1111 1111 1111\r\n", "anthropic-beta: alice@corp.com\r\n",
          "openai-beta: x\r\nanthropic-beta: alice@corp.com\r\n"})
        EXPECT_FALSE(found_in("/embeddings", lines, chat::Endpoint::embeddings).empty()) << lines;
}

TEST(ScanRequest, LeavesIdsAlone)
{
    for (const auto* suffix :
         {"/responses/resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b?model=",
          "/files/file-6F2ksmvXxt4VdoqmHRw6kL/content?model=",
          "/threads/thread_abc123XyZ789QrStUvWxYz01/runs/run_fQm2Xn7TtzCkVYp8Rg4bLs1d/steps",
          "/batches/batch_68af4030592c8193?model=", "/vector_stores/vs_abc123/file_batches",
          "/responses/3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a59", "/audio/transcriptions"})
        EXPECT_TRUE(found_in(suffix, "").empty()) << suffix;
    for (const auto* key : {"3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a59",
                            "stainless-python-retry-3f2b8c1e-9d4a-4f6b-8a7c-5e1d2c3b4a59",
                            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
                            "order-1", "01ARZ3NDEKTSV4RRFFQ69G5FAV"})
        EXPECT_TRUE(found_in("/responses", std::string("idempotency-key: ") + key + "\r\n").empty())
            << key;
    const std::string betas =
        "openai-beta: assistants=v2\r\nanthropic-beta: prompt-caching-2024-07-31,"
        "max-tokens-3-5-sonnet-2024-07-15\r\nanthropic-version: 2023-06-01\r\n";
    EXPECT_TRUE(found_in("/messages", betas).empty());
}

/// Describes a chat request to `model` whose one message holds `part`.
Described with_part(const std::string& model, const std::string& part)
{
    observe::Metrics metrics;
    const auto text = R"({"model":")" + model +
                      R"(","messages":[{"role":"user","content":[{"type":"text","text":"what is )"
                      R"(this?"},)" +
                      part + "]}]}";
    // What reads it may look a little beyond its end.
    const auto padded = text + std::string(dialect::body_padding, ' ');
    const auto body = std::string_view(padded).substr(0, text.size());
    InferenceRequest request;
    request.arrival.snapshot = testing::snapshot_of(with_route(), metrics);
    request.arrival.endpoint = chat::Endpoint::chat;
    request.body = body;
    auto facts = dialect::RequestReader{}.read(body, chat::Endpoint::chat);
    EXPECT_TRUE(facts) << facts.error().message();
    request.facts = *std::move(facts);
    Describer describer;
    auto described = describe(request, net::Fields{}, describer, ShareUse::take);
    EXPECT_TRUE(described) << described.error().message();
    return *std::move(described);
}

std::string sound_of(std::size_t characters)
{
    std::string base64;
    while (base64.size() < characters)
        base64 += "Ab1+";
    return R"({"type":"input_audio","input_audio":{"format":"mp3","data":")" + base64 + "\"}}";
}

TEST(BesideText, IsCountedForANamedModelByItsRule)
{
    // 12,000 bytes: 12 seconds of the thinnest speech, 10 tokens each.
    EXPECT_EQ(with_part("cloud", sound_of(16'000)).beside_text, Tokens{120 + 7});
    EXPECT_GT(with_part("cloud", R"({"type":"file","file":{"file_id":"f-1"}})").beside_text,
              Tokens{100'000});
    EXPECT_EQ(with_part("cloud", R"({"type":"text","text":"a wood"})").beside_text, Tokens{0});
}

TEST(BesideText, LeavesTheEstimateOfANamedModelAsItIs)
{
    const auto plain = with_part("cloud", R"({"type":"text","text":""})");
    EXPECT_EQ(with_part("cloud", sound_of(16'000)).features.prompt_upper,
              plain.features.prompt_upper);
}

TEST(BesideText, IsCountedForARouteAsWell)
{
    EXPECT_GE(with_part("auto", sound_of(16'000)).beside_text, Tokens{600});
    EXPECT_GE(with_part("auto", sound_of(16'000)).features.prompt_upper, Tokens{600});
}

}  // namespace
}  // namespace spillway::gateway
