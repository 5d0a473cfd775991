#include "spillway/dialect/stream_meter.hpp"

#include <gtest/gtest.h>

#include <string>

namespace spillway::dialect {
namespace {

using chat::Endpoint;
using chat::FailureClass;
using chat::Usage;
using chat::UsageSource;

std::string event(std::string_view data)
{
    return "data: " + std::string(data) + "\n\n";
}

/// A chat chunk whose only choice has this delta and finish_reason (JSON texts).
std::string chunk(std::string_view delta, std::string_view finish = "null")
{
    return event(
        R"({"id":"c","object":"chat.completion.chunk","model":"m1","choices":[{"index":0,"delta":)" +
        std::string(delta) + R"(,"finish_reason":)" + std::string(finish) + "}]}");
}

EventVerdict seen(std::string_view bytes, Endpoint endpoint = Endpoint::chat)
{
    StreamMeter meter(endpoint, true);
    auto verdict = meter.see(bytes);
    verdict.rewritten.reset();
    return verdict;
}

// ---- what an event means -------------------------------------------------------------------

class IdleEvent : public testing::TestWithParam<std::string> {};

TEST_P(IdleEvent, CommitsToNothing)
{
    EXPECT_EQ(seen(GetParam()).kind, EventKind::idle);
}

INSTANTIATE_TEST_SUITE_P(
    StreamMeter, IdleEvent,
    testing::Values(": OPENROUTER PROCESSING\n\n", "id: 1\nretry: 5\n\n",
                    chunk(R"({"role":"assistant","content":""})"),
                    chunk(R"({"role":"assistant","content":null,"refusal":null,"tool_calls":[]})"),
                    chunk("{}"), chunk(R"({"content":""})", R"("")"),
                    event(R"({"choices":[],"prompt_filter_results":[]})"),
                    event(R"({"type":"ping"})"), "event: ping\ndata: {\"type\":\"ping\"}\n\n",
                    event(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}})")));

class MeaningfulEvent : public testing::TestWithParam<std::string> {};

TEST_P(MeaningfulEvent, IsWorthCommittingTo)
{
    EXPECT_EQ(seen(GetParam()).kind, EventKind::meaningful);
    EXPECT_TRUE(seen(GetParam()).relay);
}

INSTANTIATE_TEST_SUITE_P(
    StreamMeter, MeaningfulEvent,
    testing::Values(
        chunk(R"({"content":"a"})"), chunk(R"({"reasoning_content":"a"})"),
        chunk(R"({"reasoning":"a"})"), chunk(R"({"refusal":"no"})"),
        chunk(R"({"tool_calls":[{"index":0,"id":"x","function":{"name":"f","arguments":""}}]})"),
        chunk("{}", R"("stop")"), chunk(R"({"images":[{"url":"x"}]})"),
        event(R"({"choices":[{"text":"a","index":0,"finish_reason":null}]})"),
        "data: {\"choices\":[{\ndata: \"delta\":{\"content\":\"a\"}}]}\n\n"));

class FailureEvent : public testing::TestWithParam<std::string> {};

TEST_P(FailureEvent, IsSeenInEveryShape)
{
    StreamMeter meter(Endpoint::chat, true);
    EXPECT_EQ(meter.see(GetParam()).kind, EventKind::failure);
    EXPECT_FALSE(meter.ended_properly());
    EXPECT_FALSE(meter.failure().message.empty());
}

INSTANTIATE_TEST_SUITE_P(
    StreamMeter, FailureEvent,
    testing::Values(
        event(R"({"error":{"message":"m","type":"t","param":null,"code":500}})"),
        event(R"({"error":"out of memory"})"), event(R"([{"error":{"message":"m","code":503}}])"),
        event(R"({"object":"error","message":"m","type":"BadRequestError","code":400})"),
        "event: error\ndata: {\"message\":\"m\"}\n\n", "event: error\ndata: it broke\n\n",
        "event: error\ndata: {\"error\":{\"message\":\"m\"}}\n\n",
        chunk(R"({"content":""})", R"("error")"),
        event(
            R"({"id":"x","error":{"code":502,"message":"m"},"choices":[{"index":0,"delta":{"content":""},"finish_reason":"error"}]})"),
        event(R"({"choices":[{"delta":{},"error":{"message":"m"}}]})"),
        event(R"({"error":true,"message":"m"})"),
        event(R"({ "\u0065rror" : { "message" : "m" } })")));

class MalformedEvent : public testing::TestWithParam<std::string> {};

TEST_P(MalformedEvent, IsCountedAndNotRelayed)
{
    StreamMeter meter(Endpoint::chat, true);
    const auto verdict = meter.see(GetParam());
    EXPECT_EQ(verdict.kind, EventKind::malformed);
    EXPECT_FALSE(verdict.relay);
    EXPECT_EQ(meter.malformed(), 1U);
}

INSTANTIATE_TEST_SUITE_P(StreamMeter, MalformedEvent,
                         testing::Values(event("{"), event("{\"a\":}"), event("hello"), "data:\n\n",
                                         "data: \n\n", event("12"), event("[]"), event("{} {}"),
                                         event("{\"a\":\"\xFF\"}"), event("null"),
                                         event(R"({"choices":[{"delta":{"content":"a"}]})")));

TEST(StreamMeter, AMalformedEventIsNoticedInTheMiddleOfAStream)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(chunk(R"({"content":"a"})"));
    EXPECT_EQ(meter.see(event(R"({"choices":[{"delta":{"content":"b")")).kind,
              EventKind::malformed);
    EXPECT_EQ(meter.see(chunk(R"({"content":"c"})")).kind, EventKind::meaningful);
    EXPECT_TRUE(meter.see(chunk("{}", R"("stop")")).relay);
    EXPECT_TRUE(meter.ended_properly());
}

TEST(StreamMeter, WordsInTheTextFoolNobody)
{
    StreamMeter meter(Endpoint::chat, true);
    const auto verdict = meter.see(chunk(
        R"({"content":"{\"error\":{\"message\":\"x\"},\"usage\":{\"prompt_tokens\":9}} [DONE] \"finish_reason\":\"stop\""})"));
    EXPECT_EQ(verdict.kind, EventKind::meaningful);
    EXPECT_FALSE(meter.ended_properly());
    EXPECT_EQ(meter.usage(Tokens{1}).source, UsageSource::estimated);
}

TEST(StreamMeter, AnErrorThatIsNullIsNone)
{
    EXPECT_EQ(seen(event(R"({"error":null,"choices":[{"delta":{"content":"a"}}]})")).kind,
              EventKind::meaningful);
}

TEST(StreamMeter, PingsWithDataAreKeptFromChatClients)
{
    EXPECT_FALSE(seen("event: ping\ndata: {\"type\":\"ping\"}\n\n").relay);
    EXPECT_TRUE(seen("event: ping\ndata: {\"type\":\"ping\"}\n\n", Endpoint::other).relay);
}

TEST(StreamMeter, ClassifiesTheFailure)
{
    const auto kind = [](std::string_view data) {
        StreamMeter meter(Endpoint::chat, true);
        (void)meter.see(event(data));
        return meter.failure().kind;
    };
    EXPECT_EQ(kind(R"({"error":{"message":"slow down","code":429}})"), FailureClass::rate_limited);
    EXPECT_EQ(kind(R"({"error":{"message":"Overloaded","type":"overloaded_error"}})"),
              FailureClass::overloaded);
    EXPECT_EQ(kind(R"({"error":{"message":"x","type":"insufficient_quota"}})"),
              FailureClass::quota);
    EXPECT_EQ(kind(R"({"error":{"message":"prompt is too long: 5 tokens > 4 maximum"}})"),
              FailureClass::too_long);
    EXPECT_EQ(kind(R"({"error":{"message":"who knows"}})"), FailureClass::transient);
}

// ---- how streams end -----------------------------------------------------------------------

TEST(StreamMeter, AFinishReasonOrDoneEndsAChatProperly)
{
    StreamMeter finished(Endpoint::chat, true);
    (void)finished.see(chunk("{}", R"("length")"));
    EXPECT_TRUE(finished.ended_properly());
    StreamMeter done(Endpoint::chat, true);
    EXPECT_EQ(done.see("data: [DONE]\n\n").kind, EventKind::done);
    EXPECT_TRUE(done.ended_properly());
}

TEST(StreamMeter, OllamasEmptyDeltaDoesNotEndAStream)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(chunk(R"({"content":"a"})"));
    (void)meter.see(chunk(R"({"role":"assistant","content":""})"));
    EXPECT_FALSE(meter.ended_properly());
}

TEST(StreamMeter, DoneBehindAnErrorDoesNotMakeItWhole)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(event(R"({"error":{"message":"x"}})"));
    (void)meter.see("data: [DONE]\n\n");
    EXPECT_FALSE(meter.ended_properly());
}

