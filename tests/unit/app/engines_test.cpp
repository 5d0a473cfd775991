#include "spillway/app/engines.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/config/environment.hpp"

namespace spillway::app {
namespace {

using config::environment;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

EnginePlace ollama_by(const std::string& host_variable)
{
    return engine_places(environment({{"OLLAMA_HOST", host_variable}})).places.front();
}

const EnginePlace ollama_place{Engine::ollama, "127.0.0.1", 11434};

TEST(EnginePlaces, AreTheUsualPorts)
{
    std::vector<std::string> bases;
    for (const auto& place : engine_places(environment({})).places)
        bases.push_back(place.base());
    EXPECT_THAT(bases, ElementsAre("http://127.0.0.1:11434", "http://127.0.0.1:8080",
                                   "http://127.0.0.1:8000", "http://127.0.0.1:1234"));
}

TEST(EnginePlaces, ReadOllamaHostAsOllamaDoes)
{
    EXPECT_EQ(ollama_by("gpu-box").base(), "http://gpu-box:11434");
    EXPECT_EQ(ollama_by("gpu-box:9").base(), "http://gpu-box:9");
    EXPECT_EQ(ollama_by(":9").base(), "http://127.0.0.1:9");
    EXPECT_EQ(ollama_by("http://gpu-box").base(), "http://gpu-box:80");
    EXPECT_EQ(ollama_by("http://gpu-box:9/path").base(), "http://gpu-box:9");
    EXPECT_EQ(ollama_by("[::1]:9").base(), "http://[::1]:9");
    EXPECT_EQ(ollama_by("::1").base(), "http://[::1]:11434");
}

TEST(EnginePlaces, ReachABoundAddressOnThisMachine)
{
    EXPECT_EQ(ollama_by("0.0.0.0").base(), "http://127.0.0.1:11434");
    EXPECT_EQ(ollama_by("0.0.0.0:9").base(), "http://127.0.0.1:9");
}

TEST(EnginePlaces, ComplainAboutWhatTheyCannotRead)
{
    const auto found = engine_places(environment({{"OLLAMA_HOST", "box:port"}}));
    EXPECT_EQ(found.places.front(), ollama_place);
    EXPECT_THAT(found.complaints, ElementsAre(HasSubstr("OLLAMA_HOST")));
}

TEST(EnginePlaces, MoveByName)
{
    const auto found =
        engine_places(environment({{"SPILLWAY_DISCOVER", "llama_cpp=10.0.0.1:18080, vllm=:9"}}));
    EXPECT_EQ(found.places.at(1).base(), "http://10.0.0.1:18080");
    EXPECT_EQ(found.places.at(2).base(), "http://127.0.0.1:9");
    EXPECT_THAT(found.complaints, IsEmpty());
}

TEST(EnginePlaces, LeaveOutWhatIsSwitchedOff)
{
    const auto found =
        engine_places(environment({{"SPILLWAY_DISCOVER", "ollama=off,vllm=off,lm_studio=off"}}));
    ASSERT_THAT(found.places, SizeIs(1));
    EXPECT_EQ(found.places.front().engine, Engine::llama_cpp);
}

TEST(EnginePlaces, ComplainAboutAnUnknownName)
{
    for (const auto* text : {"lama=1.2.3.4:5", "vllm", "vllm=", "vllm=a:b", "=", "vllm=[::1"})
        EXPECT_THAT(engine_places(environment({{"SPILLWAY_DISCOVER", text}})).complaints, SizeIs(1))
            << text;
}

TEST(ReadModels, ReadsOllamasTags)
{
    const auto found = read_models(
        Engine::ollama, R"({"models":[{"name":"llama3.2:latest"},{"name":"nomic-embed-text:latest",
                            "capabilities":["embedding"]}]})");
    ASSERT_TRUE(found);
    ASSERT_THAT(*found, SizeIs(2));
    EXPECT_EQ(found->at(0), (FoundModel{"llama3.2:latest", "llama3.2:latest"}));
    EXPECT_EQ(found->at(1).mode, config::Mode::embedding);
}

TEST(ReadModels, TellsLlamaCppFromSomethingElseAtItsPort)
{
    EXPECT_TRUE(read_models(Engine::llama_cpp, R"({"data":[{"id":"m","owned_by":"llamacpp"}]})"));
    EXPECT_FALSE(read_models(Engine::llama_cpp, R"({"data":[{"id":"m","owned_by":"openai"}]})"));
}

TEST(ReadModels, CallsALlamaCppModelByItsFileName)
{
    const auto found = read_models(
        Engine::llama_cpp, R"({"data":[{"id":"/models/qwen3-8b.gguf","owned_by":"llamacpp"}]})");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->at(0), (FoundModel{"qwen3-8b", "/models/qwen3-8b.gguf"}));
}

TEST(ReadModels, KnowsVllmByItsName)
{
    EXPECT_TRUE(read_models(Engine::vllm, R"({"data":[{"id":"m","owned_by":"vllm"}]})"));
    EXPECT_FALSE(read_models(Engine::vllm, R"({"data":[{"id":"m","owned_by":"x"}]})"));
}

TEST(ReadModels, KnowsLmStudiosEmbeddingModels)
{
    const auto found =
        read_models(Engine::lm_studio, R"({"data":[{"id":"text-embedding-nomic"}]})");
    ASSERT_TRUE(found);
    EXPECT_EQ(found->at(0).mode, config::Mode::embedding);
}

TEST(ReadModels, TakesNothingFromOtherAnswers)
{
    for (const auto* body :
         {"", "<html></html>", "[]", "{}", R"({"data":{}})", R"({"models":1})"}) {
        EXPECT_FALSE(read_models(Engine::ollama, body)) << body;
        EXPECT_FALSE(read_models(Engine::vllm, body)) << body;
    }
}

TEST(ReadModels, LeavesOutNamesThatNoGroupCanHave)
{
    const auto tags = read_models(
        Engine::ollama, R"({"models":[{"name":"*"},{"name":"a\nb"},{"name":""},{"name":"ok"},7]})");
    ASSERT_TRUE(tags);
    ASSERT_THAT(*tags, SizeIs(1));
    EXPECT_EQ(tags->front().name, "ok");
}

}  // namespace
}  // namespace spillway::app
