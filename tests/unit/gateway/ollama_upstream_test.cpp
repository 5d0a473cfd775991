#include "spillway/gateway/ollama_upstream.hpp"

#include <gtest/gtest.h>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using Window = std::optional<Tokens>;

dialect::WindowFacts facts(Window configured, Window allocated)
{
    return {configured, allocated, std::nullopt};
}

TEST(ChosenWindows, KeepAWindowThatWasChosen)
{
    ChosenWindows windows;
    EXPECT_EQ(windows.settle("m", facts(std::nullopt, std::nullopt)), std::nullopt);
    EXPECT_EQ(windows.settle("m", facts(std::nullopt, Tokens{4'096})), Tokens{4'096});
    EXPECT_EQ(windows.settle("m", facts(std::nullopt, Tokens{32'768})), Tokens{4'096});
    EXPECT_EQ(windows.settle("m:latest", facts(std::nullopt, std::nullopt)), Tokens{4'096});
    EXPECT_EQ(windows.settle("m:8b", facts(std::nullopt, Tokens{8'192})), Tokens{8'192});
}

TEST(ChosenWindows, FollowTheFileWhenItChanges)
{
    ChosenWindows windows;
    EXPECT_EQ(windows.settle("m", facts(std::nullopt, Tokens{4'096})), Tokens{4'096});
    EXPECT_EQ(windows.settle("m", facts(Tokens{8'192}, Tokens{4'096})), Tokens{8'192});
    EXPECT_EQ(windows.settle("m", facts(Tokens{16'384}, Tokens{4'096})), Tokens{16'384});
}

TEST(ChosenWindows, AskForNoMoreThanTheModelCanHold)
{
    ChosenWindows windows;
    EXPECT_TRUE(windows.wants_maximum("m", false));
    EXPECT_EQ(windows.settle("m", facts(Tokens{131'072}, std::nullopt)), Tokens{131'072});
    windows.learned_maximum("m", std::nullopt);
    EXPECT_FALSE(windows.wants_maximum("m", false));
    EXPECT_FALSE(windows.wants_maximum("m", std::nullopt));
    EXPECT_TRUE(windows.wants_maximum("m:latest", true));
    windows.learned_maximum("m", Tokens{8'192});
    EXPECT_FALSE(windows.wants_maximum("m", true));
    EXPECT_EQ(windows.settle("m", facts(Tokens{131'072}, std::nullopt)), Tokens{8'192});
}

TEST(Tagged, AddsTheTagThatOllamaReadsThere)
{
    EXPECT_EQ(tagged("llama3.2"), "llama3.2:latest");
    EXPECT_EQ(tagged("llama3.2:1b"), "llama3.2:1b");
    EXPECT_EQ(tagged("localhost:5000/library/m"), "localhost:5000/library/m:latest");
}

config::Deployment row(const std::string& id, const std::string& model,
                       std::vector<config::Parameter> defaults = {})
{
    config::Deployment row;
    row.group = row.id = id;
    row.model = model;
    row.api_base = "http://127.0.0.1:11434/proxied";
    row.defaults = std::move(defaults);
    row.where = "test.yaml:1:1";
    return row;
}

std::shared_ptr<const Snapshot> snapshot_of(std::vector<config::Deployment> rows,
                                            const Snapshot* previous = nullptr)
{
    static observe::Metrics metrics;
    config::Config config;
    config.deployments = std::move(rows);
    return testing::snapshot_of(std::move(config), metrics, previous);
}

TEST(OllamaUpstream, StandsBesideTheOpenAiSurface)
{
    const auto snapshot = snapshot_of({row("a", "ollama/m"), row("b", "ollama_chat/m"),
                                       row("c", "openai/m"), row("d", "llama_cpp/m")});
    ASSERT_EQ(snapshot->upstreams.size(), 4u);
    for (const auto i : {0U, 1U}) {
        ASSERT_TRUE(snapshot->upstreams[i].ollama);
        EXPECT_EQ(snapshot->upstreams[i].ollama->base_path, "/proxied");
        EXPECT_EQ(snapshot->upstreams[i].base_path, "/proxied/v1");
    }
    EXPECT_FALSE(snapshot->upstreams[2].ollama);
    EXPECT_FALSE(snapshot->upstreams[3].ollama);
}

TEST(OllamaUpstream, TakesItsWindowFromTheRow)
{
    auto longest = row("b", "ollama/b");
    longest.max_input_tokens = Tokens{2'048};
    auto both = row("c", "ollama/c", {{"num_ctx", "4096"}, {"temperature", "0.5"}});
    both.max_input_tokens = Tokens{131'072};
    const auto snapshot = snapshot_of({row("a", "ollama/a"), longest, both});
    EXPECT_EQ(snapshot->upstreams[0].ollama->window, std::nullopt);
    EXPECT_EQ(snapshot->upstreams[1].ollama->window, Tokens{2'048});
    EXPECT_EQ(snapshot->upstreams[2].ollama->window, Tokens{4'096});
    EXPECT_TRUE(snapshot->upstreams[2].ollama->rules.defaults.empty());
    // Routes must not send there what is sure not to fit.
    EXPECT_EQ(snapshot->table[DeploymentIndex{2}].max_input_tokens, Tokens{4'096});
    EXPECT_EQ(snapshot->table[DeploymentIndex{0}].max_input_tokens, std::nullopt);
}

TEST(OllamaUpstream, AgreesOnTheLargestWindowOfAModel)
{
    auto elsewhere = row("d", "ollama/m", {{"num_ctx", "1024"}});
    elsewhere.api_base = "http://127.0.0.2:11434";
    const auto snapshot = snapshot_of({row("a", "ollama/m", {{"num_ctx", "4096"}}),
                                       row("b", "ollama_chat/m:latest", {{"num_ctx", "8192"}}),
                                       row("c", "ollama/other", {{"num_ctx", "2048"}}), elsewhere});
    const auto window = [&](std::size_t i) { return snapshot->upstreams[i].ollama->window; };
    EXPECT_EQ(window(0), Tokens{8'192});
    EXPECT_EQ(window(1), Tokens{8'192});
    EXPECT_EQ(window(2), Tokens{2'048});
    EXPECT_EQ(window(3), Tokens{1'024});
    const auto& chosen = snapshot->upstreams[0].ollama->windows;
    EXPECT_EQ(snapshot->upstreams[1].ollama->windows, chosen);
    EXPECT_EQ(snapshot->upstreams[2].ollama->windows, chosen);
    EXPECT_NE(snapshot->upstreams[3].ollama->windows, chosen);
}

TEST(OllamaUpstream, HandsOnWhatWasChosenWhenTheFileIsReadAnew)
{
    const auto first = snapshot_of({row("a", "ollama/m")});
    EXPECT_EQ(first->upstreams[0].ollama->windows->settle("m", facts({}, Tokens{4'096})),
              Tokens{4'096});
    const auto second = snapshot_of({row("z", "openai/x"), row("b", "ollama/m")}, first.get());
    EXPECT_EQ(second->upstreams[1].ollama->windows->settle("m", facts({}, Tokens{8'192})),
              Tokens{4'096});
}

}  // namespace
}  // namespace spillway::gateway
