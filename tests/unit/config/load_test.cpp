#include "spillway/config/load.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"

namespace spillway::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(Load, NamesTheNearestKeyInOurOwnSections)
{
    const auto loaded = load("server:\n  port: 4000\n  max_bodi: 5\n");
    EXPECT_FALSE(loaded.config);
    EXPECT_THAT(errors(loaded),
                ElementsAre("c.yaml:3:3: unknown key \"max_bodi\" in server; did you mean "
                            "\"max_body\"?"));
}

TEST(Load, WarnsOfUnknownKeysInLitellmsSections)
{
    const auto loaded = load("router_settings:\n  num_retrys: 3\n");
    EXPECT_TRUE(loaded.config);
    EXPECT_THAT(warnings(loaded),
                Contains("c.yaml:2:3: unknown key \"num_retrys\" in router_settings; did you mean "
                         "\"num_retries\"?"));
}

TEST(Load, WarnsOfUnknownSections)
{
    EXPECT_THAT(warnings(load("servr: {}\n")),
                Contains("c.yaml:1:1: unknown key \"servr\" at the top level; did you mean "
                         "\"server\"?"));
}

TEST(Load, LeavesAPlaceForAnchors)
{
    const auto loaded = load(
        "x-base: &b {api_base: 'http://h:1'}\nmodel_list:\n- model_name: a\n"
        "  litellm_params: {<<: *b, model: openai/m}\n");
    EXPECT_THAT(loaded.problems, IsEmpty());
    EXPECT_EQ(loaded.config->deployments.at(0).api_base, "http://h:1");
}

struct WrongCase {
    const char* name;
    const char* yaml;
    const char* error;
};
class LoadRefuses : public testing::TestWithParam<WrongCase> {};

