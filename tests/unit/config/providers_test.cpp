#include "spillway/config/providers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "loading.hpp"

namespace spillway::config {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

using Variables = std::map<std::string, std::string>;

Deployment asking(std::string model, std::string api_base = {})
{
    Deployment row;
    row.model = std::move(model);
    row.api_base = std::move(api_base);
    return row;
}

Resolved resolved(const Deployment& row, Variables variables = {})
{
    auto result = resolve(row, environment(std::move(variables)));
    EXPECT_TRUE(result) << (result ? "" : result.error().message());
    return result.value_or(Resolved{});
}

std::string url(const BaseUrl& base)
{
    return std::string(base.tls ? "https://" : "http://") + base.host + ":" +
           std::to_string(base.port) + base.path;
}

struct BaseCase {
    const char* name;
    const char* model;
    const char* api_base;
    const char* url;
    const char* upstream_model;
};
class Bases : public testing::TestWithParam<BaseCase> {};

TEST_P(Bases, LeadToTheOpenAiEndpoint)
{
    const auto& test = GetParam();
    const auto result = resolved(asking(test.model, test.api_base));
    EXPECT_EQ(url(result.base), test.url);
    EXPECT_EQ(result.upstream_model, test.upstream_model);
}

INSTANTIATE_TEST_SUITE_P(
    Providers, Bases,
    testing::Values(
        BaseCase{"OpenAi", "openai/gpt-4o", "", "https://api.openai.com:443/v1", "gpt-4o"},
        BaseCase{"BareGpt", "gpt-4o", "", "https://api.openai.com:443/v1", "gpt-4o"},
        BaseCase{"BareO3", "o3", "", "https://api.openai.com:443/v1", "o3"},
        BaseCase{"BareO4Mini", "o4-mini", "", "https://api.openai.com:443/v1", "o4-mini"},
        BaseCase{"BareEmbedding", "text-embedding-3-small", "", "https://api.openai.com:443/v1",
                 "text-embedding-3-small"},
        BaseCase{"BareClaude", "claude-sonnet-4-20250514", "", "https://api.anthropic.com:443/v1",
                 "claude-sonnet-4-20250514"},
        BaseCase{"AnthropicWithoutVersion", "anthropic/c", "https://api.anthropic.com",
                 "https://api.anthropic.com:443/v1", "c"},
        BaseCase{"BareGemini", "gemini-2.5-pro", "",
                 "https://generativelanguage.googleapis.com:443/v1beta/openai", "gemini-2.5-pro"},
        BaseCase{"Ollama", "ollama/llama3.2:8b", "", "http://localhost:11434/v1", "llama3.2:8b"},
        BaseCase{"OllamaWithoutVersion", "ollama_chat/m", "http://ollama:11434/",
                 "http://ollama:11434/v1", "m"},
        BaseCase{"OllamaWithVersion", "ollama_chat/m", "http://ollama:11434/v1/",
                 "http://ollama:11434/v1", "m"},
        BaseCase{"OllamaBehindAPath", "ollama/m", "https://h/ollama", "https://h:443/ollama/v1",
                 "m"},
        BaseCase{"OllamaNativeRoute", "ollama/m", "http://h:1/api/chat", "http://h:1/v1", "m"},
        BaseCase{"Vllm", "hosted_vllm/org/name", "http://h:8000", "http://h:8000/v1", "org/name"},
        BaseCase{"AnyCompatible", "openai/m", "https://relay.example.com/v1",
                 "https://relay.example.com:443/v1", "m"},
        BaseCase{"CompatibleAsWritten", "openai/m", "http://10.0.0.1:8080", "http://10.0.0.1:8080",
                 "m"},
        BaseCase{"GroqKeepsTheVendor", "groq/openai/gpt-oss-120b", "",
                 "https://api.groq.com:443/openai/v1", "openai/gpt-oss-120b"},
        BaseCase{"Azure", "azure/dep", "https://x.openai.azure.com/",
                 "https://x.openai.azure.com:443/openai/v1", "dep"},
        BaseCase{"AzureHalfWay", "azure/dep", "https://x.openai.azure.com/openai",
                 "https://x.openai.azure.com:443/openai/v1", "dep"},
        BaseCase{"Wildcard", "openrouter/*", "", "https://openrouter.ai:443/api/v1", "*"}),
    [](const auto& test) { return test.param.name; });

TEST(Resolve, TakesTheProviderThatTheRowNames)
{
    auto row = asking("meta-llama/Llama-3", "http://h:1/v1");
    row.provider = "hosted_vllm";
    EXPECT_EQ(resolved(row).upstream_model, "meta-llama/Llama-3");
    EXPECT_EQ(resolved(row).provider->name, "hosted_vllm");
    EXPECT_THAT(resolved(row).warning, IsEmpty());
    row.model = "hosted_vllm/m";
    EXPECT_EQ(resolved(row).upstream_model, "m");
}

TEST(Resolve, TakesAnUnknownPrefixWithABaseForPartOfTheName)
{
    const auto result = resolved(asking("meta-llama/Llama-3", "http://h:1/v1"));
    EXPECT_EQ(result.upstream_model, "meta-llama/Llama-3");
    EXPECT_EQ(url(result.base), "http://h:1/v1");
    EXPECT_THAT(result.warning, HasSubstr("\"meta-llama\" is no provider"));
}

TEST(Resolve, SuggestsTheNearestPrefix)
{
    const auto result = resolve(asking("opnai/gpt"), environment());
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().code(), Errc::bad_config);
    EXPECT_THAT(result.error().message(), HasSubstr("did you mean \"openai/\"?"));
}

