#include "spillway/route/route_book.hpp"

#include <gmock/gmock.h>

#include <map>

#include "unit/route/routing.hpp"

namespace spillway::route {
namespace {

using chat::Speaker;
using testing_world::Scene;

/// A request as a test writes it.
class Said final : public Asked {
public:
    std::vector<chat::PromptPiece> pieces;
    std::multimap<std::string, std::string, std::less<>> headers;
    std::multimap<std::string, std::string, std::less<>> members;

    [[nodiscard]] std::span<const chat::PromptPiece> text() const override { return pieces; }
    [[nodiscard]] std::vector<std::string_view> header(std::string_view name) const override
    {
        std::vector<std::string_view> values;
        for (auto [each, end] = headers.equal_range(name); each != end; ++each)
            values.emplace_back(each->second);
        return values;
    }
    [[nodiscard]] std::vector<std::string> metadata(std::string_view path) const override
    {
        std::vector<std::string> values;
        for (auto [each, end] = members.equal_range(path); each != end; ++each)
            values.push_back(each->second);
        return values;
    }
};

std::string file(const std::string& when)
{
    return "model_list:\n- {model_name: a, litellm_params: {model: ollama/m}}\n"
           "routes:\n  r:\n    rules: [{name: one, when: " +
           when + ", use: [a]}]\n    otherwise: [a]\n";
}

/// Does the only rule hold for what was said?
bool held(const std::string& when, const Said& said)
{
    const Scene scene(file(when));
    Features request;
    request.probes = scene.book.find("r")->probe(said);
    return scene.rule(request) == "one";
}

Said user_says(std::string_view text)
{
    Said said;
    said.pieces = {{Speaker::system, 0, "You are a lawyer."}, {Speaker::last_user, 1, text}};
    return said;
}

TEST(RouteBook, FindsWholeWordsInAnyCase)
{
    EXPECT_TRUE(held("{words: [contract]}", user_says("Read this CONTRACT.")));
    EXPECT_FALSE(held("{words: [contract]}", user_says("contractor")));
    EXPECT_TRUE(held("{words: [\"non disclosure\", nda]}", user_says("the NDA")));
}

TEST(RouteBook, TakesAHyphenOrAnyBlanksForABlankOfAPhrase)
{
    for (const auto* text : {"Non-Disclosure Agreement", "non disclosure", "a NON  \n disclosure."})
        EXPECT_TRUE(held("{words: [\"non disclosure\"]}", user_says(text))) << text;
    for (const auto* text : {"nondisclosure", "non, disclosure", "non-disclosures"})
        EXPECT_FALSE(held("{words: [\"non disclosure\"]}", user_says(text))) << text;
}

TEST(RouteBook, FindsWordsOfOtherWritings)
{
    EXPECT_TRUE(held("{words: [vertrag, договор]}", user_says("Наш ДОГОВОР.")));
    EXPECT_FALSE(held("{words: [öl]}", user_says("gegrölt")));
}

TEST(RouteBook, LooksOnlyWhereItIsTold)
{
    EXPECT_FALSE(held("{words: [lawyer]}", user_says("hi")));
    EXPECT_TRUE(held("{words: {any_of: [lawyer], in: system}}", user_says("hi")));
    EXPECT_TRUE(held("{words: {any_of: [lawyer], in: all}}", user_says("hi")));
}

TEST(RouteBook, MatchesExpressions)
{
    EXPECT_TRUE(held("{matches: \"JIRA-[0-9]+\"}", user_says("see JIRA-17")));
    EXPECT_FALSE(held("{matches: \"^JIRA-[0-9]+\"}", user_says("see JIRA-17")));
}

/// A route with a rule for each condition: "0", "1", ...
Scene with_rules(const std::vector<std::string>& conditions)
{
    std::string yaml =
        "model_list:\n- {model_name: a, litellm_params: {model: ollama/m}}\n"
        "routes:\n  r:\n    otherwise: [a]\n    rules:\n";
    for (std::size_t i = 0; i < conditions.size(); ++i)
        yaml +=
            "    - {name: \"" + std::to_string(i) + "\", when: " + conditions[i] + ", use: [a]}\n";
    return Scene(yaml);
}

std::string rule_for(const Scene& scene, std::string_view text)
{
    Features request;
    request.probes = scene.book.find("r")->probe(user_says(text));
    return scene.rule(request);
}

/// Patterns that each pass alone and are more, together, than one automaton of RE2 may be.
struct ManyPatterns {
    std::string_view name;
    int rules;
    std::string (*condition)(int);
    std::string (*text)(int);
};

const ManyPatterns many_patterns[] = {
    {"classes of letters", 5,
     [](int i) { return "{matches: \"\\\\pL{2,30}" + std::to_string(i) + "\"}"; },
     [](int i) { return "see \xC3\xA4pfel" + std::to_string(i) + "."; }},
    {"bounded gaps", 154,
     [](int i) { return "{matches: \"(?i)project " + std::to_string(i) + "x.{0,100}budget\"}"; },
     [](int i) { return "The Project " + std::to_string(i) + "x has a budget"; }},
    {"words", 60, [](int i) { return "{words: [\"term" + std::to_string(i) + "\"]}"; },
     [](int i) { return "a TERM" + std::to_string(i) + ", please"; }},
    {"large expressions", 24,
     [](int i) { return "{matches: \"(?i)\\\\pL{1,20}-" + std::to_string(i) + "-\\\\pL{1,5}\"}"; },
     [](int i) { return "what is abc-" + std::to_string(i) + "-def?"; }},
};

TEST(RouteBook, SearchesForMorePatternsThanOneAutomatonHolds)
{
    for (const auto& many : many_patterns) {
        std::vector<std::string> conditions;
        for (int i = 0; i < many.rules; ++i)
            conditions.push_back(many.condition(i));
        const auto scene = with_rules(conditions);
        for (int i = 0; i < many.rules; ++i)
            EXPECT_EQ(rule_for(scene, many.text(i)), std::to_string(i)) << many.name;
        EXPECT_EQ(rule_for(scene, "Nothing of it"), "otherwise") << many.name;
    }
}

TEST(RouteBook, SearchesForThousandsOfNames)
{
    constexpr int names = 2'922;
    const auto name = [](int i) {
        return std::string("Kassandra") + static_cast<char>('a' + i % 26) + " Oss" +
               std::to_string(i);
    };
    std::string list;
    for (int i = 0; i < names; ++i)
        list += (i == 0 ? "" : ", ") + name(i);
    const auto scene = with_rules({"{words: [" + list + "]}"});
    for (const int i : {0, 1, 585, 1'460, names - 2, names - 1}) {
        EXPECT_EQ(rule_for(scene, "Is " + name(i) + " in?"), "0") << i;
        EXPECT_EQ(rule_for(scene, "Is " + name(i) + "x in?"), "otherwise") << i;
    }
}

TEST(RouteBook, SearchesForLongPhrases)
{
    std::string phrase;
    while (phrase.size() < 4'000)
        phrase += "\xC3\xA4 k ";
    const auto scene = with_rules(
        {"{words: [\"" + phrase + "end\"]}", "{words: [" + std::string(4'096, 's') + "]}"});
    EXPECT_EQ(rule_for(scene, phrase + "END"), "0");
    EXPECT_EQ(rule_for(scene, std::string(4'096, 'S')), "1");
    EXPECT_EQ(rule_for(scene, std::string(4'097, 'S')), "otherwise");
}

TEST(RouteBook, AsksForHeadersAndMetadata)
{
    Said said;
    said.headers.emplace("x-app", "sales");
    said.headers.emplace("x-app", "billing-eu");
    said.members.emplace("a.b", "7");
    EXPECT_TRUE(held("{header: {x-app: \"billing-*\"}}", said));
    EXPECT_TRUE(held("{header: {x-app: }}", said));
    EXPECT_FALSE(held("{header: {x-app: [billing, legal]}}", said));
    EXPECT_FALSE(held("{header: {x-other: }}", said));
    EXPECT_TRUE(held("{metadata: {a.b: \"7\"}}", said));
    EXPECT_FALSE(held("{metadata: {a.b: \"8\"}}", said));
}

TEST(RouteBook, AnswersTheSameQuestionTheSameInTwoConfigurations)
{
    const Scene one(file("{words: [contract]}"));
    const Scene other(file("{any: [{turns: \">90\"}, {words: [contract]}]}"));
    Features request;
    request.probes = one.book.find("r")->probe(user_says("contract"));
    EXPECT_EQ(other.rule(request), "one");
}

TEST(RouteBook, NeedsOnlyWhatItsRulesAskFor)
{
    const Scene plain(file("{turns: \">3\"}"));
    EXPECT_FALSE(plain.book.find("r")->needs().text);
    EXPECT_FALSE(plain.book.find("r")->needs().score);
    const Scene rich(file("{any: [{complexity: premium}, {not: {sensitive: any}}, {has: code}]}"));
    const auto& needs = rich.book.find("r")->needs();
    EXPECT_TRUE(needs.score && needs.sensitive && needs.code);
}

TEST(RouteBook, CapturesModelsThatItIsToldTo)
{
    const Scene scene(
        "model_list:\n- {model_name: a, litellm_params: {model: ollama/m}}\n"
        "routes:\n  r: {otherwise: [a], captures: [\"gpt-*\", claude]}\n");
    EXPECT_NE(scene.book.find("gpt-4o"), nullptr);
    EXPECT_NE(scene.book.find("claude"), nullptr);
    EXPECT_EQ(scene.book.find("claude-3"), nullptr);
    EXPECT_EQ(scene.book.find("a"), nullptr);
}

constexpr auto with_other_names = R"(model_list:
- {model_name: gpt-4, litellm_params: {model: openai/gpt-4, api_key: k}, model_info: {id: id-gpt4}}
- {model_name: home, litellm_params: {model: ollama/m}, model_info: {id: id-home}}
- {model_name: "far/*", litellm_params: {model: "openai/*", api_key: k}, model_info: {id: id-far}}
router_settings:
  model_group_alias:
    al4: gpt-4
    by-id: id-gpt4
    hidden4: {model: gpt-4, hidden: true}
    wild: far/big
    me: home
    al: r
    claimed: gpt-4
    home: gpt-4
routes:
  r: {otherwise: [home], captures: [gpt-4, "far/*"]}
  other: {otherwise: [home], captures: [claimed]}
)";

TEST(RouteBook, IsFoundByTheOtherNamesOfWhatItDecidesFor)
{
    struct Row {
        std::string_view asked;
        std::string_view route;
        std::string_view stands_for;
    };
    constexpr Row rows[] = {
        {"r", "r", ""},
        {"al", "r", "r"},
        {"gpt-4", "r", ""},
        {"al4", "r", "gpt-4"},
        {"hidden4", "r", "gpt-4"},
        {"id-gpt4", "r", "gpt-4"},
        {"by-id", "r", "gpt-4"},
        {"far/small", "r", ""},
        {"wild", "r", "far/big"},
        {"claimed", "other", ""},
        // A group's name is no alias, nobody asks for a wildcard by its id, and the rest is free.
        {"home", "", ""},
        {"id-home", "", ""},
        {"me", "", ""},
        {"id-far", "", ""},
        {"nobody", "", ""},
    };
    const Scene scene(with_other_names);
    for (const auto& row : rows) {
        const auto* route = scene.book.find(row.asked);
        EXPECT_EQ(route != nullptr ? route->source().name : "", row.route) << row.asked;
        EXPECT_EQ(scene.book.stands_for(row.asked), row.stands_for) << row.asked;
    }
}

TEST(RouteBook, ThatCapturesAnAliasOrAnIdTakesNoMoreThanThat)
{
    const Scene scene(R"(model_list:
- {model_name: g, litellm_params: {model: ollama/m}, model_info: {id: one}}
- {model_name: g, litellm_params: {model: ollama/n}, model_info: {id: two}}
router_settings: {model_group_alias: {al: g, of-one: one}}
routes:
  r: {otherwise: [g], captures: [al, one]}
)");
    for (const auto* taken : {"al", "one", "of-one"})
        EXPECT_NE(scene.book.find(taken), nullptr) << taken;
    for (const auto* left : {"g", "two"})
        EXPECT_EQ(scene.book.find(left), nullptr) << left;
}

}  // namespace
}  // namespace spillway::route
