#include "spillway/app/discovery.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "unit/config/environment.hpp"

namespace spillway::app {
namespace {

using config::environment;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

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
        EXPECT_NE(problem.level, config::Problem::Level::error)
            << problem.where << ": " << problem.message;
    return loaded.config.value_or(config::Config{});
}

std::vector<std::string> groups(const config::Config& config)
{
    std::vector<std::string> out;
    for (const auto& deployment : config.deployments)
        out.push_back(deployment.group);
    return out;
}

TEST(CloudKeys, TakeTheOtherVariableOfAProvider)
{
    const auto keys = cloud_keys(environment({{"GOOGLE_API_KEY", "k"}}));
    ASSERT_THAT(keys, SizeIs(1));
    EXPECT_EQ(keys.front().prefix, "gemini");
    EXPECT_EQ(keys.front().variable, "GOOGLE_API_KEY");
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
    (void)findings.learn({{ollama_place, models({"a\"b: {c} #"})}});
    EXPECT_THAT(groups(served(findings)), ElementsAre("a\"b: {c} #"));
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
