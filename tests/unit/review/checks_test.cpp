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

}  // namespace
}  // namespace spillway::review
