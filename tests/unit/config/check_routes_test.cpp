#include "spillway/config/check_routes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "loading.hpp"

namespace spillway::config {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto rows = R"(model_list:
- {model_name: small, litellm_params: {model: ollama/llama3}, model_info: {max_input_tokens: 8192, supports_vision: false}}
- {model_name: blind, litellm_params: {model: ollama/llama3}, model_info: {supports_vision: false, supports_function_calling: false}}
- {model_name: vectors, litellm_params: {model: ollama/nomic}, model_info: {mode: embedding}}
- {model_name: cloud, litellm_params: {model: openai/gpt-4o, api_key: k}}
)";

Loaded with_routes(const std::string& routes)
{
    return load(std::string(rows) + "routes:\n" + routes);
}

TEST(CheckRoutes, AcceptsTheExampleOfTheManual)
{
    const auto loaded = with_routes(R"(  auto:
    rules:
    - name: private-stays-home
      when: {sensitive: any}
      use: [small]
      boundary: local
    - name: long
      when: {prompt_tokens: ">8000"}
      use: [cloud, small]
    - name: hard
      when: {complexity: ">=complex", budget_left: ">10%"}
      use: [cloud, small]
    - name: code
      when: {has: code}
      use: [small, cloud]
    otherwise: [small, cloud]
)");
    EXPECT_THAT(loaded.problems, IsEmpty());
    ASSERT_TRUE(loaded.config);
    ASSERT_EQ(loaded.config->routes.size(), 1U);
    EXPECT_EQ(loaded.config->routes[0].rules.size(), 4U);
    EXPECT_EQ(loaded.config->routes[0].rules[0].action.boundary, privacy::Boundary::local);
    EXPECT_THAT(loaded.config->routes[0].otherwise.use, ElementsAre("small", "cloud"));
}

