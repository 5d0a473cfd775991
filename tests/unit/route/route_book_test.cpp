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

}  // namespace
}  // namespace spillway::route
