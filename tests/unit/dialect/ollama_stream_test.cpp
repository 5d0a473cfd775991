#include "spillway/dialect/ollama_stream.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/stream_meter.hpp"

namespace spillway::dialect {
namespace {

using nlohmann::json;

OllamaStream reader()
{
    return OllamaStream({"chatcmpl-X", 1, Tokens{50}});
}

/// What the meter, which knows nothing of Ollama, makes of the stream.
struct Judged {
    std::vector<EventKind> kinds;
    StreamMeter meter;
    std::string relayed;
};

enum class UsageWanted : unsigned char { yes, no };

Judged judge(std::string_view lines, UsageWanted usage = UsageWanted::no)
{
    auto stream = reader();
    std::string events(stream.feed(lines));
    events += stream.finish();
    Judged judged{{}, StreamMeter(chat::Endpoint::chat, usage == UsageWanted::yes), {}};
    EventBoundary boundary;
    std::string_view rest = events;
    while (const auto end = boundary.first_end(rest)) {
        const auto verdict = judged.meter.see(rest.substr(0, *end));
        judged.kinds.push_back(verdict.kind);
        if (verdict.relay && verdict.kind != EventKind::failure) {
            judged.relayed += rest.substr(0, *end);
        }
        rest.remove_prefix(*end);
    }
    EXPECT_TRUE(rest.empty()) << rest;
    return judged;
}

constexpr std::string_view hello = R"({"model":"m","message":{"content":"Hello"},"done":false})";
constexpr std::string_view end =
    R"({"model":"m","message":{"content":""},"done":true,"done_reason":"stop",)"
    R"("prompt_eval_count":7,"eval_count":2})";

std::string lines(std::initializer_list<std::string_view> all)
{
    std::string text;
    for (const auto line : all) {
        text.append(line).append("\n");
    }
    return text;
}

TEST(OllamaStream, GivesTheMeterAWholeStream)
{
    const auto judged = judge(lines({hello, end}));
    EXPECT_EQ(judged.kinds, (std::vector{EventKind::idle, EventKind::meaningful,
                                         EventKind::meaningful, EventKind::idle, EventKind::done}));
    EXPECT_TRUE(judged.meter.ended_properly());
    const auto usage = judged.meter.usage(Tokens{50});
    EXPECT_EQ(usage.prompt, Tokens{7});
    EXPECT_EQ(usage.completion, Tokens{2});
    EXPECT_EQ(usage.source, chat::UsageSource::exact);
}

TEST(OllamaStream, GivesTheMeterAnOldCompletion)
{
    OllamaStream stream({"cmpl-X", 1, Tokens{50}}, StreamForm::completion);
    const std::string events(
        stream.feed(lines({R"({"model":"m","response":"","thinking":"hm","done":false})",
                           R"({"model":"m","response":"Hello","done":false})",
                           R"({"model":"m","response":"","done":true,"done_reason":"length",)"
                           R"("prompt_eval_count":7,"eval_count":2,"context":[1,2]})"})));
    EXPECT_EQ(events.find("context"), std::string::npos);
    StreamMeter meter(chat::Endpoint::completions, true);
    EventBoundary boundary;
    std::vector<EventKind> kinds;
    for (auto rest = std::string_view(events); const auto cut = boundary.first_end(rest);) {
        kinds.push_back(meter.see(rest.substr(0, *cut)).kind);
        rest.remove_prefix(*cut);
    }
    using enum EventKind;
    // What is thought counts as said: the model is at work.
    EXPECT_EQ(kinds, (std::vector{meaningful, meaningful, meaningful, idle, done}));
    EXPECT_TRUE(meter.ended_properly());
    EXPECT_EQ(meter.usage(Tokens{50}).completion, Tokens{2});
    EXPECT_EQ(stream.engine().evaluated, Tokens{7});
}

TEST(OllamaStream, HandsUsageOnOnlyToThoseWhoAsked)
{
    EXPECT_EQ(judge(lines({hello, end})).relayed.find("usage"), std::string::npos);
    EXPECT_NE(judge(lines({hello, end}), UsageWanted::yes).relayed.find(R"("prompt_tokens":7)"),
              std::string::npos);
}

TEST(OllamaStream, TakesALineWithoutItsEnd)
{
    EXPECT_TRUE(judge(std::string(hello) + "\n" + std::string(end)).meter.ended_properly());
}

TEST(OllamaStream, IsCutWithoutALineThatIsDone)
{
    const auto judged = judge(lines({hello, hello}));
    EXPECT_FALSE(judged.meter.ended_properly());
    EXPECT_EQ(judged.kinds.back(), EventKind::meaningful);
}

struct Failing {
    std::string_view line;
    chat::FailureClass kind;
};

class OllamaStreamError : public testing::TestWithParam<Failing> {};

TEST_P(OllamaStreamError, IsAFailureAndNoEnd)
{
    for (const auto& before : {lines({}), lines({hello})}) {
        const auto judged = judge(before + lines({GetParam().line, end}));
        ASSERT_FALSE(judged.kinds.empty());
        EXPECT_EQ(judged.kinds.back(), EventKind::failure);
        EXPECT_FALSE(judged.meter.ended_properly());
        EXPECT_EQ(judged.meter.failure().kind, GetParam().kind) << GetParam().line;
    }
}

INSTANTIATE_TEST_SUITE_P(
    Table, OllamaStreamError,
    testing::Values(
        Failing{R"({"error":"model runner has unexpectedly stopped"})",
                chat::FailureClass::transient},
        Failing{R"({"error":"server busy, please try again.  maximum pending requests exceeded"})",
                chat::FailureClass::overloaded},
        Failing{
            R"({"error":"{\"error\":{\"code\":400,\"message\":\"request (13392 tokens) exceeds )"
            R"(the available context size (8192 tokens)\",)"
            R"(\"type\":\"exceed_context_size_error\"}}"})",
            chat::FailureClass::too_long},
        Failing{R"({"error":"the prompt is longer than the context length currently available to )"
                R"(the model; shorten the prompt"})",
                chat::FailureClass::too_long},
        Failing{R"({"error":"\"m\" does not support thinking"})", chat::FailureClass::unsupported},
        Failing{R"({"error":{"message":"odd","type":"api_error"}})",
                chat::FailureClass::transient}));

