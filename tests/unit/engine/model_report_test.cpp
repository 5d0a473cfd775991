#include "spillway/engine/model_report.hpp"

#include <gtest/gtest.h>

namespace spillway::engine {
namespace {

constexpr auto loaded_two = R"({"models":[
  {"name":"qwen3:8b","model":"qwen3:8b","size":6654289920,"size_vram":6654289920,"digest":"a",
   "expires_at":"2026-12-01T10:00:00Z","context_length":4096},
  {"name":"llama3.2:latest","model":"llama3.2:latest","size":100,"size_vram":0}]})";

chat::ModelFacts facts(Kind kind, std::string_view body, std::string_view model)
{
    const auto read = read_report(kind, body, model);
    EXPECT_TRUE(read) << (read ? "" : read.error().message());
    return read ? *read : chat::ModelFacts{};
}

TEST(ModelReport, OllamaTellsTheWindowThatIsAllocated)
{
    const auto known = facts(Kind::ollama, loaded_two, "qwen3:8b");
    EXPECT_EQ(known.loaded, true);
    EXPECT_EQ(known.window, Tokens{4096});
    EXPECT_EQ(known.memory, 6654289920U);
    EXPECT_EQ(known.memory_fast, 6654289920U);
}

TEST(ModelReport, OllamaReadsANameWithoutTagAsLatest)
{
    EXPECT_EQ(facts(Kind::ollama, loaded_two, "llama3.2").loaded, true);
    EXPECT_EQ(facts(Kind::ollama, loaded_two, "qwen3").loaded, false);
    const auto hub = R"({"models":[{"name":"hf.co:443/org/m:latest"}]})";
    EXPECT_EQ(facts(Kind::ollama, hub, "hf.co:443/org/m").loaded, true);
}

TEST(ModelReport, OllamaSaysNothingOfTheWindowOfAModelThatIsNotLoaded)
{
    const auto known = facts(Kind::ollama, R"({"models":[]})", "qwen3:8b");
    EXPECT_EQ(known.loaded, false);
    EXPECT_FALSE(known.window);
}

TEST(ModelReport, OlderOllamaHasNoWindow)
{
    EXPECT_FALSE(facts(Kind::ollama, loaded_two, "llama3.2").window);
}

TEST(ModelReport, LlamaCppTellsWindowAndSlotsWhateverItsModelIsCalled)
{
    const auto known =
        facts(Kind::llama_cpp, R"({"default_generation_settings":{"n_ctx":8192},"total_slots":4})",
              "any");
    EXPECT_EQ(known.loaded, true);
    EXPECT_EQ(known.window, Tokens{8192});
    EXPECT_EQ(known.slots, 4U);
}

TEST(ModelReport, VllmTellsTheLongestOfEachModel)
{
    const auto body = R"({"object":"list","data":[{"id":"a","max_model_len":32768},{"id":"b"}]})";
    EXPECT_EQ(facts(Kind::vllm, body, "a").window, Tokens{32768});
    EXPECT_EQ(facts(Kind::vllm, body, "b").loaded, true);
    EXPECT_FALSE(facts(Kind::vllm, body, "b").window);
    EXPECT_EQ(facts(Kind::vllm, body, "c").loaded, false);
}

TEST(ModelReport, TakesNoFigureThatCannotBeOne)
{
    for (const auto* figure : {"0", "-4", "1.5", "\"4096\"", "null", "[]"}) {
        const auto body =
            R"({"models":[{"name":"m:latest","context_length":)" + std::string(figure) + "}]}";
        EXPECT_FALSE(facts(Kind::ollama, body, "m").window) << figure;
    }
}

TEST(ModelReport, RefusesTheAnswerOfSomebodyElse)
{
    for (const auto kind : {Kind::ollama, Kind::llama_cpp, Kind::vllm}) {
        for (const auto* body : {"", "null", "[]", "{}", "{\"models\":7,\"data\":{}}", "<html>"}) {
            const auto read = read_report(kind, body, "m");
            ASSERT_FALSE(read) << body;
            EXPECT_EQ(read.error().code(), Errc::upstream_bad_reply);
        }
    }
}

TEST(ModelReport, KnowsEnginesByTheirProvider)
{
    EXPECT_EQ(kind_of("ollama_chat"), Kind::ollama);
    EXPECT_EQ(kind_of("hosted_vllm"), Kind::vllm);
    EXPECT_EQ(kind_of("llama_cpp"), Kind::llama_cpp);
    EXPECT_FALSE(kind_of("openai"));
}

}  // namespace
}  // namespace spillway::engine
