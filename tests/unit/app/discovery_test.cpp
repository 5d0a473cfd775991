#include "spillway/app/discovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

namespace spillway::app {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

config::Environment environment(std::map<std::string, std::string> values)
{
    return [values = std::move(values)](const std::string& name) -> std::optional<std::string> {
        const auto found = values.find(name);
        return found == values.end() ? std::nullopt : std::optional(found->second);
    };
}

EnginePlace ollama_by(const std::string& host_variable)
{
    return engine_places(environment({{"OLLAMA_HOST", host_variable}})).places.front();
}

const EnginePlace ollama_place{Engine::ollama, "127.0.0.1", 11434};

std::vector<FoundModel> models(std::initializer_list<const char*> names)
{
    std::vector<FoundModel> out;
    for (const auto* name : names)
        out.push_back({name, name, config::Mode::chat});
    return out;
}

config::Config served(Findings& findings, std::map<std::string, std::string> values = {})
{
    const auto loaded =
        config::load_text(findings.configuration(), "discovered", environment(std::move(values)));
    EXPECT_TRUE(loaded.config);
    for (const auto& problem : loaded.problems)
        ADD_FAILURE() << problem.where << ": " << problem.message;
    return loaded.config.value_or(config::Config{});
}

std::vector<std::string> groups(const config::Config& config)
{
    std::vector<std::string> out;
    for (const auto& deployment : config.deployments)
        out.push_back(deployment.group);
    return out;
}

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

TEST(CloudKeys, AreThoseOfTheEnvironment)
{
    const auto keys = cloud_keys(environment({{"OPENAI_API_KEY", "sk-1"}, {"XAI_API_KEY", ""}}));
    ASSERT_THAT(keys, SizeIs(1));
    EXPECT_EQ(keys.front().prefix, "openai");
    EXPECT_THAT(keys.front().names, Contains("gpt-*"));
}

TEST(Findings, ServeAnEnginesModelsUnderTheirNames)
{
    Findings findings({ollama_place}, {});
    (void)findings.learn({{ollama_place, models({"llama3.2:latest", "phi4:14b"})}});
    const auto config = served(findings);
    EXPECT_THAT(groups(config), ElementsAre("llama3.2:latest", "phi4:14b"));
    EXPECT_EQ(config.deployments.at(0).api_base, "http://127.0.0.1:11434");
}

TEST(Findings, ServeLatestWithoutSayingIt)
{
    Findings findings({ollama_place}, {});
    (void)findings.learn({{ollama_place, models({"llama3.2:latest"})}});
    const auto config = served(findings);
    ASSERT_EQ(config.router.aliases.count("llama3.2"), 1U);
    EXPECT_EQ(config.router.aliases.at("llama3.2").group, "llama3.2:latest");
    EXPECT_TRUE(config.router.aliases.at("llama3.2").hidden);
}

TEST(Findings, NeverHoldAKey)
{
    Findings findings({}, {{"openai", "OPENAI_API_KEY", {"gpt-*"}}});
    const auto text = findings.configuration();
    EXPECT_THAT(text, HasSubstr("os.environ/OPENAI_API_KEY"));
}

TEST(Findings, ServeACloudKeyByPrefixAndBareName)
{
    Findings findings({}, {{"openai", "OPENAI_API_KEY", {"gpt-*"}}});
    const auto names = groups(served(findings, {{"OPENAI_API_KEY", "sk-1"}}));
    EXPECT_THAT(names, Contains("openai/*"));
    EXPECT_THAT(names, Contains("gpt-*"));
}

TEST(Findings, ListTheModelsThatAPatternCovers)
{
    Findings findings({}, {{"openai", "OPENAI_API_KEY", {"gpt-*"}}});
    const auto names = groups(served(findings, {{"OPENAI_API_KEY", "sk-1"}}));
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [](const std::string& name) {
        return name.starts_with("gpt-") && name != "gpt-*";
    }));
}

TEST(Findings, SurviveAModelWithAStrangeName)
{
    Findings findings({ollama_place}, {});
    (void)findings.learn({{ollama_place, models({"a\"b: {c}\n#", "*"})}});
    EXPECT_THAT(findings.configuration(), HasSubstr(R"(a\"b: {c}\n#)"));
    EXPECT_EQ(served(findings).deployments.at(0).group, "a\"b: {c}\n#");
}

TEST(Findings, ChangeWhenAnEngineComesUp)
{
    Findings findings({ollama_place}, {});
    (void)findings.configuration();
    EXPECT_FALSE(findings.models_changed());
    const auto news = findings.learn({{ollama_place, models({"phi4:14b"})}});
    EXPECT_TRUE(findings.models_changed());
    EXPECT_THAT(news, ElementsAre("Ollama at http://127.0.0.1:11434: phi4:14b"));
}

TEST(Findings, DoNotChangeWhenNothingDoes)
{
    Findings findings({ollama_place}, {});
    (void)findings.learn({{ollama_place, models({"phi4:14b"})}});
    (void)findings.configuration();
    EXPECT_THAT(findings.learn({{ollama_place, models({"phi4:14b"})}}), IsEmpty());
    EXPECT_FALSE(findings.models_changed());
}

TEST(Findings, KeepTheModelsOfAnEngineThatVanishes)
{
    Findings findings({ollama_place}, {});
    (void)findings.learn({{ollama_place, models({"phi4:14b"})}});
    (void)findings.configuration();
    const auto news = findings.learn({{ollama_place, std::nullopt}});
    EXPECT_FALSE(findings.models_changed());
    EXPECT_THAT(news, ElementsAre(HasSubstr("does not answer")));
    EXPECT_THAT(groups(served(findings)), ElementsAre("phi4:14b"));
}

TEST(Findings, SayOnceThatAnEngineIsGoneAndThatItIsBack)
{
    Findings findings({ollama_place}, {});
    (void)findings.learn({{ollama_place, models({"phi4:14b"})}});
    (void)findings.learn({{ollama_place, std::nullopt}});
    EXPECT_THAT(findings.learn({{ollama_place, std::nullopt}}), IsEmpty());
    EXPECT_THAT(findings.learn({{ollama_place, models({"phi4:14b"})}}),
                ElementsAre(HasSubstr("answers again")));
}

TEST(Findings, DropAModelThatTheEngineDropped)
{
    Findings findings({ollama_place}, {});
    (void)findings.learn({{ollama_place, models({"a", "b"})}});
    (void)findings.learn({{ollama_place, models({"b"})}});
    EXPECT_THAT(groups(served(findings)), ElementsAre("b"));
}

TEST(Findings, SayWhatToDoWhenThereIsNothing)
{
    const Findings findings({ollama_place}, {});
    const auto lines = findings.summary();
    EXPECT_THAT(lines, Contains(HasSubstr("ollama pull")));
    EXPECT_THAT(lines, Contains(HasSubstr("OPENAI_API_KEY")));
    EXPECT_THAT(lines, Contains(HasSubstr("--config")));
}

TEST(Findings, SummarizeEnginesAndKeys)
{
    Findings findings({ollama_place}, {{"openai", "OPENAI_API_KEY", {"gpt-*"}}});
    (void)findings.learn({{ollama_place, models({"phi4:14b"})}});
    EXPECT_THAT(findings.summary(), ElementsAre("Ollama at http://127.0.0.1:11434: phi4:14b",
                                                "OPENAI_API_KEY: gpt-*, openai/*"));
}

TEST(Findings, AreServedWhenThereIsNothing)
{
    Findings findings({ollama_place}, {});
    EXPECT_THAT(served(findings).deployments, IsEmpty());
}

}  // namespace
}  // namespace spillway::app
