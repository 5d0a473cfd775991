#include "spillway/route/decide.hpp"

#include <gmock/gmock.h>

#include "unit/route/routing.hpp"

namespace spillway::route {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing_world::noon;
using testing_world::Scene;

constexpr std::string_view groups = R"(model_list:
- {model_name: small, litellm_params: {model: ollama/s}, model_info: {id: small-1, max_input_tokens: 8192, supports_vision: false, supports_function_calling: false}}
- {model_name: big, litellm_params: {model: ollama/b, max_parallel_requests: 1}, model_info: {id: big-1, max_input_tokens: 32768}}
- {model_name: cloud, litellm_params: {model: openai/c, api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001}, model_info: {id: cloud-1, max_input_tokens: 128000, max_output_tokens: 1000}}
- {model_name: dear, litellm_params: {model: openai/d, api_key: k, input_cost_per_token: 0.00001, output_cost_per_token: 0.0001}, model_info: {id: dear-1, max_input_tokens: 128000, max_output_tokens: 1000}}
)";

std::string file(const std::string& rules, const std::string& otherwise = "[small, big, cloud]",
                 const std::string& more = "")
{
    return std::string(groups) + "routes:\n  r:\n    rules:\n" + rules +
           "    otherwise: " + otherwise + "\n" + more;
}

std::string rule(const std::string& when, const std::string& action = "use: [cloud]")
{
    return "    - {name: one, when: " + when + ", " + action + "}\n";
}

Features of_tokens(std::int64_t prompt)
{
    Features request;
    request.prompt = request.prompt_upper = Tokens{prompt};
    return request;
}

score::Score scored(score::Tier tier, float rank = 0.5F, float gain = 0.1F)
{
    score::Score score;
    score.tier = tier;
    score.rank = rank;
    score.gain = gain;
    return score;
}

/// One condition, a request for which it holds, and one for which it does not.
struct ConditionCase {
    const char* name;
    const char* when;
    void (*hit)(Features&);
    void (*miss)(Features&);
};
class ACondition : public testing::TestWithParam<ConditionCase> {};

TEST_P(ACondition, DecidesBothWays)
{
    const Scene scene(file(rule(GetParam().when)));
    Features hit = of_tokens(100);
    Features miss = hit;
    GetParam().hit(hit);
    GetParam().miss(miss);
    EXPECT_EQ(scene.rule(hit), "one") << GetParam().when;
    EXPECT_EQ(scene.rule(miss), "otherwise") << GetParam().when;
}

void nothing(Features&) {}