TEST(StreamMeter, UnderstandsAResponsesStream)
{
    StreamMeter meter(Endpoint::other, true);
    const auto kind = [&](std::string_view data) { return meter.see(event(data)).kind; };
    EXPECT_EQ(kind(R"({"type":"response.created","response":{"model":"gpt"}})"), EventKind::idle);
    EXPECT_EQ(kind(R"({"type":"response.output_item.added","item":{}})"), EventKind::idle);
    EXPECT_EQ(kind(R"({"type":"response.output_text.delta","delta":"Hello"})"),
              EventKind::meaningful);
    EXPECT_EQ(kind(R"({"type":"response.output_text.done","text":"Hello"})"),
              EventKind::meaningful);
    EXPECT_FALSE(meter.ended_properly());
    EXPECT_EQ(
        kind(R"({"type":"response.completed","response":{"error":null,"usage":{"input_tokens":5,)"
             R"("input_tokens_details":{"cached_tokens":2},"output_tokens":3,)"
             R"("output_tokens_details":{"reasoning_tokens":1},"total_tokens":8}}})"),
        EventKind::done);
    EXPECT_TRUE(meter.ended_properly());
    EXPECT_EQ(meter.model(), "gpt");
    EXPECT_EQ(meter.usage(Tokens{0}),
              (Usage{Tokens{5}, Tokens{3}, Tokens{2}, Tokens{0}, Tokens{1}, UsageSource::exact}));
}

