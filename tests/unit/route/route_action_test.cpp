// What a rule's action does to the chain, every word of a verdict, and the wait for a slot.
#include <gmock/gmock.h>

#include <set>

#include "unit/route/routing.hpp"

namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using testing_world::config_of;
using testing_world::noon;
using testing_world::row;
using testing_world::Scene;
using testing_world::Walk;

std::string file(const std::string& action)
{
    return R"(model_list:
- {model_name: pair, litellm_params: {model: ollama/a}, model_info: {id: a}}
- {model_name: pair, litellm_params: {model: ollama/b}, model_info: {id: b}}
routes:
  r: {otherwise: {use: [pair])" +
           action + "}}\n";
}

/// Where twenty requests go, each with another draw.
std::set<std::string> servers(const Scene& scene, const Features& request = {},
                              std::optional<DeploymentIndex> sticky = {})
{
    std::set<std::string> seen;
    for (std::uint64_t draw = 0; draw < 20; ++draw) {
        AttemptChain chain(scene.table, {scene.decide(request).value(), {}, Tokens{0}, sticky},
                           noon);
        const auto action = chain.start({noon, scene.fleet, draw * 0x9E37'79B9'7F4A'7C15U});
        seen.insert(scene.table[std::get<Send>(action).target.deployment].id);
    }
    return seen;
}

TEST(RouteAction, SetsTheStrategyInsideItsGroups)
{
    EXPECT_EQ(servers(Scene(file(""))), (std::set<std::string>{"a", "b"}));
    EXPECT_EQ(servers(Scene(file(", strategy: ordered"))), (std::set<std::string>{"a"}));
}

/// One group of both kinds.
constexpr std::string_view mixed = R"(model_list:
- {model_name: pair, litellm_params: {model: ollama/a}, model_info: {id: a}}
- {model_name: pair, litellm_params: {model: openai/b, api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: 0.000001}, model_info: {id: b}}
- {model_name: pair, litellm_params: {model: openai/c, api_key: k, input_cost_per_token: 0.000002, output_cost_per_token: 0.000002}, model_info: {id: c}}
routes:
  r: {otherwise: [pair]}
)";

TEST(APreferenceInAGroup, ComesBeforeTheDraw)
{
    using Ids = std::set<std::string>;
    Scene scene(mixed);
    scene.state("a").first_token_ms = 900;
    scene.state("b").first_token_ms = 300;
    scene.state("c").first_token_ms = 200;
    const auto go = [&](Preference prefer) {
        Features request;
        request.prefer = prefer;
        return servers(scene, request);
    };
    EXPECT_EQ(go(Preference::none), (Ids{"a", "b", "c"}));
    EXPECT_EQ(go(Preference::local), (Ids{"a"}));
    EXPECT_EQ(go(Preference::cloud), (Ids{"b", "c"}));
    EXPECT_EQ(go(Preference::cheap), (Ids{"a"}));
    EXPECT_EQ(go(Preference::fast), (Ids{"c"}));
    EXPECT_EQ(go(Preference::best), (Ids{"c"}));
}

TEST(APreferenceInAGroup, LeavesTheOthersForWhenNobodyBetterServes)
{
    Scene scene(mixed);
    Features request;
    request.prefer = Preference::local;
    scene.state("a").rests_until = noon + Millis{1'000};
    EXPECT_EQ(servers(scene, request), (std::set<std::string>{"b", "c"}));
}

TEST(APreferenceInAGroup, MovesAConversationThatIsElsewhere)
{
    const Scene scene(mixed);
    const DeploymentIndex cloud{1};
    Features request;
    EXPECT_EQ(servers(scene, request, cloud), (std::set<std::string>{"b"}));
    request.prefer = Preference::local;
    EXPECT_EQ(servers(scene, request, cloud), (std::set<std::string>{"a"}));
    request.prefer = Preference::cloud;
    EXPECT_EQ(servers(scene, request, cloud), (std::set<std::string>{"b"}));
}

TEST(RouteAction, BoundsTheWholeAndTheFirstToken)
{
    const Scene scene(file(", timeout: 3, first_token_timeout: 1.5"));
    AttemptChain chain(scene.table, {scene.decide({}).value(), {}, Tokens{0}}, noon);
    EXPECT_EQ(chain.deadline(), noon + 3s);
    const auto action = chain.start({noon, scene.fleet});
    const auto& target = std::get<Send>(action).target;
    EXPECT_EQ(target.first_token_timeout, Millis{1'500});
    EXPECT_EQ(target.deadline, noon + 3s);
}

struct WordingCase {
    Wording wording;
    std::vector<config::Parameter> set;
    std::vector<config::Parameter> sent;
};

TEST(RouteAction, SetsWhatThePageKnows)
{
    const std::vector<WordingCase> cases{
        {Wording::openai, {{"n", "2"}, {"max_tokens", "5"}}, {{"n", "2"}, {"max_tokens", "5"}}},
        {Wording::openai, {{"max_output_tokens", "5"}}, {{"max_tokens", "5"}}},
        {Wording::responses,
         {{"max_tokens", "5"}, {"temperature", "0"}},
         {{"temperature", "0"}, {"max_output_tokens", "5"}}},
        {Wording::responses, {{"n", "2"}, {"stop", "[]"}, {"top_k", "1"}}, {{"top_k", "1"}}},
        {Wording::responses, {{"max_tokens", "-1"}}, {}},
        {Wording::messages,
         {{"max_completion_tokens", "5"}, {"max_tokens", "4"}},
         {{"max_tokens", "5"}}},
        {Wording::none, {{"max_tokens", "5"}, {"temperature", "0"}}, {}},
    };
    for (const auto& each : cases)
        EXPECT_EQ(parameters_for(each.wording, each.set), each.sent)
            << static_cast<int>(each.wording) << ' ' << each.set.front().name;
}

TEST(RouteAction, IsJudgedByTheParametersThatAreSent)
{
    const Scene scene(R"(model_list:
- {model_name: cloud, litellm_params: {model: openai/c, api_key: k, input_cost_per_token: 0, output_cost_per_token: 0.001}}
routes:
  r: {otherwise: {use: [cloud], params: {max_tokens: 50, n: 2}, max_cost: 0.1, clamp_max_tokens: true}}
)");
    Features request;
    request.answer = Tokens{5'000};
    const auto go = [&](Wording wording) {
        request.wording = wording;
        return scene.decide(request);
    };
    // Two answers on the one page, one on the others.
    EXPECT_EQ(go(Wording::openai).value().worst_cost, NanoUsd{100'000'000});
    for (const auto wording : {Wording::responses, Wording::messages})
        EXPECT_EQ(go(wording).value().worst_cost, NanoUsd{50'000'000});
    ASSERT_FALSE(go(Wording::none));
    EXPECT_EQ(go(Wording::none).error().code(), Errc::cost_ceiling);
    request.answer = Tokens{10};
    const auto plan = go(Wording::none).value();
    EXPECT_EQ(plan.worst_cost, NanoUsd{10'000'000});
    EXPECT_TRUE(plan.parameters.empty());
    EXPECT_EQ(plan.limits.answer_fit, config::AnswerFit::as_asked);
}

TEST(RouteAction, IsNotNarrowedByWhatTheClientAllowsMore)
{
    const Scene scene(file(", timeout: 3"));
    chat::RequestControls controls;
    controls.timeout = Millis{60'000};
    AttemptChain chain(scene.table, {scene.decide({}).value(), controls, Tokens{0}}, noon);
    EXPECT_EQ(chain.deadline(), noon + 3s);
}

/// One slot, which is taken, and somewhere else to go.
config::Config one_slot()
{
    auto config = config_of({row("small", "a"), row("other", "b")});
    config.deployments.front().max_parallel = 1;
    config.upstream.slot_patience = Millis{100};
    return config;
}

const std::vector<std::string> small_first{"small", "other"};

TEST(SlotPatience, UsesASlotThatFreesInTime)
{
    Walk walk(one_slot(), small_first);
    walk.state("a").in_flight = 1;
    ASSERT_EQ(walk.start().to(), "pause");
    ASSERT_EQ(walk.resume().to(), "pause");
    walk.state("a").in_flight = 0;
    EXPECT_EQ(walk.resume().to(), "a");
    EXPECT_LE(walk.now - noon, Millis{100});
    EXPECT_EQ(walk.chain.attempted_fallbacks(), 0);
}

TEST(SlotPatience, EndsWithTheNextHop)
{
    Walk walk(one_slot(), small_first);
    walk.state("a").in_flight = 1;
    walk.start();
    while (walk.to() == "pause")
        walk.resume();
    EXPECT_EQ(walk.to(), "b");
    EXPECT_EQ(walk.now - noon, Millis{100});
}

constexpr std::string_view one_deployment = R"(model_list:
- {model_name: cloud, litellm_params: {model: openai/c, api_key: k, max_parallel_requests: 1, input_cost_per_token: 0.000001, output_cost_per_token: 0}, model_info: {id: c, max_input_tokens: 8192, supports_vision: false}}
routes:
  r: {otherwise: [cloud]}
)";

/// Nobody can pay.
class NoMoney final : public TargetBudgets {
public:
    [[nodiscard]] std::optional<double> left(GroupIndex, DeploymentIndex) const override
    {
        return std::nullopt;
    }
    [[nodiscard]] bool affords(GroupIndex, DeploymentIndex, NanoUsd) const override
    {
        return false;
    }
};

/// What makes the one deployment get its verdict.
struct VerdictCase {
    const char* name;
    const char* word;
    void (*make)(Scene&, Features&);
};
class AVerdict : public testing::TestWithParam<VerdictCase> {};

TEST_P(AVerdict, IsSaidInItsWord)
{
    Scene scene(one_deployment);
    Features request;
    request.prompt = request.prompt_upper = Tokens{100};
    GetParam().make(scene, request);
    Explanation refused;
    const auto plan = decide(request, *scene.book.find("r"), scene.standing(), &refused);
    const auto& why = plan ? plan->why : refused;
    ASSERT_EQ(why.candidates.size(), 1U);
    EXPECT_EQ(name(why.candidates.front().verdict), GetParam().word);
    EXPECT_EQ(plan.has_value(), !rules_out(why.candidates.front().verdict));
}

INSTANTIATE_TEST_SUITE_P(
    Every, AVerdict,
    testing::Values(
        VerdictCase{"kept", "kept", [](Scene&, Features&) {}},
        VerdictCase{"beyond_boundary", "not local",
                    [](Scene&, Features& f) { f.boundary = privacy::Boundary::local; }},
        VerdictCase{"too_small", "window too small",
                    [](Scene&, Features& f) { f.prompt_upper = Tokens{9'000}; }},
        VerdictCase{"too_dear", "too dear", [](Scene&, Features& f) { f.max_cost = NanoUsd{1}; }},
        VerdictCase{"cannot", "not able",
                    [](Scene&, Features& f) { f.content.add(config::Content::images); }},
        VerdictCase{"resting", "resting",
                    [](Scene& scene, Features&) { scene.state("c").rests_until = noon + 1s; }},
        VerdictCase{"saturated", "saturated",
                    [](Scene& scene, Features&) { scene.state("c").in_flight = 1; }},
        VerdictCase{"unreachable", "not reachable",
                    [](Scene& scene, Features&) { scene.state("c").unreachable = true; }},
        VerdictCase{"loading", "loading",
                    [](Scene& scene, Features&) { scene.state("c").loading = true; }},
        VerdictCase{"spent", "quota spent",
                    [](Scene& scene, Features&) {
                        scene.state("c").tokens_known_until = noon + 1s;
                        scene.state("c").tokens_left = Tokens{99};
                    }},
        VerdictCase{"over_budget", "over budget",
                    [](Scene& scene, Features&) {
                        static const NoMoney nobody_pays;
                        scene.budget.targets = &nobody_pays;
                    }}),
    [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace spillway::route
