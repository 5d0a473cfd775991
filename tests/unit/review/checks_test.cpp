#include "spillway/review/checks.hpp"

#include <gtest/gtest.h>

namespace spillway::review {
namespace {

std::string listed(const Answer& answer, const Asked& asked = {})
{
    std::string words;
    for (const auto fault : faults(answer, asked))
        words += (words.empty() ? "" : " ") + std::string(name(fault));
    return words;
}

Asked wants(Asked::Form form, std::string schema = {})
{
    Asked asked;
    asked.form = form;
    asked.schema = std::move(schema);
    return asked;
}

Asked offers_weather(Asked::ToolUse use = Asked::ToolUse::allowed)
{
    Asked asked;
    asked.tool_use = use;
    asked.tools = {{"weather", R"({"type":"object","required":["city"]})"}};
    return asked;
}

TEST(Checks, ASoundAnswerHasNoFault)
{
    EXPECT_EQ(listed({"Paris.", {}, "stop", {}}), "");
}

TEST(Checks, EmptyRefusedCutAndLoopingAreSeen)
{
    EXPECT_EQ(listed({" \n", {}, "stop", {}}), "empty");
    EXPECT_EQ(listed({"", {}, "stop", "No."}), "refused");
    EXPECT_EQ(listed({"", {}, "content_filter", {}}), "refused");
    EXPECT_EQ(listed({"It begins", {}, "length", {}}), "cut");
    std::string loop = "First: ";
    for (int i = 0; i < 40; ++i)
        loop += "and so on, ";
    EXPECT_EQ(listed({loop, {}, "stop", {}}), "looping");
}

TEST(Checks, JsonIsCheckedOnlyWhereItIsDemanded)
{
    const std::string schema = R"({"type":"object","required":["a"]})";
    EXPECT_EQ(listed({"no json", {}, "stop", {}}), "");
    EXPECT_EQ(listed({"no json", {}, "stop", {}}, wants(Asked::Form::json)), "not_json");
    EXPECT_EQ(listed({"[1]", {}, "stop", {}}, wants(Asked::Form::json)), "off_schema");
    EXPECT_EQ(
        listed({"```json\n{\"a\":1}\n```", {}, "stop", {}}, wants(Asked::Form::schema, schema)),
        "");
    EXPECT_EQ(listed({R"({"b":1})", {}, "stop", {}}, wants(Asked::Form::schema, schema)),
              "off_schema");
}

TEST(Checks, ToolCallsMustBeOfferedAndFitTheirSchema)
{
    const auto asked = offers_weather();
    EXPECT_EQ(listed({"", {{"weather", R"({"city":"Bonn"})"}}, "tool_calls", {}}, asked), "");
    EXPECT_EQ(listed({"", {{"weather", "{}"}}, "tool_calls", {}}, asked), "bad_arguments");
    EXPECT_EQ(listed({"", {{"weather", "{"}}, "tool_calls", {}}, asked), "bad_arguments");
    EXPECT_EQ(listed({"", {{"stocks", "{}"}}, "tool_calls", {}}, asked), "unknown_tool");
    EXPECT_EQ(listed({"It rains.", {}, "stop", {}}, offers_weather(Asked::ToolUse::demanded)),
              "no_call");
}

TEST(Refusals, AreShortAndAtTheBeginning)
{
    EXPECT_TRUE(is_refusal("I\xE2\x80\x99m sorry, but I can\xE2\x80\x99t help with that."));
    EXPECT_TRUE(is_refusal("Dabei kann ich nicht helfen."));
    EXPECT_FALSE(is_refusal("You can't divide by zero."));
    EXPECT_FALSE(is_refusal("I cannot help but admire it. " + std::string(700, 'x')));
}

TEST(Loops, AreNoLongListsAndNoRules)
{
    EXPECT_FALSE(is_looping(std::string(60, '-')));
    std::string list;
    for (int i = 0; i < 100; ++i)
        list += "item " + std::to_string(i) + ", ";
    EXPECT_FALSE(is_looping(list));
}

struct Judged {
    std::string name;
    Answer answer;
    Asked asked;
    std::string first;  ///< Of the whole answer; empty: none.
    std::string early;  ///< Of the same as a beginning.
};

Answer sure(double logprob, std::size_t tokens)
{
    Answer answer{"Paris.", {}, "stop", {}};
    answer.logprob_sum = logprob * static_cast<double>(tokens);
    answer.logprobs = tokens;
    return answer;
}

std::string rounds(int times)
{
    std::string text = "Let me think. ";
    for (int i = 0; i < times; ++i)
        text += "The result must be even, so we try step " + std::to_string(i) +
                " and look at what follows from it once more before we go on. ";
    return text;
}

class FirstFault : public testing::TestWithParam<Judged> {};

TEST_P(FirstFault, IsFoundInTheWholeAndWhereItShowsInTheBeginning)
{
    const auto& each = GetParam();
    Bar bar;
    bar.least_logprob = -1.5F;
    const auto word = [](std::optional<Fault> fault) {
        return fault ? std::string(name(*fault)) : std::string();
    };
    EXPECT_EQ(word(first_fault(each.answer, each.asked, bar, Extent::whole)), each.first);
    EXPECT_EQ(word(first_fault(each.answer, each.asked, bar, Extent::beginning)), each.early);
}

Answer thinks(std::string thought)
{
    Answer answer{"", {}, "stop", {}};
    answer.thought = std::move(thought);
    return answer;
}

INSTANTIATE_TEST_SUITE_P(
    Checks, FirstFault,
    testing::Values(
        Judged{"sound", {"Paris.", {}, "stop", {}}, {}, "", ""},
        Judged{"empty", {" ", {}, "stop", {}}, {}, "empty", ""},
        Judged{"refused", {"I cannot help with that.", {}, "stop", {}}, {}, "refused", "refused"},
        Judged{"cut", {"It begins", {}, "length", {}}, {}, "cut", ""},
        Judged{"looping", {rounds(30), {}, "stop", {}}, {}, "looping", "looping"},
        Judged{"loops_in_thought", thinks(rounds(30)), {}, "empty", "looping"},
        Judged{"no_json", {"no", {}, "stop", {}}, wants(Asked::Form::json), "not_json", ""},
        Judged{"off_schema",
               {"[1]", {}, "stop", {}},
               wants(Asked::Form::schema, R"({"type":"object"})"),
               "off_schema",
               ""},
        Judged{"no_call",
               {"It rains.", {}, "stop", {}},
               offers_weather(Asked::ToolUse::demanded),
               "no_call",
               ""},
        Judged{"bad_arguments",
               {"", {{"weather", "{"}}, "tool_calls", {}},
               offers_weather(),
               "bad_arguments",
               ""},
        Judged{"unsure", sure(-2, 40), {}, "unsure", "unsure"},
        Judged{"too_few_to_tell_early", sure(-2, 4), {}, "unsure", ""},
        Judged{"sure", sure(-1.4, 40), {}, "", ""}),
    [](const auto& each) { return each.param.name; });

TEST(Bars, OnlyWhatTheyNameCounts)
{
    Bar bar;
    bar.checks = {};
    bar.checks.add(Fault::cut);
    const Answer refusal{"I cannot help with that.", {}, "stop", {}};
    EXPECT_EQ(first_fault(refusal, {}, bar, Extent::whole), std::nullopt);
    EXPECT_EQ(first_fault({"", {}, "length", {}}, {}, bar, Extent::whole), Fault::cut);
    EXPECT_EQ(first_fault(sure(-9, 40), {}, bar, Extent::whole), std::nullopt);
}

TEST(Faults, HaveNamesThatLeadBack)
{
    for (std::size_t i = 0; i < fault_count; ++i)
        EXPECT_EQ(parse_fault(name(static_cast<Fault>(i))), static_cast<Fault>(i));
    EXPECT_EQ(parse_fault("dull"), std::nullopt);
}

TEST(Loops, AreSeenWhereEveryRoundDiffersALittle)
{
    EXPECT_TRUE(is_looping(rounds(30)));
    EXPECT_FALSE(is_looping(rounds(3)));
}

TEST(Loops, AreNotTablesListsOrProse)
{
    std::string table = "| year | rain | sun |\n|---|---|---|\n";
    std::string list;
    std::string prose;
    for (int i = 0; i < 120; ++i) {
        const auto n = std::to_string(i);
        table += "| " + n + " | " + std::to_string(i * 37 % 101) + " | " +
                 std::to_string(i * 53 % 97) + " |\n";
        list += n + ". The town of number " + n + " has " + std::to_string(i * 71 % 89) +
                " inhabitants\n";
        prose += "word" + std::to_string(i * 31 % 113) + " and then word" + n + " ";
    }
    EXPECT_FALSE(is_looping(table));
    EXPECT_FALSE(is_looping(list));
    EXPECT_FALSE(is_looping(prose));
}

}  // namespace
}  // namespace spillway::review
