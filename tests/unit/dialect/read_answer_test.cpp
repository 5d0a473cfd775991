#include <gtest/gtest.h>

#include <string>

#include "spillway/dialect/stream_meter.hpp"

namespace spillway::dialect {
namespace {

using chat::Endpoint;
using chat::Usage;
using chat::UsageSource;

AnswerFacts facts_of(std::string_view body, Endpoint endpoint = Endpoint::chat)
{
    return read_answer(body, endpoint, Tokens{40});
}

TEST(ReadAnswer, TakesUsageAndFinishOfAChat)
{
    const auto facts = facts_of(
        R"({"id":"c","choices":[{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],)"
        R"("usage":{"prompt_tokens":9,"completion_tokens":2,"total_tokens":11}})");
    EXPECT_EQ(facts.usage, (Usage{Tokens{9}, Tokens{2}, {}, {}, {}, UsageSource::exact}));
    EXPECT_EQ(facts.finish_reason, "stop");
    EXPECT_FALSE(facts.failure);
}

TEST(ReadAnswer, EstimatesAnAnswerWithoutUsage)
{
    const auto facts =
        facts_of(R"({"choices":[{"message":{"content":"12345678"},"finish_reason":"stop"}]})");
    EXPECT_EQ(facts.usage, (Usage{Tokens{40}, Tokens{2}, {}, {}, {}, UsageSource::estimated}));
}

TEST(ReadAnswer, EmbeddingsHaveNoCompletion)
{
    const auto facts = facts_of(
        R"({"object":"list","data":[{"embedding":[0.1,-2e-5]}],"usage":{"prompt_tokens":8,"total_tokens":8}})",
        Endpoint::embeddings);
    EXPECT_EQ(facts.usage, (Usage{Tokens{8}, {}, {}, {}, {}, UsageSource::exact}));
}

TEST(ReadAnswer, ReadsResponsesAndMessages)
{
    EXPECT_EQ(
        facts_of(
            R"({"object":"response","status":"completed","error":null,"output":[{"content":[{"text":"x"}]}],)"
            R"("usage":{"input_tokens":5,"output_tokens":6}})",
            Endpoint::other)
            .usage,
        (Usage{Tokens{5}, Tokens{6}, {}, {}, {}, UsageSource::exact}));
    const auto facts = facts_of(
        R"({"type":"message","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn",)"
        R"("usage":{"input_tokens":5,"cache_read_input_tokens":2,"output_tokens":6}})",
        Endpoint::other);
    EXPECT_EQ(facts.usage, (Usage{Tokens{7}, Tokens{6}, Tokens{2}, {}, {}, UsageSource::exact}));
    EXPECT_EQ(facts.finish_reason, "end_turn");
}

TEST(ReadAnswer, OtherAnswersNeedNotHaveTokens)
{
    EXPECT_EQ(facts_of(R"({"results":[]})", Endpoint::other).usage, Usage{});
}

TEST(ReadAnswer, SeesAnErrorBehindA200)
{
    const auto facts = facts_of(R"({"error":{"code":429,"message":"Rate limit exceeded"}})");
    ASSERT_TRUE(facts.failure);
    EXPECT_EQ(facts.failure->kind, chat::FailureClass::rate_limited);
    EXPECT_EQ(facts.failure->message, "Rate limit exceeded");
    EXPECT_EQ(facts.failure->status, 429);
}

TEST(ReadAnswer, PassesOverTheTextOfAnAnswerThatReportsItsTokens)
{
    const auto facts = facts_of(
        R"({"choices":[{"message":{"content":"a \"usage\": {}","tool_calls":[{"function":{"arguments":"{}"}}]},)"
        R"("finish_reason":"tool_calls"}],"usage":{"prompt_tokens":9,"completion_tokens":0}})");
    EXPECT_EQ(facts.usage, (Usage{Tokens{9}, Tokens{0}, {}, {}, {}, UsageSource::exact}));
    EXPECT_EQ(facts.finish_reason, "tool_calls");
}

TEST(ReadAnswer, CountsTheTextWhenTheReportCannotBeBelieved)
{
    const auto facts = facts_of(
        R"({"choices":[{"message":{"content":"12345678"}}],"usage":{"prompt_tokens":9,"completion_tokens":-1}})");
    EXPECT_EQ(facts.usage, (Usage{Tokens{9}, Tokens{2}, {}, {}, {}, UsageSource::estimated}));
}

TEST(ReadAnswer, SeesAnErrorInAChoice)
{
    const auto facts = facts_of(
        R"({"choices":[{"message":{"content":""},"finish_reason":"error","error":{"message":"Overloaded"}}],)"
        R"("usage":{"prompt_tokens":9,"completion_tokens":1}})");
    ASSERT_TRUE(facts.failure);
    EXPECT_EQ(facts.failure->kind, chat::FailureClass::overloaded);
}

TEST(ReadAnswer, KnowsNothingOfWhatIsNoJsonObject)
{
    for (const auto* body : {"", "hello", "[1]", "{\"usage\":{\"prompt_tokens\":1}", "12",
                             "{\"choices\":[{\"message\":{\"content\":\"\\x\"}}]}"}) {
        EXPECT_EQ(facts_of(body).usage, Usage{}) << body;
    }
}

TEST(ReadAnswer, KnowsHowLongALlamaCppTook)
{
    using std::chrono::nanoseconds;
    const auto facts = facts_of(
        R"({"choices":[{"message":{"content":"a"},"finish_reason":"stop"}],)"
        R"("usage":{"prompt_tokens":30,"completion_tokens":5},"timings":{"cache_n":10,"prompt_n":20,)"
        R"("prompt_ms":40.5,"prompt_per_second":493.8,"predicted_n":5,"predicted_ms":1e2}})");
    EXPECT_EQ(facts.engine.evaluated, Tokens{20});
    EXPECT_EQ(facts.engine.prefill, nanoseconds(40'500'000));
    EXPECT_EQ(facts.engine.decode, nanoseconds(100'000'000));
    EXPECT_EQ(facts.usage.cached, Tokens{10});
    EXPECT_EQ(facts.usage.source, UsageSource::exact);
}

TEST(ReadAnswer, BelievesNoTimesThatAreNone)
{
    for (const auto* timings :
         {"null", "7", "{}", R"({"prompt_ms":-1,"predicted_ms":"5","prompt_n":-3})",
          R"({"prompt_ms":1e300,"predicted_ms":null,"prompt_n":1.5})"}) {
        const auto facts = facts_of(
            R"({"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1},"timings":)" +
            std::string(timings) + "}");
        EXPECT_EQ(facts.engine, chat::EngineFacts{}) << timings;
        EXPECT_EQ(facts.usage.source, UsageSource::exact) << timings;
    }
}

}  // namespace
}  // namespace spillway::dialect