TEST(StreamMeter, UnderstandsBothErrorsOfResponses)
{
    for (
        const auto* data :
        {R"({"type":"error","sequence_number":2,"error":{"type":"insufficient_quota","code":"insufficient_quota","message":"m"}})",
         R"({"type":"error","code":"insufficient_quota","message":"m","param":null})",
         R"({"type":"response.failed","response":{"status":"failed","error":{"code":"insufficient_quota","message":"m"}}})"}) {
        StreamMeter meter(Endpoint::other, true);
        EXPECT_EQ(meter.see(event(data)).kind, EventKind::failure) << data;
        EXPECT_EQ(meter.failure().kind, FailureClass::quota) << data;
        EXPECT_EQ(meter.failure().message, "m") << data;
    }
}

TEST(StreamMeter, UnderstandsAMessagesStream)
{
    StreamMeter meter(Endpoint::other, true);
    const auto kind = [&](std::string_view data) { return meter.see(event(data)).kind; };
    EXPECT_EQ(
        kind(R"({"type":"message_start","message":{"model":"claude","usage":{"input_tokens":10,)"
             R"("cache_creation_input_tokens":3,"cache_read_input_tokens":4,"output_tokens":1}}})"),
        EventKind::idle);
    EXPECT_EQ(
        kind(
            R"({"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}})"),
        EventKind::idle);
    EXPECT_EQ(kind(R"({"type":"ping"})"), EventKind::idle);
    EXPECT_EQ(
        kind(
            R"({"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Hi"}})"),
        EventKind::meaningful);
    EXPECT_FALSE(meter.ended_properly());
    EXPECT_EQ(
        kind(
            R"({"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":7}})"),
        EventKind::meaningful);
    EXPECT_EQ(kind(R"({"type":"message_stop"})"), EventKind::done);
    EXPECT_TRUE(meter.ended_properly());
    EXPECT_EQ(meter.usage(Tokens{0}),
              (Usage{Tokens{17}, Tokens{7}, Tokens{4}, Tokens{3}, Tokens{0}, UsageSource::exact}));
}

TEST(StreamMeter, AMessagesErrorAsTheFirstEventIsAFailure)
{
    StreamMeter meter(Endpoint::other, true);
    EXPECT_EQ(
        meter
            .see("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\","
                 "\"message\":\"Overloaded\"}}\n\n")
            .kind,
        EventKind::failure);
    EXPECT_EQ(meter.failure().kind, FailureClass::overloaded);
}

TEST(StreamMeter, TheEndOfAnUnknownStreamIsItsEnd)
{
    StreamMeter meter(Endpoint::other, true);
    EXPECT_EQ(meter.see(event(R"({"chunk":"abc"})")).kind, EventKind::meaningful);
    EXPECT_TRUE(meter.ended_properly());
}

// ---- usage ---------------------------------------------------------------------------------