INSTANTIATE_TEST_SUITE_P(
    Every, ACondition,
    testing::Values(
        ConditionCase{"prompt_tokens", "{prompt_tokens: \">500\"}",
                      [](Features& f) { f.prompt_upper = Tokens{501}; },
                      [](Features& f) { f.prompt_upper = Tokens{500}; }},
        ConditionCase{"total_tokens", "{total_tokens: \">=600\"}",
                      [](Features& f) { f.answer = Tokens{500}; },
                      [](Features& f) { f.answer = Tokens{499}; }},
        ConditionCase{"turns", "{turns: \">3\"}", [](Features& f) { f.turns = 4; },
                      [](Features& f) { f.turns = 3; }},
        ConditionCase{"tier", "{complexity: \">=complex\"}",
                      [](Features& f) { f.score = scored(score::Tier::premium); },
                      [](Features& f) { f.score = scored(score::Tier::moderate); }},
        ConditionCase{"tier_not_taken", "{complexity: trivial..moderate}",
                      [](Features& f) { f.score = scored(score::Tier::trivial); }, nothing},
        ConditionCase{"score", "{complexity: \">0.6\"}",
                      [](Features& f) { f.score = scored(score::Tier::moderate, 0.61F); },
                      [](Features& f) { f.score = scored(score::Tier::moderate, 0.59F); }},
        ConditionCase{"score_abstains", "{complexity: \"<0.6\"}",
                      [](Features& f) { f.score = scored(score::Tier::moderate, 0.5F); },
                      [](Features& f) {
                          f.score = scored(score::Tier::moderate, 0.5F);
                          f.score->abstention = score::Abstention::unknown_words;
                      }},
        ConditionCase{"cost", "{cost: \">0.02 USD\"}",
                      [](Features& f) { f.prompt_upper = Tokens{15'000}; }, nothing},
        ConditionCase{"has", "{has: [images, audio]}",
                      [](Features& f) { f.content.add(config::Content::audio); },
                      [](Features& f) { f.content.add(config::Content::tools); }},
        ConditionCase{"task", "{task: completion}",
                      [](Features& f) { f.task = config::Task::completion; }, nothing},
        ConditionCase{"client", "{client: background}",
                      [](Features& f) { f.client = config::ClientKind::open_webui_tags; },
                      [](Features& f) { f.client = config::ClientKind::coding_agent; }},
        ConditionCase{"sensitive", "{sensitive: [financial, email]}",
                      [](Features& f) { f.sensitive.add(privacy::ClassId::iban); },
                      [](Features& f) { f.sensitive.add(privacy::ClassId::phone); }},
        ConditionCase{"tag", "{tag: \"team-*\"}", [](Features& f) { f.tags = {"x", "team-a"}; },
                      [](Features& f) { f.tags = {"tea"}; }},
        ConditionCase{"team", "{team: [red]}", [](Features& f) { f.team = "red"; },
                      [](Features& f) { f.team = "blue"; }},
        ConditionCase{"team_by_alias", "{team: [red]}", [](Features& f) { f.team_alias = "red"; },
                      [](Features& f) { f.team_alias = "blue"; }},
        ConditionCase{"key", "{key: abc}", [](Features& f) { f.key = "abc"; }, nothing},
        ConditionCase{"key_by_alias", "{key: abc}", [](Features& f) { f.key_alias = "abc"; },
                      [](Features& f) { f.key_alias = "abcd"; }},
        ConditionCase{"end_user", "{end_user: \"*\"}", [](Features& f) { f.end_user = "u"; },
                      nothing},
        ConditionCase{"time", "{time: \"mon 09:00-18:00\"}",
                      [](Features& f) { f.minute_of_week = 540; },
                      [](Features& f) { f.minute_of_week = 1080; }},
        ConditionCase{"any", "{any: [{turns: \">3\"}, {task: embedding}]}",
                      [](Features& f) { f.turns = 9; }, nothing},
        ConditionCase{"not", "{not: {turns: \"<1\"}}", [](Features& f) { f.turns = 1; }, nothing},
        ConditionCase{"all", "{all: [{turns: \">3\"}, {team: red}]}",
                      [](Features& f) {
                          f.turns = 9;
                          f.team = "red";
                      },
                      [](Features& f) { f.turns = 9; }}),
    [](const auto& tested) { return std::string(tested.param.name); });

TEST(Decide, TakesTheFirstRuleThatHolds)
{
    const Scene scene(
        file("    - {name: one, when: {turns: \">5\"}, use: [cloud]}\n"
             "    - {name: two, when: {turns: \">3\"}, use: [big]}\n"));
    auto request = of_tokens(10);
    request.turns = 4;
    EXPECT_EQ(scene.rule(request), "two");
    request.turns = 6;
    EXPECT_EQ(scene.rule(request), "one");
}

TEST(Decide, GivesEqualPlansForEqualArguments)
{
    const Scene scene(file(rule("{turns: \">3\"}")));
    auto request = of_tokens(10);
    request.turns = 4;
    const auto first = scene.decide(request);
    const auto second = scene.decide(request);
    ASSERT_TRUE(first && second);
    EXPECT_EQ(compact(first->why, scene.table), compact(second->why, scene.table));
    EXPECT_EQ(first->worst_cost, second->worst_cost);
}

TEST(Decide, SkipsHopsThatThePromptAndItsAnswerDoNotFit)
{
    const Scene scene(file(""));
    auto request = of_tokens(8'000);
    EXPECT_THAT(scene.chain(request), ElementsAre("small", "big", "cloud"));
    request.answer = Tokens{193};
    EXPECT_THAT(scene.chain(request), ElementsAre("big", "cloud"));
    request.prompt_upper = Tokens{40'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("cloud"));
    request.prompt_upper = Tokens{200'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("context_length_exceeded"));
}

TEST(Decide, ClampsTheAnswerWhereTheRuleAllowsIt)
{
    const Scene scene(file("", "{use: [small, cloud], clamp_max_tokens: true}"));
    auto request = of_tokens(8'000);
    request.answer = Tokens{5'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("small", "cloud"));
}

TEST(Decide, SkipsWhatIsKnownToLackWhatIsNeeded)
{
    const Scene scene(file(""));
    auto request = of_tokens(10);
    request.content.add(config::Content::images);
    EXPECT_THAT(scene.chain(request), ElementsAre("big", "cloud"));
}

TEST(Decide, KeepsALocalRequestLocal)
{
    const Scene scene(file(""));
    auto request = of_tokens(10);
    request.boundary = privacy::Boundary::local;
    EXPECT_THAT(scene.chain(request), ElementsAre("small", "big"));
    request.prompt_upper = Tokens{100'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("no_local_deployment"));
}

TEST(Decide, NarrowsTheBoundaryByTheRule)
{
    const Scene scene(file(rule("{sensitive: any}", "use: [cloud, big], boundary: local")));
    auto request = of_tokens(10);
    request.sensitive.add(privacy::ClassId::email);
    const auto plan = scene.decide(request);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->limits.boundary, privacy::Boundary::local);
    EXPECT_THAT(scene.chain(request), ElementsAre("big"));
}

TEST(Decide, NeverWidensABoundary)
{
    const Scene scene(file("", "{use: [cloud], boundary: any}"));
    auto request = of_tokens(10);
    request.boundary = privacy::Boundary::local;
    EXPECT_THAT(scene.chain(request), ElementsAre("no_local_deployment"));
}

TEST(Decide, HoldsTheLowerOfTwoCeilings)
{
    const Scene scene(file("", "{use: [dear, cloud, small], max_cost: 0.05}"));
    auto request = of_tokens(100);
    EXPECT_THAT(scene.chain(request), ElementsAre("cloud", "small"));
    request.max_cost = NanoUsd{1'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("small"));
    request.max_cost = NanoUsd{1'000'000'000'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("cloud", "small"));
}

TEST(Decide, SaysWhenEverythingIsTooDear)
{
    const Scene scene(file("", "[dear, cloud]"));
    auto request = of_tokens(100);
    request.max_cost = NanoUsd{1};
    EXPECT_THAT(scene.chain(request), ElementsAre("cost_ceiling"));
}

TEST(Decide, JudgesTheCeilingByTheAnswerThatTheRuleSets)
{
    const Scene longer(file("", "{use: [cloud], params: {max_tokens: 1000}}"));
    auto request = of_tokens(100);
    request.answer = Tokens{5};
    request.max_cost = NanoUsd{1'000'000};
    EXPECT_THAT(longer.chain(request), ElementsAre("cost_ceiling"));

    const Scene shorter(file("", "{use: [cloud], max_cost: 0.001, params: {max_tokens: 10}}"));
    EXPECT_THAT(shorter.chain(of_tokens(100)), ElementsAre("cloud"));
}

TEST(Decide, JudgesTheCeilingByAllAnswersThatArePaidFor)
{
    const Scene scene(file("", "[cloud]"));
    auto request = of_tokens(100);
    request.answer = Tokens{10};
    // 100 tokens in at 1 USD a million, 10 out at 10: 0.0002 USD for one answer.
    request.max_cost = NanoUsd{300'000};
    EXPECT_THAT(scene.chain(request), ElementsAre("cloud"));
    request.choices.n = 100;
    EXPECT_THAT(scene.chain(request), ElementsAre("cost_ceiling"));
    request.max_cost = NanoUsd{100'000 + 100 * 100'000};
    const auto plan = scene.decide(request);
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->worst_cost, request.max_cost);
    request.choices = {{}, 101};
    EXPECT_THAT(scene.chain(request), ElementsAre("cost_ceiling"));
}

TEST(Decide, JudgesTheCeilingByTheChoicesThatTheRuleSets)
{
    auto request = of_tokens(100);
    request.answer = Tokens{10};
    request.max_cost = NanoUsd{300'000};
    const Scene more(file("", "{use: [cloud], params: {n: 5}}"));
    EXPECT_THAT(more.chain(request), ElementsAre("cost_ceiling"));
    request.choices.n = 100;
    const Scene one(file("", "{use: [cloud], params: {n: 1}}"));
    EXPECT_THAT(one.chain(request), ElementsAre("cloud"));
}

TEST(Decide, JudgesTheCeilingByTheAnswerThatTheDeploymentAddsUnasked)
{
    const auto model = [](const std::string& more) {
        return "model_list:\n- {model_name: cloud, litellm_params: {model: openai/c, api_key: k, "
               "input_cost_per_token: 0.000001, output_cost_per_token: 0.00001" +
               more + "}, model_info: {id: c}}\nroutes:\n  r: {otherwise: [cloud]}\n";
    };
    auto request = of_tokens(100);
    // Room for 10 tokens out.
    request.max_cost = NanoUsd{200'000};
    EXPECT_THAT(Scene(model("")).chain(request), ElementsAre("cost_ceiling"));
    EXPECT_THAT(Scene(model(", max_tokens: 10")).chain(request), ElementsAre("cloud"));
    EXPECT_THAT(Scene(model(", max_tokens: 11")).chain(request), ElementsAre("cost_ceiling"));
    EXPECT_THAT(Scene(model(", max_tokens: 10, n: 2")).chain(request), ElementsAre("cost_ceiling"));
    request.answer = Tokens{9};
    EXPECT_THAT(Scene(model(", max_tokens: 11")).chain(request), ElementsAre("cloud"));
}

TEST(Decide, ReservesForTheDearestCandidate)
{
    const Scene scene(file("", "[small, cloud, dear]"));
    const auto plan = scene.decide(of_tokens(100));
    ASSERT_TRUE(plan);
    // 100 tokens in at 10 USD a million, 1,000 out at 100.
    EXPECT_EQ(plan->worst_cost, NanoUsd{1'000'000 + 100'000'000});
}

struct PreferenceCase {
    Preference prefer;
    std::vector<std::string> chain;
};
class APreference : public testing::TestWithParam<PreferenceCase> {};

TEST_P(APreference, ReordersWithoutAdding)
{
    Scene scene(file("", "[small, dear, big, cloud]"));
    scene.state("small-1").first_token_ms = 900;
    scene.state("big-1").first_token_ms = 300;
    scene.state("cloud-1").first_token_ms = 200;
    scene.state("dear-1").first_token_ms = 400;
    auto request = of_tokens(100);
    request.prefer = GetParam().prefer;
    EXPECT_EQ(scene.chain(request), GetParam().chain);
}

INSTANTIATE_TEST_SUITE_P(
    Every, APreference,
    testing::Values(PreferenceCase{Preference::none, {"small", "dear", "big", "cloud"}},
                    PreferenceCase{Preference::local, {"small", "big", "dear", "cloud"}},
                    PreferenceCase{Preference::cloud, {"dear", "cloud", "small", "big"}},
                    PreferenceCase{Preference::cheap, {"small", "big", "cloud", "dear"}},
                    PreferenceCase{Preference::fast, {"cloud", "big", "dear", "small"}},
                    PreferenceCase{Preference::best, {"dear", "cloud", "small", "big"}}));

TEST(Decide, KnowsTheStateOfAGroup)
{
    Scene scene(file(rule("{group: {big: saturated}}")));
    const auto request = of_tokens(10);
    EXPECT_EQ(scene.rule(request), "otherwise");
    scene.state("big-1").in_flight = 1;
    EXPECT_EQ(scene.rule(request), "one");
    scene.state("big-1").in_flight = 0;
    scene.state("big-1").rests_until = noon + Millis{1};
    EXPECT_EQ(scene.rule(request), "one");
}

TEST(Decide, KnowsWhetherAGroupIsWarm)
{
    Scene scene(file(rule("{group: {big: warm}}")));
    EXPECT_EQ(scene.rule(of_tokens(10)), "otherwise");
    scene.state("big-1").warm = true;
    EXPECT_EQ(scene.rule(of_tokens(10)), "one");
}

TEST(Decide, AsksForTheTightestBudgetOrTheNamedOne)
{
    Scene scene(
        file("    - {name: tight, when: {budget_left: \"<10%\"}, use: [small]}\n"
             "    - {name: key, when: {budget_left: {key: \">50%\"}}, use: [cloud]}\n"));
    EXPECT_EQ(scene.rule(of_tokens(10)), "key");
    scene.budget.proxy = 0.05;
    EXPECT_EQ(scene.rule(of_tokens(10)), "tight");
    scene.budget.proxy = 0.5;
    scene.budget.key = 0.4;
    EXPECT_EQ(scene.rule(of_tokens(10)), "otherwise");
}

TEST(Decide, WeighsTheGainAgainstItsPrice)
{
    const Scene scene(file(rule("{complexity: \">=complex\"}"), "[small]",
                           "    complexity: {gain_worth: 0.1}\n"));
    auto request = of_tokens(100);
    request.score = scored(score::Tier::trivial, 0.1F, 0.2F);  // 0.02 USD against 0.0101
    EXPECT_EQ(scene.rule(request), "one");
    request.score = scored(score::Tier::premium, 0.9F, 0.05F);  // 0.005 USD
    EXPECT_EQ(scene.rule(request), "otherwise");
}

TEST(Decide, KeepsThoseThatRestBecauseTheyMayBeBack)
{
    Scene scene(file(""));
    scene.state("small-1").rests_until = noon + Millis{1'000};
    const auto plan = scene.decide(of_tokens(10));
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->why.candidates.front().verdict, Verdict::resting);
    EXPECT_THAT(scene.chain(of_tokens(10)), ElementsAre("small", "big", "cloud"));
}

TEST(Decide, ExplainsInOneLineWithoutTheText)
{
    Scene scene(file(rule("{turns: \">3\", has: code}", "use: [dear, big], boundary: local")));
    auto request = of_tokens(10);
    request.turns = 4;
    request.content.add(config::Content::code);
    const auto plan = scene.decide(request);
    ASSERT_TRUE(plan);
    EXPECT_EQ(compact(plan->why, scene.table),
              "route=r; rule=one (turns, has); boundary=local (rule); dear (not local), big");
}

TEST(Decide, ExplainsWhoKeepsItLocalAndWhatIsPreferred)
{
    const Scene scene(file("", "[dear, small, big, cloud]"));
    auto request = of_tokens(10);
    request.prefer = Preference::local;
    EXPECT_EQ(compact(scene.decide(request)->why, scene.table),
              "route=r; rule=otherwise; prefer=local; small, big, dear, cloud");
    request.prefer = Preference::best;
    request.boundary = privacy::Boundary::local;
    request.boundary_by = BoundaryBy::sensitive_class;
    // Those that may not serve follow the plan's own.
    EXPECT_EQ(compact(scene.decide(request)->why, scene.table),
              "route=r; rule=otherwise; boundary=local (class); prefer=best; small, big, "
              "dear (not local), cloud (not local)");
    EXPECT_EQ(name(BoundaryBy::metadata), "metadata");
}

TEST(Decide, ExplainsARefusalAsItDoesAPlan)
{
    const Scene scene(file(rule("{turns: \">3\"}", "use: [dear]")));
    auto request = of_tokens(10);
    request.turns = 4;
    request.boundary = privacy::Boundary::local;
    Explanation why;
    EXPECT_FALSE(decide(request, *scene.book.find("r"), scene.standing(), &why));
    EXPECT_EQ(compact(why, scene.table),
              "route=r; rule=one (turns); boundary=local; dear (not local)");
}

TEST(Decide, LeavesAnExplicitModelItsOwnFallbacks)
{
    const Scene scene(file(""));
    const auto plan = scene.decide(of_tokens(100'000), "small");
    ASSERT_TRUE(plan);
    EXPECT_EQ(plan->beyond, Beyond::configured);
    EXPECT_EQ(compact(plan->why, scene.table), "explicit model; small");
}

TEST(Decide, HoldsAnExplicitModelWithinTheBoundary)
{
    const Scene scene(file(""));
    auto request = of_tokens(10);
    request.boundary = privacy::Boundary::local;
    EXPECT_THAT(scene.chain(request, "cloud"), ElementsAre("no_local_deployment"));
    EXPECT_THAT(scene.chain(request, "big"), ElementsAre("big"));
}

}  // namespace
}  // namespace spillway::route