TEST_P(LoadRefuses, WithTheExactPlace)
{
    const auto loaded = load(GetParam().yaml);
    EXPECT_FALSE(loaded.config);
    EXPECT_THAT(errors(loaded), ElementsAre(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Values, LoadRefuses,
    testing::Values(
        WrongCase{"TextForANumber", "server:\n  port: http\n",
                  "c.yaml:2:9: server.port: expected whole number from 0 to 65535, found text"},
        WrongCase{"ANumberOutOfRange", "server:\n  port: 70000\n",
                  "c.yaml:2:9: server.port: expected whole number from 0 to 65535"},
        WrongCase{"AFractionForACount", "router_settings: {num_retries: 1.5}\n",
                  "c.yaml:1:32: router_settings.num_retries: expected whole number from 0 to 100, "
                  "found a number"},
        WrongCase{"AListForText", "server:\n  host: [a]\n",
                  "c.yaml:2:9: server.host: expected text, found a list"},
        WrongCase{"TruthForText", "ledger: {path: true}\n",
                  "c.yaml:1:16: ledger.path: expected text, found true or false"},
        WrongCase{"TextForTruth", "server: {access_log: maybe}\n",
                  "c.yaml:1:22: server.access_log: expected true or false, found text"},
        WrongCase{"TextForSeconds", "upstream: {idle_timeout: 5m}\n",
                  "c.yaml:1:26: upstream.idle_timeout: expected seconds, like 30 or 0.5, found "
                  "text"},
        WrongCase{"NegativeSeconds", "router_settings: {timeout: -1}\n",
                  "c.yaml:1:28: router_settings.timeout: expected seconds from 0 to 31622400"},
        WrongCase{"TextForBytes", "server: {max_body: 5 apples}\n",
                  "c.yaml:1:20: server.max_body: expected bytes, like 33554432 or 32MiB, found "
                  "text"},
        WrongCase{"AWordThatIsNone", "ledger: {durability: proces}\n",
                  "c.yaml:1:22: ledger.durability: expected one of process, power; found "
                  "\"proces\"; did you mean \"process\"?"},
        WrongCase{"AStrategyThatIsNone", "router_settings:\n  routing_strategy: least-bussy\n",
                  "c.yaml:2:21: router_settings.routing_strategy: expected one of simple-shuffle, "
                  "least-busy, usage-based-routing, usage-based-routing-v2, "
                  "latency-based-routing, cost-based-routing, ordered, "
                  "power-of-two-choices; found \"least-bussy\"; did you mean \"least-busy\"?"},
        WrongCase{"AListForASection", "server: []\n",
                  "c.yaml:1:9: server: expected a map, found a list"},
        WrongCase{"AMapForTheModelList", "model_list: {a: b}\n",
                  "c.yaml:1:13: model_list: expected a list, found a map"},
        WrongCase{"AMapForFallbacks", "router_settings: {fallbacks: {a: [b]}}\n",
                  "c.yaml:1:30: router_settings.fallbacks: expected a list of maps, like [{\"a\": "
                  "[\"b\"]}], found a map"},
        WrongCase{"AListForAnAlias", "router_settings: {model_group_alias: {a: [b]}}\n",
                  "c.yaml:1:42: router_settings.model_group_alias: expected text, found a list"},
        WrongCase{"TextForAPolicy", "router_settings: {retry_policy: 3}\n",
                  "c.yaml:1:33: router_settings.retry_policy: expected a map of numbers by kind of "
                  "error, found a number"},
        WrongCase{"ANegativePrice", "prices: {m: {input: -1}}\n",
                  "c.yaml:1:21: prices.*.input: expected USD per million tokens, found a number"},
        WrongCase{"AnUnknownPrice", "prices: {m: {inputs: 1}}\n",
                  "c.yaml:1:14: unknown key \"inputs\" in prices.*; did you mean \"input\"?"},
        WrongCase{"ALongTierWithoutThreshold", "prices: {m: {long: {input: 1}}}\n",
                  "c.yaml:1:20: prices.*.long: `above` is missing"},
        WrongCase{"ACertificateWithoutKey", "server:\n  tls_certificate: c.pem\n",
                  "c.yaml:2:3: server.tls_certificate needs server.tls_key"},
        WrongCase{"AKeyWithoutCertificate", "server:\n  tls_key: k.pem\n",
                  "c.yaml:2:3: server.tls_key needs server.tls_certificate"},
        WrongCase{"ALogLevelThatIsNone", "server:\n  log_level: wran\n",
                  "c.yaml:2:3: server.log_level: expected one of debug, info, warn, error; did you "
                  "mean \"warn\"?"},
        WrongCase{"AListForTheFile", "- a\n", "c.yaml:1:1: the file: expected a map, found a list"},
        WrongCase{"ADuplicateKey", "server: {port: 1, port: 2}\n",
                  "c.yaml:1:19: the key \"port\" is written twice; the first is in line 1"},
        WrongCase{"IncludeInText", "include: other.yaml\n",
                  "c.yaml:1:10: include: only a file can include others"}),
    [](const auto& test) { return test.param.name; });

TEST(Load, ReportsEveryProblemInOneRunInTheOrderOfTheFile)
{
    const auto loaded = load(
        "upstream: {nonsense: 1}\nserver:\n  port: x\n  shards: y\n"
        "ledger: 5\n");
    EXPECT_THAT(errors(loaded),
                ElementsAre(HasSubstr("c.yaml:1:12: unknown key"), HasSubstr("c.yaml:3:9: "),
                            HasSubstr("c.yaml:4:11: "), HasSubstr("c.yaml:5:9: ")));
}

TEST(Load, NeverRepeatsAValueThatCameFromTheEnvironment)
{
    const auto loaded = load(
        "router_settings: {routing_strategy: os.environ/S}\n"
        "server: {port: os.environ/S}\n",
        {{"S", "sk-secret"}});
    ASSERT_EQ(errors(loaded).size(), 2u);
    for (const auto& error : errors(loaded))
        EXPECT_THAT(error, testing::Not(HasSubstr("sk-secret")));
}

TEST(Load, ReadsOurSections)
{
    const auto loaded = load(
        "server: {port: 4001, max_body: 1MiB, drain_timeout: 0.5, "
        "cors_origins: [a, b]}\nupstream: {connect_timeout: 2}\n"
        "ledger: {path: x.db, durability: power}\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->server.port, 4001u);
    EXPECT_EQ(loaded.config->server.max_body, 1024u * 1024u);
    EXPECT_EQ(loaded.config->server.drain_timeout, Millis{500});
    EXPECT_THAT(loaded.config->server.cors_origins, ElementsAre("a", "b"));
    EXPECT_EQ(loaded.config->upstream.connect_timeout, Millis{2000});
    EXPECT_EQ(loaded.config->ledger.path, "x.db");
    EXPECT_EQ(loaded.config->ledger.durability, Durability::power);
}

TEST(Load, TakesAnEmptyFileForDefaults)
{
    const auto loaded = load("");
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->server.port, 4000u);
    EXPECT_THAT(warnings(loaded), ElementsAre(HasSubstr("model_list names no deployment")));
}

TEST(Load, LetsRouterSettingsWinOverLitellmSettings)
{
    const auto loaded = load(
        "router_settings: {num_retries: 1, timeout: 7}\n"
        "litellm_settings: {num_retries: 5, request_timeout: 9, "
        "allowed_fails: 4}\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->router.num_retries, 1);
    EXPECT_EQ(loaded.config->router.timeout, Millis{7000});
    EXPECT_EQ(loaded.config->router.allowed_fails, 4);
}

TEST(Load, ReadsPoliciesAndAliases)
{
    const auto loaded = load(one_row("model: openai/m, api_base: 'http://h'") +
                             "router_settings:\n"
                             "  retry_policy: {TimeoutErrorRetries: 4}\n"
                             "  allowed_fails_policy: {RateLimitErrorAllowedFails: 9}\n"
                             "  model_group_alias: {b: a, c: {model: a, hidden: true}}\n"
                             "  default_fallbacks: [a]\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_THAT(loaded.problems, IsEmpty());
    const auto& router = loaded.config->router;
    EXPECT_EQ(router.retry_policy.timeout, 4);
    EXPECT_EQ(router.allowed_fails_policy.rate_limit, 9);
    EXPECT_EQ(router.aliases.at("b").group, "a");
    EXPECT_FALSE(router.aliases.at("b").hidden);
    EXPECT_TRUE(router.aliases.at("c").hidden);
    EXPECT_THAT(router.default_fallbacks, ElementsAre("a"));
}

TEST(Load, WarnsOfAMisspeltPolicy)
{
    EXPECT_THAT(warnings(load("router_settings: {retry_policy: {TimoutErrorRetries: 4}}\n")),
                Contains(HasSubstr("did you mean \"TimeoutErrorRetries\"?")));
}

TEST(Load, WarnsOfFallbacksThatNameNothing)
{
    const auto loaded = load(
        "model_list:\n- model_name: cloud-fast\n  litellm_params: {model: "
        "openai/m, api_base: 'http://h'}\nrouter_settings:\n  fallbacks:\n"
        "  - cloud-fast: [cloud-fats]\n  - other: [cloud-fast]\n");
    EXPECT_TRUE(loaded.config);
    EXPECT_THAT(
        warnings(loaded),
        ElementsAre("c.yaml:6:18: router_settings.fallbacks: \"cloud-fats\" is no group, alias or "
                    "deployment; did you mean \"cloud-fast\"?",
                    "c.yaml:7:5: router_settings.fallbacks: \"other\" is no group, alias or "
                    "deployment"));
}

TEST(Load, AcceptsFallbacksThatAWildcardAnswers)
{
    const auto loaded = load(
        "model_list:\n- model_name: openai/*\n  litellm_params: {model: "
        "openai/*, api_key: k}\nrouter_settings:\n  fallbacks:\n"
        "  - '*': [openai/gpt-4.1]\n");
    EXPECT_THAT(loaded.problems, IsEmpty());
}

TEST(Load, TakesTheModelOfAFallbackThatIsAMap)
{
    const auto loaded = load(one_row("model: openai/m, api_base: 'http://h'") +
                             "router_settings: {fallbacks: [{a: [{model: a, temperature: 1}]}]}\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_THAT(loaded.config->router.fallbacks.at(0).targets, ElementsAre("a"));
    EXPECT_EQ(seen(loaded, "router_settings.fallbacks[].model"), Support::different);
}

TEST(Load, TakesKeyAndDatabaseFromTheEnvironmentWhenTheFileHasNone)
{
    const auto loaded =
        load("general_settings: {master_key: sk-file}\n",
             {{"LITELLM_MASTER_KEY", "sk-env"}, {"DATABASE_URL", "postgresql://h/d"}});
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->general.master_key->reveal(), "sk-file");
    EXPECT_EQ(loaded.config->general.database_url->reveal(), "postgresql://h/d");
}

TEST(Load, SaysThatAMasterKeyIsEmpty)
{
    const auto loaded = load("general_settings:\n  master_key: os.environ/MISSING\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_FALSE(loaded.config->general.master_key);
    EXPECT_THAT(warnings(loaded),
                Contains("c.yaml:2:3: general_settings.master_key is empty: requests are not "
                         "authenticated"));
}

TEST(Load, WarnsOfAnOpenDoor)
{
    const auto open = "server:\n  host: 0.0.0.0\n";
    EXPECT_THAT(warnings(load(open)),
                Contains(HasSubstr("c.yaml:2:3: server.host can be reached from other machines")));
    EXPECT_THAT(warnings(load(open, {{"LITELLM_MASTER_KEY", "sk-1"}})),
                testing::Not(Contains(HasSubstr("server.host"))));
}

TEST(Load, ResolvesEnvironmentReferencesAtAnyDepth)
{
    const auto loaded =
        load(one_row("model: os.environ/M, api_base: 'http://h', extra_body: {deep: [{er: "
                     "os.environ/V}]}"),
             {{"M", "openai/x"}, {"V", "5"}});
    ASSERT_TRUE(loaded.config);
    const auto& row = loaded.config->deployments.at(0);
    EXPECT_EQ(row.model, "openai/x");
    ASSERT_EQ(row.defaults.size(), 1u);
    EXPECT_EQ(row.defaults[0].json, R"([{"er":"5"}])");
}

TEST(Load, ReadsNumbersFromTheEnvironment)
{
    const auto loaded = load("server: {port: os.environ/P, access_log: os.environ/L}\n",
                             {{"P", "4100"}, {"L", "1"}});
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->server.port, 4100u);
    EXPECT_TRUE(loaded.config->server.access_log);
}

TEST(Load, TakesAMissingVariableForUnsetAndWarns)
{
    const auto loaded = load("server:\n  port: os.environ/NOPE\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->server.port, 4000u);
    EXPECT_THAT(warnings(loaded), Contains("c.yaml:2:9: the environment has no NOPE; the setting "
                                           "is taken as unset"));
}

TEST(Load, LooksIntoTheFilesOwnVariablesFirst)
{
    const auto loaded = load(
        "environment_variables: {A: file, B: os.environ/C}\n"
        "server: {host: os.environ/A}\nledger: {path: os.environ/B}\n",
        {{"A", "process"}, {"C", "indirect"}});
    ASSERT_TRUE(loaded.config);
    EXPECT_EQ(loaded.config->server.host, "file");
    EXPECT_EQ(loaded.config->ledger.path, "indirect");
    const auto lookup = environment_of(*loaded.config, environment({{"Z", "outer"}}));
    EXPECT_EQ(lookup("A"), "file");
    EXPECT_EQ(lookup("Z"), "outer");
    EXPECT_EQ(lookup("nothing"), std::nullopt);
}

TEST(Load, NamesSupportOfEveryKey)
{
    const auto loaded = load(
        "litellm_settings: {drop_params: true, callbacks: [x]}\n"
        "router_settings: {num_retries: 1, redis_host: h}\nguardrails: []\n");
    EXPECT_EQ(seen(loaded, "router_settings.num_retries"), Support::supported);
    EXPECT_EQ(seen(loaded, "router_settings.redis_host"), Support::ignored);
    EXPECT_EQ(seen(loaded, "litellm_settings.drop_params"), Support::different);
    EXPECT_EQ(seen(loaded, "litellm_settings.callbacks"), Support::ignored);
    EXPECT_EQ(seen(loaded, "guardrails"), Support::ignored);
    EXPECT_EQ(seen(loaded, "router_settings.timeout"), std::nullopt);
}

TEST(Load, ReadsPricesOverTheTable)
{
    const auto loaded = load(
        "prices:\n  m: {input: 0.42, output: 0.84, long: {above: 1000, input: "
        "1}, window: 5000}\n");
    ASSERT_TRUE(loaded.config);
    ASSERT_EQ(loaded.config->prices.size(), 1u);
    const auto& row = loaded.config->prices[0];
    EXPECT_EQ(row.model, "m");
    EXPECT_EQ(row.prices.input, PicoUsdPerToken{420'000});
    EXPECT_EQ(row.prices.output, PicoUsdPerToken{840'000});
    EXPECT_EQ(row.prices.cache_read, std::nullopt);
    EXPECT_EQ(row.long_above, Tokens{1000});
    EXPECT_EQ(row.long_prices.input, PicoUsdPerToken{1'000'000});
    EXPECT_EQ(row.window, Tokens{5000});
}

TEST(Load, LetsAliasesLeadToRoutesAndFallbacksNot)
{
    const auto loaded = load(one_row("model: ollama/m") + R"(
- {model_name: lite, litellm_params: {model: auto_router/complexity_router, complexity_router_default_model: a}}
routes: {auto: {otherwise: [a]}}
rate_limits: {models: {al: {rpm: 5}}}
router_settings:
  model_group_alias: {al: auto, le: {model: lite, hidden: true}, twice: al}
  fallbacks: [{a: [auto]}, {auto: [a]}, {a: [al]}]
  default_fallbacks: [lite]
)");
    EXPECT_THAT(errors(loaded), IsEmpty());
    const auto about = [](const std::string& setting, const std::string& text) {
        return HasSubstr("router_settings." + setting + ": " + text);
    };
    EXPECT_THAT(
        warnings(loaded),
        testing::UnorderedElementsAre(
            about("model_group_alias", "\"al\" is an alias of a route"),
            about("fallbacks", "\"auto\" is a route, and fallbacks neither lead to routes nor"),
            about("fallbacks", "\"auto\" is a route, and"),
            about("fallbacks", "\"al\" is an alias of a route, and"),
            about("default_fallbacks", "\"lite\" is a route, and")));
}

TEST(Load, RefusesRulesThatLeadToRoutes)
{
    EXPECT_THAT(errors(load(one_row("model: ollama/m") + R"(
router_settings: {model_group_alias: {al: auto}}
routes: {auto: {otherwise: [a]}, more: {otherwise: [auto, al]}}
)")),
                ElementsAre(HasSubstr("\"auto\" is a route, not a group"),
                            HasSubstr("\"al\" is an alias of a route, not")));
}

}  // namespace
}  // namespace spillway::config
