#include "spillway/gateway/ollama_pages.hpp"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "unit/gateway/fixture.hpp"

namespace spillway::gateway {
namespace {

using nlohmann::json;
using ::testing::ElementsAre;

class OllamaPages : public ::testing::Test {
protected:
    OllamaPages()
    {
        auto config = testing::small_config();
        config.deployments[0].supports_vision = true;
        config.deployments[1].supports_tools = false;
        config.deployments[1].max_input_tokens = Tokens{128'000};
        config::Deployment tagged;
        tagged.group = "llama3:8b";
        tagged.model = "ollama/llama3:8b";
        tagged.id = "id-tagged";
        tagged.api_base = "http://127.0.0.1:11434";
        config::Deployment vectors;
        vectors.group = "vectors";
        vectors.model = "openai/text-embedding-3-small";
        vectors.id = "id-vectors";
        vectors.api_base = "http://127.0.0.1:9/v1";
        vectors.mode = config::Mode::embedding;
        config.deployments.insert(config.deployments.end(), {tagged, vectors});
        snapshot_ = testing::snapshot_of(std::move(config), metrics_);
    }

    json card(const std::string& name) const
    {
        const auto body = json{{"model", name}}.dump();
        const auto found = ollama_card(*snapshot_, {}, body, TimePoint{});
        return found ? json::parse(*found) : json(found.error().message());
    }
    std::string_view meant(std::string_view asked) const
    {
        return served_model(*snapshot_, {}, asked);
    }

    observe::Metrics metrics_;
    std::shared_ptr<const Snapshot> snapshot_;
};

TEST_F(OllamaPages, ListsModelsUnderNamesWithATag)
{
    const auto tags = json::parse(ollama_tags(*snapshot_, {}, TimePoint{}));
    std::vector<std::string> names;
    for (const auto& model : tags["models"]) {
        names.push_back(model["name"]);
        EXPECT_EQ(model["model"], model["name"]);
        EXPECT_EQ(model["digest"].get<std::string>().size(), 64U);
        EXPECT_TRUE(model["details"]["family"].is_string());
        EXPECT_EQ(model["size"], 0);
    }
    EXPECT_THAT(names, ElementsAre("fast-local:latest", "cloud:latest", "llama3:8b",
                                   "vectors:latest", "gpt-4:latest"));
}

TEST_F(OllamaPages, ShowsWhatAnOllamaSaysOfItsModel)
{
    EXPECT_THAT(card("llama3:8b")["capabilities"], ElementsAre("completion", "tools"));
    EXPECT_EQ(card("llama3:8b")["details"]["family"], "spillway");
    for (const auto& upstream : snapshot_->upstreams) {
        if (!upstream.ollama)
            continue;
        auto& windows = *upstream.ollama->windows;
        (void)windows.settle(upstream.model, {});
        EXPECT_EQ(windows.card(upstream.model), nullptr);
        windows.learned_card(upstream.model, read_shown_model(R"({
            "details":{"format":"gguf","family":"qwen3","families":["qwen3"],
                       "parameter_size":"8.2B","quantization_level":"Q4_K_M"},
            "model_info":{"general.architecture":"qwen3","qwen3.context_length":40960},
            "capabilities":["completion","insert","thinking","vision",7]})"));
    }
    const auto shown = card("llama3:8b");
    EXPECT_THAT(shown["capabilities"], ElementsAre("completion", "vision", "insert", "thinking"));
    EXPECT_EQ(shown["details"]["quantization_level"], "Q4_K_M");
    EXPECT_EQ(shown["model_info"]["general.architecture"], "qwen3");
}

TEST_F(OllamaPages, MakesNothingOfAnAnswerThatShowsNothing)
{
    for (const auto* answer : {"", "[]", "{}", R"({"error":"model 'x' not found"})",
                               R"({"details":[],"model_info":7,"capabilities":"all"})"}) {
        const auto shown = read_shown_model(answer);
        EXPECT_TRUE(shown.details.empty()) << answer;
        EXPECT_FALSE(shown.tells_capabilities()) << answer;
    }
}

TEST_F(OllamaPages, TakesTheTagForWhatClientsAddToANameWithoutOne)
{
    EXPECT_EQ(meant("cloud:latest"), "cloud");
    EXPECT_EQ(meant("gpt-4:latest"), "gpt-4");
    EXPECT_EQ(meant("cloud"), "cloud");
    EXPECT_EQ(meant("llama3:8b"), "llama3:8b");
    EXPECT_EQ(meant("nobody:latest"), "nobody:latest");
}

TEST_F(OllamaPages, TakesTheTagForAKeysOwnNames)
{
    auto grant = std::make_shared<chat::Grant>();
    grant->aliases = {{"mine", "cloud"}};
    chat::Caller caller;
    caller.grant = grant;
    EXPECT_EQ(served_model(*snapshot_, caller, "mine:latest"), "mine");
}

TEST_F(OllamaPages, SaysWhatAModelCan)
{
    EXPECT_EQ(card("fast-local")["capabilities"], json({"completion", "vision", "tools"}));
    EXPECT_EQ(card("cloud:latest")["capabilities"], json::array({"completion"}));
    EXPECT_EQ(card("vectors")["capabilities"], json::array({"embedding"}));
}

TEST_F(OllamaPages, SaysHowMuchAModelTakesWhereThatIsKnown)
{
    const auto facts = card("cloud")["model_info"];
    EXPECT_EQ(facts["general.architecture"], "spillway");
    EXPECT_EQ(facts["spillway.context_length"], 128'000);
    EXPECT_FALSE(card("llama3:8b")["model_info"].contains("spillway.context_length"));
}

TEST_F(OllamaPages, DoesNotKnowOtherModels)
{
    EXPECT_EQ(card("nobody"), "model 'nobody' not found");
    EXPECT_EQ(ollama_card(*snapshot_, {}, "{}", TimePoint{}).error().code(), Errc::missing_model);
    EXPECT_EQ(ollama_card(*snapshot_, {}, "[", TimePoint{}).error().code(), Errc::invalid_json);
    EXPECT_TRUE(ollama_card(*snapshot_, {}, R"({"name":"cloud"})", TimePoint{}));
}

TEST_F(OllamaPages, TellsWhatAnEngineHoldsLoaded)
{
    EXPECT_EQ(ollama_running(*snapshot_, {}, TimePoint{}), R"({"models":[]})");
    chat::ModelFacts facts;
    facts.loaded = true;
    facts.window = Tokens{4096};
    facts.memory = 5'000'000'000;
    facts.memory_fast = 4'000'000'000;
    snapshot_->fleet->learned(DeploymentIndex{3}, facts, TimePoint{});
    const auto running = json::parse(ollama_running(*snapshot_, {}, TimePoint{}));
    ASSERT_EQ(running["models"].size(), 1U);
    const auto& model = running["models"][0];
    EXPECT_EQ(model["name"], "llama3:8b");
    EXPECT_EQ(model["size"], 5'000'000'000);
    EXPECT_EQ(model["size_vram"], 4'000'000'000);
    EXPECT_EQ(model["context_length"], 4096);
}

TEST_F(OllamaPages, ShowsAKeyNoMoreThanItMayUse)
{
    auto grant = std::make_shared<chat::Grant>();
    grant->models = {{chat::ScopeKind::key, {"cloud"}}};
    chat::Caller caller;
    caller.grant = grant;
    const auto tags = json::parse(ollama_tags(*snapshot_, caller, TimePoint{}));
    std::vector<std::string> names;
    for (const auto& model : tags["models"])
        names.push_back(model["name"]);
    // The second is another name of the first.
    EXPECT_THAT(names, ::testing::UnorderedElementsAre("cloud:latest", "gpt-4:latest"));
    EXPECT_EQ(ollama_card(*snapshot_, caller, R"({"model":"vectors"})", TimePoint{}).error().code(),
              Errc::unknown_model);
}

}  // namespace
}  // namespace spillway::gateway