TEST(Resolve, RefusesAProviderWithoutAModel)
{
    EXPECT_FALSE(resolve(asking("openai/"), environment()));
}

TEST(Resolve, TakesTheKeyOfTheRowThenThatOfTheEnvironment)
{
    const Variables variables{{"OPENAI_API_KEY", "env-key\n"}};
    EXPECT_EQ(resolved(asking("gpt-4o"), variables).api_key->reveal(), "env-key");
    auto row = asking("gpt-4o");
    row.api_key = Secret("own");
    EXPECT_EQ(resolved(row, variables).api_key->reveal(), "own");
    EXPECT_FALSE(resolved(asking("gpt-4o")).api_key);
}

TEST(Resolve, KnowsAllNamesOfAKey)
{
    EXPECT_EQ(resolved(asking("gemini/g"), {{"GOOGLE_API_KEY", "k"}}).api_key->reveal(), "k");
}

TEST(Resolve, KeepsACloudsKeyFromTheLocalNetwork)
{
    const Variables variables{{"OPENAI_API_KEY", "k"}};
    EXPECT_FALSE(resolved(asking("openai/m", "http://localhost:8080/v1"), variables).api_key);
    EXPECT_FALSE(resolved(asking("openai/m", "http://192.168.0.7/v1"), variables).api_key);
}

TEST(Resolve, SaysWhereTheEnvironmentsKeyGoes)
{
    const auto result =
        resolved(asking("openai/m", "https://relay.example.com/v1"), {{"OPENAI_API_KEY", "k"}});
    EXPECT_TRUE(result.api_key);
    EXPECT_THAT(result.warning,
                HasSubstr("the key of OPENAI_API_KEY will be sent to relay.example.com"));
}

TEST(Resolve, SendsALocalEnginesKeyToTheLocalEngine)
{
    EXPECT_EQ(resolved(asking("hosted_vllm/m", "http://gpu:8000"), {{"HOSTED_VLLM_API_KEY", "k"}})
                  .api_key->reveal(),
              "k");
}

TEST(Resolve, TakesTheBaseFromTheEnvironment)
{
    EXPECT_EQ(url(resolved(asking("ollama/m"), {{"OLLAMA_API_BASE", "http://gpu:11434"}}).base),
              "http://gpu:11434/v1");
    EXPECT_EQ(url(resolved(asking("gpt-4o"), {{"OPENAI_BASE_URL", "https://relay.io/v1"}}).base),
              "https://relay.io:443/v1");
}

TEST(Resolve, DoesNotFollowAClientsVariableBackToItself)
{
    EXPECT_EQ(
        url(resolved(asking("gpt-4o"), {{"OPENAI_BASE_URL", "http://localhost:4000/v1"}}).base),
        "https://api.openai.com:443/v1");
}

struct PlaceCase {
    const char* name;
    const char* model;
    const char* api_base;
    Place place;
};
class Places : public testing::TestWithParam<PlaceCase> {};

TEST_P(Places, FollowFromProviderAndHost)
{
    EXPECT_EQ(resolved(asking(GetParam().model, GetParam().api_base)).place, GetParam().place);
}

INSTANTIATE_TEST_SUITE_P(
    Hosts, Places,
    testing::Values(PlaceCase{"Cloud", "gpt-4o", "", Place::cloud},
                    PlaceCase{"Engine", "ollama/m", "", Place::local},
                    PlaceCase{"EngineFarAway", "ollama/m", "https://gpu.example.com", Place::local},
                    PlaceCase{"OllamasCloud", "ollama/m", "https://ollama.com", Place::cloud},
                    PlaceCase{"Loopback", "openai/m", "http://127.0.0.1:8080", Place::local},
                    PlaceCase{"LoopbackV6", "openai/m", "http://[::1]:8080", Place::local},
                    PlaceCase{"Private10", "openai/m", "http://10.0.1.10:1", Place::local},
                    PlaceCase{"Private172", "openai/m", "http://172.31.0.1", Place::local},
                    PlaceCase{"Public172", "openai/m", "http://172.32.0.1", Place::cloud},
                    PlaceCase{"Private192", "openai/m", "http://192.168.1.1", Place::local},
                    PlaceCase{"UniqueLocalV6", "openai/m", "http://[fd12::1]", Place::local},
                    PlaceCase{"PublicV6", "openai/m", "http://[2001:db8::1]", Place::cloud},
                    PlaceCase{"Mdns", "openai/m", "http://gpu.local", Place::local},
                    PlaceCase{"Compose", "openai/m", "http://engine:1", Place::local},
                    PlaceCase{"DockerHost", "openai/m", "http://host.docker.internal:1",
                              Place::local},
                    PlaceCase{"Relay", "openai/m", "https://relay.example.com/v1", Place::cloud}),
    [](const auto& test) { return test.param.name; });

TEST(Providers, HaveBasesThatParseAndPrefixesOfTheirOwn)
{
    std::set<std::string_view> prefixes;
    for (const auto& provider : providers()) {
        EXPECT_TRUE(prefixes.insert(provider.prefix).second) << provider.prefix;
        EXPECT_EQ(find_provider(provider.prefix), &provider);
        if (!provider.base_url.empty()) {
            EXPECT_TRUE(parse_base_url(provider.base_url)) << provider.prefix;
        }
    }
}

TEST(Providers, KnowOllamasQuirk)
{
    EXPECT_TRUE(find_provider("ollama_chat")->quirks.rename_max_completion_tokens);
    EXPECT_FALSE(find_provider("openai")->quirks.rename_max_completion_tokens);
}

}  // namespace
}  // namespace spillway::config