TEST(StreamMeter, TakesTheLastUsageThatIsNotNull)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(event(
        R"({"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}})"));
    (void)meter.see(event(R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null})"));
    (void)meter.see(
        event(R"({"choices":[],"usage":{"prompt_tokens":5,"completion_tokens":2,"total_tokens":7,)"
              R"("prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":1},)"
              R"("completion_tokens_details":{"reasoning_tokens":1}}})"));
    (void)meter.see("data: [DONE]\n\n");
    EXPECT_EQ(meter.usage(Tokens{99}),
              (Usage{Tokens{5}, Tokens{2}, Tokens{4}, Tokens{1}, Tokens{1}, UsageSource::exact}));
}

TEST(StreamMeter, FindsUsageWhereKimiAndGroqPutIt)
{
    for (
        const auto* data :
        {R"({"choices":[{"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":3,"completion_tokens":2}}]})",
         R"({"choices":[{"delta":{},"finish_reason":"stop"}],"x_groq":{"usage":{"prompt_tokens":3,"completion_tokens":2}}})"}) {
        StreamMeter meter(Endpoint::chat, true);
        (void)meter.see(event(data));
        EXPECT_EQ(meter.usage(Tokens{9}),
                  (Usage{Tokens{3}, Tokens{2}, {}, {}, {}, UsageSource::exact}));
    }
}

TEST(StreamMeter, EstimatesACutStream)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(chunk(R"({"content":"twelve bytes"})"));
    (void)meter.see(chunk(R"({"tool_calls":[{"index":0,"function":{"arguments":"1234"}}]})"));
    EXPECT_TRUE(meter.saw_output());
    EXPECT_EQ(meter.usage(Tokens{50}),
              (Usage{Tokens{50}, Tokens{4}, {}, {}, {}, UsageSource::estimated}));
}

TEST(StreamMeter, CountsAtLeastOneTokenPerDelta)
{
    StreamMeter meter(Endpoint::chat, true);
    for (int i = 0; i < 10; ++i) {
        (void)meter.see(chunk(R"({"content":"a"})"));
    }
    EXPECT_EQ(meter.usage(Tokens{0}).completion, Tokens{10});
}

TEST(StreamMeter, DoesNotBelieveTheFirstCountOfACutMessagesStream)
{
    StreamMeter meter(Endpoint::other, true);
    (void)meter.see(event(
        R"({"type":"message_start","message":{"usage":{"input_tokens":10,"output_tokens":1}}})"));
    (void)meter.see(event(
        R"({"type":"content_block_delta","delta":{"type":"text_delta","text":"0123456789abcdef"}})"));
    EXPECT_EQ(meter.usage(Tokens{99}),
              (Usage{Tokens{10}, Tokens{4}, {}, {}, {}, UsageSource::estimated}));
}

TEST(StreamMeter, KnowsNothingOfAStreamThatSaidNothing)
{
    const StreamMeter meter(Endpoint::chat, true);
    EXPECT_EQ(meter.usage(Tokens{50}), Usage{});
    EXPECT_FALSE(meter.saw_output());
}

class UsageLie : public testing::TestWithParam<std::string> {};

TEST_P(UsageLie, GivesWayToOurOwnCount)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(chunk(R"({"content":"0123456789"})", R"("stop")"));
    (void)meter.see(event(R"({"choices":[],"usage":)" + GetParam() + "}"));
    const auto usage = meter.usage(Tokens{20});
    EXPECT_EQ(usage.source, UsageSource::estimated);
    EXPECT_GE(count(usage.prompt), 0);
    EXPECT_GE(count(usage.completion), 0);
    EXPECT_LE(count(usage.prompt), 1'000'000'000);
    EXPECT_LE(count(usage.completion), 1'000'000'000);
    EXPECT_LE(count(usage.cached) + count(usage.cache_write), count(usage.prompt));
    EXPECT_LE(count(usage.reasoning), count(usage.completion));
}

INSTANTIATE_TEST_SUITE_P(
    StreamMeter, UsageLie,
    testing::Values(
        R"({"prompt_tokens":-5,"completion_tokens":3})",
        R"({"prompt_tokens":5,"completion_tokens":9223372036854775808})",
        R"({"prompt_tokens":5,"completion_tokens":1e300})",
        R"({"prompt_tokens":"5","completion_tokens":3})",
        R"({"prompt_tokens":5,"completion_tokens":2.5})",
        R"({"prompt_tokens":2000000000,"completion_tokens":3})",
        R"({"prompt_tokens":{},"completion_tokens":[]})", "{}",
        R"({"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":6}})",
        R"({"prompt_tokens":5,"completion_tokens":3,"prompt_tokens_details":{"cached_tokens":-6}})",
        R"({"prompt_tokens":5,"completion_tokens":3,"completion_tokens_details":{"reasoning_tokens":4}})"));

TEST(StreamMeter, TakesXaisReasoningBesideTheCompletion)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(event(
        R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,)"
        R"("completion_tokens":2,"total_tokens":17,"completion_tokens_details":{"reasoning_tokens":10}}})"));
    EXPECT_EQ(meter.usage(Tokens{0}).completion, Tokens{12});
}