TEST(CheckRoutes, ReadsWhatARuleDoes)
{
    const auto loaded = with_routes(R"(  r:
    rules:
    - name: one
      when: {has: code}
      use: cloud
      strategy: ordered
      max_cost: 0.05
      params: {temperature: 0, reasoning_effort: low}
      timeout: 30
      first_token_timeout: 2.5
      clamp_max_tokens: true
    otherwise: {use: [small], boundary: local}
)");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    const auto& action = loaded.config->routes[0].rules[0].action;
    EXPECT_EQ(action.strategy, Strategy::ordered);
    EXPECT_EQ(action.max_cost, NanoUsd{50'000'000});
    EXPECT_THAT(action.parameters, ElementsAre(Parameter{"temperature", "0"},
                                               Parameter{"reasoning_effort", "\"low\""}));
    EXPECT_EQ(action.timeout, Millis{30'000});
    EXPECT_EQ(action.first_token_timeout, Millis{2'500});
    EXPECT_EQ(action.answer_fit, AnswerFit::clamp);
}

/// What a rule counts are tokens of the usual model; a window holds the deployment's own.
std::vector<std::string> over(const std::string& tokens, const std::string& use,
                              const std::string& usual)
{
    return errors(load(R"(model_list:
- {model_name: llama, litellm_params: {model: ollama/llama3}, model_info: {max_input_tokens: 8192}}
- {model_name: sister, litellm_params: {model: ollama/llama3.1}, model_info: {max_input_tokens: 8192}}
- {model_name: qwen, litellm_params: {model: ollama/qwen3}, model_info: {max_input_tokens: 8192}}
- {model_name: "any/*", litellm_params: {model: "openai/*", api_base: "http://10.0.0.1:1/v1"}, model_info: {max_input_tokens: 8192}}
routes:
  r: {rules: [{name: long, when: {prompt_tokens: ">)" +
                       tokens + "\"}, use: [" + use + "]}], otherwise: [" + usual + "]}\n"));
}

std::vector<std::string> of_task(const std::string& task, const std::string& use)
{
    return errors(load(R"(model_list:
- {model_name: unknown, litellm_params: {model: openai/nobody-knows, api_key: k}}
- {model_name: table, litellm_params: {model: openai/text-embedding-3-small, api_key: k}}
- {model_name: declared, litellm_params: {model: openai/text-embedding-3-small, api_key: k}, model_info: {mode: chat}}
routes:
  r: {rules: [{name: a, when: {task: )" +
                       task + "}, use: [" + use + "]}], otherwise: [unknown]}\n"));
}

TEST(CheckRoutes, LetsADeploymentDoWhatNobodyRulesOut)
{
    EXPECT_THAT(of_task("embedding", "unknown"), IsEmpty());
    EXPECT_THAT(of_task("chat", "unknown"), IsEmpty());
}

TEST(CheckRoutes, KnowsFromThePriceTableWhatAModelDoes)
{
    EXPECT_THAT(of_task("embedding", "table"), IsEmpty());
    EXPECT_THAT(of_task("chat", "table"), Contains(HasSubstr("has another mode")));
    EXPECT_THAT(of_task("chat", "declared"), IsEmpty());
    EXPECT_THAT(of_task("embedding", "declared"), Contains(HasSubstr("has another mode")));
}

TEST(CheckRoutes, HoldsARulesTokensAgainstTheWindowOfTheSameFamily)
{
    EXPECT_THAT(over("8192", "sister", "llama"), Contains(HasSubstr("smaller window")));
    EXPECT_THAT(over("8191", "sister", "llama"), IsEmpty());
}

TEST(CheckRoutes, AllowsForModelsThatCountFewer)
{
    for (const auto* use : {"qwen", "any/llama3"}) {
        EXPECT_THAT(over("9000", use, "llama"), IsEmpty()) << use;
        EXPECT_THAT(over("32000", use, "llama"), IsEmpty()) << use;
        EXPECT_THAT(over("33000", use, "llama"), Contains(HasSubstr("smaller window"))) << use;
    }
    EXPECT_THAT(over("9000", "llama", "any/x"), IsEmpty());
}

struct Bad {
    const char* routes;
    const char* error;
};
class CheckRoutesRefuses : public testing::TestWithParam<Bad> {};

TEST_P(CheckRoutesRefuses, WithThePlace)
{
    const auto loaded = with_routes(GetParam().routes);
    EXPECT_FALSE(loaded.config) << GetParam().routes;
    EXPECT_THAT(errors(loaded), Contains(HasSubstr(GetParam().error)));
    for (const auto& error : errors(loaded))
        EXPECT_THAT(error, testing::MatchesRegex("c\\.yaml:[0-9]+:[0-9]+: .*"));
}

INSTANTIATE_TEST_SUITE_P(
    Written, CheckRoutesRefuses,
    testing::Values(
        Bad{"  r: {rules: []}\n", "`otherwise` is missing"},
        Bad{"  r: {otherwise: []}\n", "`use` names no group"},
        Bad{"  r: {otherwise: [smal]}\n", "did you mean \"small\"?"},
        Bad{"  r: {otherwise: [small, small]}\n", "stands twice"},
        Bad{"  small: {otherwise: [cloud]}\n", "has this name already"},
        Bad{"  r: {otherwise: [small], rulez: []}\n", "did you mean \"rules\"?"},
        Bad{"  r: {rules: [{when: {has: code}, use: [small]}], otherwise: [small]}\n",
            "needs a `name`"},
        Bad{"  r: {rules: [{name: a, use: [small]}], otherwise: [small]}\n", "needs a `when`"},
        Bad{"  r: {rules: [{name: a, when: {has: code}, use: [small]}, {name: a, when: {has: "
            "tools}, use: [small]}], otherwise: [small]}\n",
            "is taken"},
        Bad{"  r: {rules: [{name: a, when: {prompt_tokens: \">100\"}, use: [cloud]}, {name: b, "
            "when: {prompt_tokens: \">8000\"}, use: [cloud]}], otherwise: [small]}\n",
            "\"b\" can never match: \"a\" above it takes every request it would"},
        Bad{"  r: {rules: [{name: a, when: {prompt_tokens: \">9000\"}, use: [small]}], otherwise: "
            "[small]}\n",
            "has a smaller window than the rule asks for"},
        Bad{"  r: {rules: [{name: a, when: {not: {prompt_tokens: \"<=100k\"}}, use: [small]}], "
            "otherwise: [small]}\n",
            "has a smaller window than the rule asks for"},
        Bad{"  r: {rules: [{name: a, when: {has: images}, use: [small]}], otherwise: [small]}\n",
            "does not support what the rule asks for"},
        Bad{"  r: {rules: [{name: a, when: {sensitive: any}, use: [cloud], boundary: local}], "
            "otherwise: [small]}\n",
            "\"cloud\" is not local"},
        Bad{"  r: {rules: [{name: a, when: {task: embedding}, use: [cloud]}], otherwise: "
            "[small]}\n",
            "has another mode"},
        Bad{"  r: {rules: [{name: a, when: {task: chat}, use: [vectors]}], otherwise: [small]}\n",
            "has another mode"},
        Bad{"  r: {otherwise: {use: [small], params: {max_tokens: \"50\"}}}\n",
            "\"max_tokens\": expected a whole number, found \"50\""},
        Bad{"  r: {otherwise: {use: [small], params: {max_tokens: 50000}}}\n",
            "has a smaller window than the answer that `params` asks for"},
        Bad{"  r: {otherwise: {use: [small], timeout: 0}}\n", "timeout: in no time at all"},
        Bad{"  r: {rules: [{name: a, when: {has: code}, use: [small], first_token_timeout: 0}], "
            "otherwise: [small]}\n",
            "first_token_timeout: in no time at all"},
        Bad{"  r: {rules: [{name: a, when: {group: {nogroup: healthy}}, use: [small]}], otherwise: "
            "[small]}\n",
            "nogroup"},
        Bad{"  r: {rules: [{name: a, when: {}, use: [small]}], otherwise: [small]}\n",
            "no condition is in it"},
        Bad{"  r: {rules: [{name: a, when: {time: \"25:00-26:00\"}, use: [small]}], otherwise: "
            "[small]}\n",
            "\"25:00\" is no time of day"},
        Bad{"  r: {rules: [{name: a, when: {time: \"22:00-22:00\"}, use: [small]}], otherwise: "
            "[small]}\n",
            "ends when it begins"},
        Bad{"  r: {rules: [{name: a, when: {time: \"25:00\"}, use: [small]}], otherwise: "
            "[small]}\n",
            "is no window of the week"},
        Bad{"  r: {rules: [{name: a, when: {time: \"fry 09:00-10:00\"}, use: [small]}], otherwise: "
            "[small]}\n",
            "\"fry\" names no days"},
        Bad{"  r: {rules: [{name: a, when: {turns: \"<0\"}, use: [small]}], otherwise: [small]}\n",
            "this is never negative"},
        Bad{"  r: {rules: [{name: a, when: {cost: \"<0 USD\"}, use: [small]}], otherwise: "
            "[small]}\n",
            "this is never negative"},
        Bad{"  r: {rules: [{name: a, when: {has: [images, tools]}, use: [blind]}], otherwise: "
            "[small]}\n",
            "does not support what the rule asks for"},
        Bad{"  r: {otherwise: [small], shadow: {share: 2%}}\n", "`group` is missing"},
        Bad{"  r: {otherwise: [small], shadow: {group: clout}}\n", "did you mean \"cloud\"?"},
        Bad{"  r: {otherwise: [small], complexity: {cloud_share: 120%}}\n", "expected a share"},
        Bad{"  r: {otherwise: {use: [small], params: {model: x}}}\n", "belongs to the client"},
        Bad{"  r: {rules: [{name: a, when: {sensitive: passwords}, use: [small]}], otherwise: "
            "[small]}\n",
            "passwords"}));

TEST(CheckRoutes, ConcludesNothingFromAConditionThatItCannotRead)
{
    const auto loaded = with_routes(R"(  r:
    rules:
    - {name: a, when: {prompt_tokens: "> 8 000"}, use: [cloud]}
    - {name: b, when: {prompt_tokens: ">100"}, use: [cloud]}
    - {name: c, when: {any: [{prompt_tokens: ">200"}, {turns: many}]}, use: [cloud]}
    otherwise: [small]
)");
    EXPECT_THAT(errors(loaded), ElementsAre(HasSubstr("prompt_tokens"), HasSubstr("turns")));
}

TEST(CheckRoutes, CallsAHostLocalThatTheOperatorLists)
{
    const auto loaded = load(
        "model_list:\n- {model_name: g, litellm_params: {model: openai/m, api_base: "
        "'http://gpu.example.com:8000/v1', api_key: k}}\n"
        "privacy: {local_hosts: [gpu.example.com]}\n"
        "routes:\n  r: {otherwise: {use: [g], boundary: local}}\n");
    EXPECT_THAT(errors(loaded), IsEmpty());
}

TEST(CheckRoutes, CallsAnOllamaAtAPublicHostRemote)
{
    const auto loaded = load(
        "model_list:\n- {model_name: g, litellm_params: {model: ollama/m, api_base: "
        "'http://gpu.example.com:11434'}}\n"
        "routes:\n  r: {otherwise: {use: [g], boundary: local}}\n");
    EXPECT_THAT(errors(loaded), Contains(HasSubstr("\"g\" is not local")));
}

TEST(CheckRoutes, KnowsThatAnOllamaPassesCloudModelsOn)
{
    const auto with = [](const std::string& info) {
        return load(
            "model_list:\n- {model_name: g, litellm_params: {model: 'ollama/gpt-oss:120b-cloud', "
            "api_base: 'http://127.0.0.1:11434'}" +
            info + "}\nroutes:\n  r: {otherwise: {use: [g], boundary: local}}\n");
    };
    EXPECT_THAT(errors(with("")), Contains(HasSubstr("\"g\" is not local")));
    EXPECT_THAT(errors(with(", model_info: {local: true}")), IsEmpty());
}

TEST(CheckRoutes, ReadsOwnClassesOfSensitiveText)
{
    const auto loaded = with_routes(R"(  r:
    rules: [{name: a, when: {sensitive: project}, use: [small], boundary: local}]
    otherwise: [cloud]
privacy:
  local_only: [payment_card, project]
  patterns:
    project: {words: [Blue Heron], patterns: ["PRJ-[0-9]{6}"]}
)");
    ASSERT_TRUE(loaded.config) << testing::PrintToString(errors(loaded));
    EXPECT_THAT(loaded.config->privacy.local_only, ElementsAre("payment_card", "project"));
    ASSERT_EQ(loaded.config->privacy.patterns.size(), 1U);
    EXPECT_EQ(loaded.config->privacy.patterns[0].id, "project");
}

TEST(CheckRoutes, RefusesAnOwnClassThatDoesNotCompile)
{
    EXPECT_THAT(errors(load("privacy: {patterns: {p: {patterns: [\"[\"]}}}\n")),
                Contains(HasSubstr("no regular expression of RE2")));
}

TEST(CheckRoutes, KnowsLocalKeysHoweverTheirHashIsWritten)
{
    const std::string hash(64, 'a');
    const auto loaded = load("privacy: {local_keys: ['" + std::string(64, 'A') +
                             "', 'sha256:" + hash + "', 'Human Resources']}\n");
    ASSERT_TRUE(loaded.config);
    EXPECT_THAT(loaded.config->privacy.local_keys, ElementsAre(hash, hash, "Human Resources"));
    for (const auto* raw : {"sk-0123456789abcdef", "sk-...6789", " SK-abc"}) {
        const auto found = errors(load("privacy: {local_keys: ['" + std::string(raw) + "']}\n"));
        EXPECT_THAT(found, Contains(HasSubstr("an entry begins with sk-")));
        EXPECT_THAT(found, testing::Not(Contains(HasSubstr(raw))));
    }
}

TEST(CheckRoutes, RefusesOwnClassesThatAnyTextHas)
{
    for (const auto* own :
         {"words: ['']", "words: ['*']", "words: [' * ']", "patterns: ['x*']", "patterns: ['']"})
        EXPECT_THAT(errors(load("privacy: {patterns: {p: {" + std::string(own) + "}}}\n")),
                    testing::Not(IsEmpty()))
            << own;
    EXPECT_THAT(errors(load("privacy: {patterns: {p: {patterns: ['x+'], words: ['fal*']}}}\n")),
                IsEmpty());
}

TEST(CheckRoutes, WarnsOfOwnClassesWhereThereAreNone)
{
    EXPECT_THAT(warnings(load("privacy: {local_only: [own]}\n")),
                Contains(HasSubstr("no privacy.patterns")));
    EXPECT_THAT(warnings(load("privacy: {local_only: [own], patterns: {p: {words: [heron]}}}\n")),
                testing::Not(Contains(HasSubstr("no privacy.patterns"))));
}

TEST(CheckRoutes, ReadsHowAnswersAreVerified)
{
    const auto loaded = with_routes(R"(  r:
    rules:
    - name: one
      when: {has: code}
      use: [small, cloud]
      verify: {checks: [empty, looping], min_logprob: -1.5, hold_tokens: 50, hold_time: 0.5}
    otherwise: {use: [small, cloud], verify: {}}
)");
    EXPECT_THAT(loaded.problems, IsEmpty());
    ASSERT_TRUE(loaded.config);
    const auto& route = loaded.config->routes.at(0);
    const auto& verify = route.rules.at(0).action.verify.value();
    EXPECT_TRUE(verify.checks.has(review::Fault::looping));
    EXPECT_FALSE(verify.checks.has(review::Fault::refused));
    EXPECT_EQ(verify.min_logprob, -1.5);
    EXPECT_EQ(verify.hold_tokens, 50);
    EXPECT_EQ(verify.hold_time, Millis{500});
    EXPECT_EQ(route.otherwise.verify, RouteVerify{});
}

TEST(CheckRoutes, RefusesChecksThatDoNotExistAndWarnsWhereNothingFollows)
{
    EXPECT_THAT(errors(with_routes("  r: {otherwise: {use: [small, cloud], verify: {checks: "
                                   "[loping]}}}\n")),
                ElementsAre(HasSubstr("there is no check \"loping\"; did you mean \"looping\"?")));
    EXPECT_THAT(errors(with_routes("  r: {otherwise: {use: [small, cloud], verify: {checks: "
                                   "[unsure]}}}\n")),
                ElementsAre(HasSubstr("there is no check \"unsure\"")));
    EXPECT_THAT(warnings(with_routes("  r: {otherwise: {use: [small], verify: {}}}\n")),
                Contains(HasSubstr("one target only")));
}

TEST(CheckRoutes, RefusesTwoRoutesOfOneName)
{
    const std::string row =
        "- {model_name: dup, litellm_params: {model: auto_router/complexity_router, "
        "complexity_router_default_model: cloud}}\n";
    EXPECT_THAT(errors(load(std::string(rows) + row + row)),
                ElementsAre("c.yaml:7:3: routes.dup: another route has this name already, at "
                            "c.yaml:6:3"));
    EXPECT_THAT(errors(load(std::string(rows) + row + "routes:\n  dup: {otherwise: [small]}\n")),
                ElementsAre("c.yaml:6:3: routes.dup: another route has this name already, at "
                            "c.yaml:8:3"));
}

TEST(CheckRoutes, RefusesCapturesThatNeverLeadThere)
{
    EXPECT_THAT(errors(with_routes(R"(  one: {otherwise: [small], captures: ["gpt-*", two]}
  two: {otherwise: [small], captures: [cloud, gpt-4, "gpt-4*"]}
  three: {otherwise: [small], captures: [cloud, claude, "g*"]}
)")),
                ElementsAre(HasSubstr("routes.one.captures: \"two\" is a route itself"),
                            HasSubstr("routes.two.captures: \"gpt-4\" is captured by the route "
                                      "\"one\" above it already, as \"gpt-*\""),
                            HasSubstr("routes.two.captures: \"gpt-4*\" is captured"),
                            HasSubstr("routes.three.captures: \"cloud\" is captured by the route "
                                      "\"two\"")));
}

TEST(CheckRoutes, EndsWhereAliasesNameEachOther)
{
    const auto loaded = load(std::string(rows) +
                             "router_settings: {model_group_alias: {x: y, y: x}}\n"
                             "routes:\n  r: {otherwise: [x, small]}\n");
    EXPECT_THAT(errors(loaded), IsEmpty());
}

}  // namespace
}  // namespace spillway::config
