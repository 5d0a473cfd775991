#include "spillway/review/answer.hpp"

#include <gtest/gtest.h>

namespace spillway::review {
namespace {

TEST(Answers, AWholeOneGivesTextCallsAndHowItEnded)
{
    const auto answer = read_whole(
        R"({"choices":[{"message":{"role":"assistant","content":"hi","tool_calls":[{"type":"function",)"
        R"("function":{"name":"f","arguments":"{\"a\":1}"}}]},"finish_reason":"tool_calls"}]})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text, "hi");
    ASSERT_EQ(answer->calls.size(), 1U);
    EXPECT_EQ(answer->calls[0].name, "f");
    EXPECT_EQ(answer->calls[0].arguments, R"({"a":1})");
    EXPECT_EQ(answer->finish, "tool_calls");
}

TEST(Answers, PartsOfAContentAreJoined)
{
    const auto answer = read_whole(
        R"({"choices":[{"message":{"content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}}]})");
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text, "a\nb");
}

TEST(Answers, WhatIsNoCompletionIsNone)
{
    for (const auto* body :
         {"", "[]", "{}", R"({"choices":[]})", R"({"choices":[{"text":"x"}]})", "{"})
        EXPECT_FALSE(read_whole(body)) << body;
    EXPECT_FALSE(read_stream("data: [DONE]\n\n"));
}

TEST(Answers, AStreamIsPutTogetherWhateverItsLineEnds)
{
    const std::string stream =
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hel\"}}]}\r\n\r\n"
        ": comment\n\n"
        "data:{\"choices\":[{\"index\":0,\"delta\":{\"content\":\"lo\"}}]}\n\n"
        "data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"another choice\"}}]}\n\n"
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":"
        "{\"name\":\"f\",\"arguments\":\"{\\\"a\\\"\"}}]}}]}\n\n"
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":"
        "{\"arguments\":\":1}\"}}]},\"finish_reason\":\"stop\"}]}\n\n"
        "data: [DONE]\n\n";
    const auto answer = read_stream(stream);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->text, "Hello");
    ASSERT_EQ(answer->calls.size(), 1U);
    EXPECT_EQ(answer->calls[0].arguments, R"({"a":1})");
    EXPECT_EQ(answer->finish, "stop");
}

TEST(Answers, CallsWithAbsurdPlacesAreLeftOut)
{
    const auto answer = read_stream(
        "data: "
        "{\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":4000000000,\"function\":{\"name\":"
        "\"f\"}}]}}]}\n\n");
    ASSERT_TRUE(answer);
    EXPECT_TRUE(answer->calls.empty());
}

TEST(Asking, FormToolsAndChoiceAreRead)
{
    const auto asked = read_asked(
        R"({"messages":[],"response_format":{"type":"json_schema","json_schema":{"schema":{"type":"object"}}},)"
        R"("tools":[{"function":{"name":"f","parameters":{"type":"object"}}},{"function":{"name":"g"}}],)"
        R"("tool_choice":"required"})");
    EXPECT_EQ(asked.form, Asked::Form::schema);
    EXPECT_EQ(asked.schema, R"({"type":"object"})");
    ASSERT_EQ(asked.tools.size(), 2U);
    EXPECT_EQ(asked.tools[1].schema, "");
    EXPECT_EQ(asked.tool_use, Asked::ToolUse::demanded);
    EXPECT_EQ(read_asked("{}").form, Asked::Form::text);
    EXPECT_EQ(read_asked("{}").tool_use, Asked::ToolUse::allowed);
}

TEST(Conversations, KeepTheirEndAndWholeCharacters)
{
    const std::string body =
        R"({"messages":[{"role":"system","content":"be kind"},{"role":"user","content":)"
        R"([{"type":"text","text":"Grüße"},{"type":"image_url","image_url":{"url":"x"}}]}]})";
    EXPECT_EQ(conversation(body, 1000), "system: be kind\n\nuser: Grüße\n[image_url]");
    EXPECT_EQ(conversation(body, 14), "[...] e\n[image_url]");
}

TEST(Answers, TellTheirReasoningAndTheMeanOfTheirLogProbabilities)
{
    const auto whole = read_whole(
        R"({"choices":[{"message":{"content":"Hi","reasoning_content":"greet"},"finish_reason":"stop",
            "logprobs":{"content":[{"token":"H","logprob":-1},{"token":"i","logprob":-3}]}}]})");
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->thought, "greet");
    EXPECT_EQ(whole->mean_logprob(), -2);
    EXPECT_EQ(read_whole(R"({"choices":[{"message":{"content":"Hi"}}]})")->mean_logprob(),
              std::nullopt);
}

TEST(Answers, ComeEventByEvent)
{
    StreamedAnswer streamed;
    streamed.add(": ping\n\n");
    EXPECT_FALSE(streamed.begun());
    streamed.add(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"Hi \",\"reasoning\":\"x\"},"
        "\"logprobs\":{\"content\":[{\"logprob\":-4}]}}]}\n\n");
    streamed.add(
        "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"you\"},"
        "\"finish_reason\":\"length\"}]}\n\n");
    EXPECT_TRUE(streamed.begun());
    EXPECT_EQ(streamed.answer().text, "Hi you");
    EXPECT_EQ(streamed.answer().thought, "x");
    EXPECT_EQ(streamed.answer().finish, "length");
    EXPECT_EQ(streamed.answer().mean_logprob(), -4);
}

}  // namespace
}  // namespace spillway::review