// ---- what only we asked for ----------------------------------------------------------------

std::string relayed(std::string_view bytes)
{
    StreamMeter meter(Endpoint::chat, false);
    const auto verdict = meter.see(bytes);
    return verdict.rewritten ? std::string(*verdict.rewritten)
                             : std::string(verdict.relay ? bytes : "");
}

TEST(StreamMeter, HoldsBackTheUsageChunkNobodyAskedFor)
{
    EXPECT_EQ(relayed(event(R"({"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1}})")),
              "");
}

TEST(StreamMeter, TakesUnaskedNullsOut)
{
    EXPECT_EQ(
        relayed(event(R"({"id":"a","choices":[{"delta":{"content":"x"}}],"usage":null,"z":1})")),
        event(R"({"id":"a","choices":[{"delta":{"content":"x"}}],"z":1})"));
    EXPECT_EQ(relayed(event(R"({"usage" : null , "choices":[]})")), event(R"({"choices":[]})"));
    EXPECT_EQ(relayed(event(R"({"choices":[], "usage": null })")), event(R"({"choices":[] })"));
    EXPECT_EQ(relayed("id: 7\r\ndata: {\"choices\":[],\"usage\":null}\r\n\r\n"),
              "id: 7\r\ndata: {\"choices\":[]}\r\n\r\n");
}

TEST(StreamMeter, LeavesUsageBesideChoices)
{
    const auto bytes = event(
        R"({"choices":[{"delta":{},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}})");
    EXPECT_EQ(relayed(bytes), bytes);
}

TEST(StreamMeter, LeavesEverythingToWhoAskedForUsage)
{
    StreamMeter meter(Endpoint::chat, true);
    EXPECT_FALSE(meter.see(event(R"({"choices":[],"usage":null})")).rewritten);
    EXPECT_TRUE(meter.see(event(R"({"choices":[],"usage":{"prompt_tokens":1}})")).relay);
}

TEST(StreamMeter, LeavesNullsInsideTheText)
{
    const auto bytes = chunk(R"({"content":"\"usage\":null"})");
    EXPECT_EQ(relayed(bytes), bytes);
}

TEST(StreamMeter, RemembersTheModelsName)
{
    StreamMeter meter(Endpoint::chat, true);
    (void)meter.see(chunk(R"({"content":"a"})"));
    EXPECT_EQ(meter.model(), "m1");
}

TEST(StreamMeter, ReadsAnEventOfMegabytes)
{
    StreamMeter meter(Endpoint::chat, true);
    EXPECT_EQ(meter.see(chunk(R"({"content":")" + std::string(3'000'000, 'x') + "\"}")).kind,
              EventKind::meaningful);
    EXPECT_EQ(meter.see(chunk(R"({"content":"a"})")).kind, EventKind::meaningful);
}

TEST(StreamMeter, KnowsHowLongALlamaCppTook)
{
    StreamMeter meter(Endpoint::chat, false);
    (void)meter.see(chunk(R"({"content":"a"})"));
    EXPECT_EQ(meter.engine(), chat::EngineFacts{});
    (void)meter.see(
        event(R"({"choices":[],"usage":{"prompt_tokens":30,"completion_tokens":5},)"
              R"("timings":{"prompt_n":20,"prompt_ms":40.5,"predicted_n":5,"predicted_ms":100}})"));
    EXPECT_EQ(meter.engine().evaluated, Tokens{20});
    EXPECT_EQ(meter.engine().prefill, std::chrono::nanoseconds(40'500'000));
    EXPECT_EQ(meter.engine().decode, std::chrono::nanoseconds(100'000'000));
    EXPECT_EQ(meter.usage(Tokens{1}).completion, Tokens{5});
}

}  // namespace
}  // namespace spillway::dialect