TEST(OllamaStream, CallsToolsWithIdsOfItsOwnAndArgumentsToTheLetter)
{
    auto stream = reader();
    const std::string line =
        R"({"message":{"tool_calls":[{"function":{"name":"f","arguments":{"z":1.50,"a":"\u00e9"}}},)"
        R"({"id":"own","function":{"name":"g","arguments":{}}}]},"done":true,"done_reason":"stop"})";
    const std::string events(stream.feed(line + "\n"));
    const auto begin = events.find("data: ", events.find("\n\n")) + 6;
    const auto delta = json::parse(
        events.substr(begin, events.find("\n\n", begin) - begin))["choices"][0]["delta"];
    EXPECT_EQ(delta["tool_calls"][0]["id"], "call_X_0");
    EXPECT_EQ(delta["tool_calls"][0]["function"]["arguments"], R"({"z":1.50,"a":"\u00e9"})");
    EXPECT_EQ(delta["tool_calls"][1]["index"], 1);
    EXPECT_EQ(delta["tool_calls"][1]["id"], "own");
    EXPECT_NE(events.find(R"("finish_reason":"tool_calls")"), std::string::npos);
}

TEST(OllamaStream, CountsItselfWhatTheEngineDidNot)
{
    auto stream = reader();
    const auto uncounted = lines({hello, R"({"message":{"content":""},"done":true})"});
    const std::string events(stream.feed(uncounted));
    EXPECT_NE(events.find(R"("prompt_tokens":50,"completion_tokens":2,)"), std::string::npos);
    EXPECT_EQ(stream.usage(), UsageOrigin::ourselves);
    EXPECT_EQ(stream.engine().evaluated, std::nullopt);
}

TEST(OllamaStream, KeepsTheEnginesDurations)
{
    auto stream = reader();
    const std::string events(stream.feed(lines(
        {R"({"message":{"content":"x"},"done":true,"total_duration":9,"load_duration":1,)"
         R"("prompt_eval_count":3,"prompt_eval_duration":2,"eval_count":1,"eval_duration":4})"})));
    EXPECT_EQ(stream.engine().load, std::chrono::nanoseconds{1});
    EXPECT_EQ(stream.engine().prefill, std::chrono::nanoseconds{2});
    EXPECT_EQ(stream.engine().decode, std::chrono::nanoseconds{4});
    EXPECT_EQ(stream.engine().evaluated, Tokens{3});
    EXPECT_NE(events.find(R"("total_duration":9,"load_duration":1,"prompt_eval_duration":2)"),
              std::string::npos);
}

TEST(OllamaStream, EndsAtALineThatNeverEnds)
{
    auto stream = reader();
    const std::string piece(1024 * 1024, 'x');
    std::string events;
    for (int i = 0; i < 20; ++i) {
        events += stream.feed(piece);
    }
    EXPECT_NE(events.find(R"(data: {"error":)"), std::string::npos);
    EXPECT_TRUE(stream.feed(lines({hello, end})).empty());
}

TEST(OllamaStream, LetsNoCarriageReturnIntoAnEvent)
{
    auto stream = reader();
    const std::string events(
        stream.feed("{\"message\":{\"content\":\"a\"},\r\"logprobs\":[{\"token\":"
                    "\"a\",\"bytes\":[1,\r2]}],\"done\":false}\r\n"));
    EXPECT_EQ(events.find('\r'), std::string::npos);
    EXPECT_NE(events.find("[1, 2]"), std::string::npos);
}

}  // namespace
}  // namespace spillway::dialect
