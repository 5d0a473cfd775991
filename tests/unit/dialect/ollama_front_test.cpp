// What the files of tests/golden/ollama_front do not show.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>

#include "padded.hpp"
#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/ollama_front_request.hpp"
#include "spillway/dialect/ollama_front_stream.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

using chat::ClientForm;
using nlohmann::json;

constexpr WallTime noon{std::chrono::seconds{1'700'000'000}};

Result<OllamaFrontRequest> read(const std::string& body, ClientForm form = ClientForm::ollama_chat)
{
    const Padded padded(body);
    return read_ollama_request(padded.view(), form);
}

json body_of(const std::string& body, ClientForm form = ClientForm::ollama_chat)
{
    const auto request = read(body, form);
    return request ? json::parse(request->body) : json(request.error().message());
}

json sent_to(const WireRules& rules, const OllamaFrontRequest& request)
{
    RequestReader reader;
    const Padded body(request.body);
    auto facts = reader.read(body.view(), request.endpoint);
    EXPECT_TRUE(facts);
    facts->ollama_only = request.thoughts;
    const auto edits = plan_edits(*facts, body.view(), "m", rules, UsageInjection::leave);
    std::string out;
    for (const auto slice : slices(body.view(), edits))
        out += slice;
    return json::parse(out);
}

TEST(OllamaFrontRequest, TellsWhatModelsThoughtToAnOllamaOnly)
{
    const auto request = read(R"({"model":"m","messages":[{"role":"user","content":"a"},
        {"role":"assistant","content":"b","thinking":"hm"},
        {"role":"assistant","thinking":"oh","tool_calls":[{"function":{"name":"f"}}]},
        {"role":"user","content":"c"}]})");
    ASSERT_TRUE(request);
    WireRules ollama;
    ollama.speaks_ollama = true;
    auto messages = sent_to(ollama, *request)["messages"];
    EXPECT_EQ(messages[1]["reasoning_content"], "hm");
    EXPECT_EQ(messages[2]["reasoning_content"], "oh");
    messages[1].erase("reasoning_content");
    messages[2].erase("reasoning_content");
    EXPECT_EQ(sent_to({}, *request)["messages"], messages);
}

TEST(OllamaFrontRequest, RefusesWhatIsNoJson)
{
    for (const auto* body : {"", "{", "{\"model\":\"m\",}", "[1]", "\"m\"", "{\"model\":\"m\"} x",
                             "{\"model\":7,\"messages\":[]}"})
        EXPECT_FALSE(read(body)) << body;
}

TEST(OllamaFrontRequest, DoesNotFollowNestingIntoTheGround)
{
    std::string deep(100'000, '[');
    EXPECT_FALSE(read(R"({"model":"m","messages":)" + deep));
    EXPECT_FALSE(read(R"({"model":"m","messages":[{"role":"user","content":)" + deep));
}

TEST(OllamaFrontRequest, TakesAJpegWhoseSlashesAreEscaped)
{
    const auto body = body_of(
        R"({"model":"m","messages":[{"role":"user","content":"","images":["\/9j\/4A=="]}]})");
    EXPECT_EQ(
        body["messages"][0]["content"],
        json::parse(
            R"([{"type":"image_url","image_url":{"url":"data:image/jpeg;base64,/9j/4A=="}}])"));
}

TEST(OllamaFrontRequest, GivesAResultTheIdOfItsCallByOrderWhenNothingNamesIt)
{
    const auto body = body_of(R"({"model":"m","messages":[
        {"role":"assistant","content":"","tool_calls":[{"function":{"name":"a","arguments":{}}},
                                                      {"function":{"name":"b","arguments":{}}}]},
        {"role":"tool","content":"1"},{"role":"tool","content":"2"}]})");
    const auto& messages = body["messages"];
    EXPECT_EQ(messages[1]["tool_call_id"], messages[0]["tool_calls"][0]["id"]);
    EXPECT_EQ(messages[2]["tool_call_id"], messages[0]["tool_calls"][1]["id"]);
    EXPECT_NE(messages[1]["tool_call_id"], messages[2]["tool_call_id"]);
}

TEST(OllamaFrontRequest, TakesArgumentsThatAreAStringAlready)
{
    const auto body = body_of(R"({"model":"m","messages":[{"role":"assistant","content":"",
        "tool_calls":[{"function":{"name":"a","arguments":"{\"x\":1}"}}]}]})");
    EXPECT_EQ(body["messages"][0]["tool_calls"][0]["function"]["arguments"], R"({"x":1})");
}

TEST(OllamaFrontRequest, UnloadsOnlyWhenTheModelIsToBeKeptForNoTime)
{
    using Wish = OllamaFrontRequest::Wish;
    EXPECT_EQ(read(R"({"model":"m"})")->wish, Wish::load);
    EXPECT_EQ(read(R"({"model":"m","keep_alive":"5m"})")->wish, Wish::load);
    EXPECT_EQ(read(R"({"model":"m","keep_alive":0})")->wish, Wish::unload);
    EXPECT_EQ(read(R"({"model":"m","keep_alive":"0s"})")->wish, Wish::unload);
    EXPECT_EQ(
        read(R"({"model":"m","prompt":"x","keep_alive":0})", ClientForm::ollama_generate)->wish,
        Wish::answer);
}

TEST(OllamaFrontRequest, SaysToOtherVendorsNothingThatOnlyOllamaKnows)
{
    const auto request = read(
        R"({"model":"m","think":"low","keep_alive":"1h","options":{"top_k":3,"temperature":0.5},
            "messages":[{"role":"user","content":"hi"}]})");
    ASSERT_TRUE(request);
    const Padded body(request->body);
    RequestReader reader;
    const auto facts = reader.read(body.view(), request->endpoint);
    ASSERT_TRUE(facts);
    const auto edits = plan_edits(*facts, body.view(), "gpt-4o", {}, UsageInjection::leave);
    std::string edited;
    for (const auto slice : slices(body.view(), edits))
        edited += slice;
    EXPECT_EQ(json::parse(edited),
              json::parse(R"({"model":"gpt-4o","messages":[{"role":"user","content":"hi"}],
                              "temperature":0.5,"reasoning_effort":"low","stream":true,
                              "stream_options":{"include_usage":true}})"));
}

TEST(OllamaFrontRequest, LeavesToAnOllamaWhatItKnows)
{
    const Padded body(
        R"({"model":"m","think":true,"options":{"top_k":3},"messages":[{"role":"user","content":"x"}]})");
    RequestReader reader;
    const auto facts = reader.read(body.view(), chat::Endpoint::chat);
    ASSERT_TRUE(facts);
    WireRules rules;
    rules.speaks_ollama = true;
    EXPECT_TRUE(plan_edits(*facts, body.view(), "m", rules, UsageInjection::leave).empty());
    EXPECT_EQ(plan_edits(*facts, body.view(), "m", {}, UsageInjection::leave).size(), 1U);
    // Other APIs have words of their own.
    EXPECT_TRUE(
        plan_edits(*facts, body.view(), "m", {}, UsageInjection::leave, chat::Endpoint::other)
            .empty());
}

TEST(OllamaFrontRequest, SaysRawToAnOllamaOnly)
{
    const Padded body(R"({"model":"m","prompt":"x","raw":true})");
    RequestReader reader;
    const auto facts = reader.read(body.view(), chat::Endpoint::completions);
    ASSERT_TRUE(facts);
    WireRules ollama;
    ollama.speaks_ollama = true;
    const auto edits = [&](const WireRules& rules) {
        return plan_edits(*facts, body.view(), "m", rules, UsageInjection::leave,
                          chat::Endpoint::completions);
    };
    EXPECT_TRUE(edits(ollama).empty());
    EXPECT_EQ(edits({}).size(), 1U);
}

TEST(OllamaFrontStream, EndsATextWithItsContext)
{
    OllamaFrontStream stream({ClientForm::ollama_generate, "m"});
    const auto said = json::parse(stream.take(
        "data: {\"choices\":[{\"text\":\"a\",\"reasoning_content\":\"hm\"}]}\n\n", noon));
    EXPECT_EQ(said["response"], "a");
    EXPECT_EQ(said["thinking"], "hm");
    (void)stream.take("data: {\"choices\":[],\"usage\":{},\"context\":[1,\ndata: 2]}\n\n", noon);
    const std::string last(stream.finish({}, noon));
    EXPECT_EQ(std::count(last.begin(), last.end(), '\n'), 1);
    EXPECT_EQ(json::parse(last)["context"], json::parse("[1,2]"));
}

TEST(OllamaFrontStream, HidesThoughtsFromWhoAskedForNone)
{
    OllamaFrontStream stream({ClientForm::ollama_chat, "m", OllamaThinking::hidden});
    EXPECT_EQ(stream.take("data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\"}}]}\n\n", noon),
              "");
    const auto line = json::parse(stream.take(
        "data: {\"choices\":[{\"delta\":{\"reasoning\":\"hm\",\"content\":\"a\"}}]}\n\n", noon));
    EXPECT_FALSE(line["message"].contains("thinking"));
    EXPECT_EQ(line["message"]["content"], "a");
}

TEST(OllamaFrontStream, EndsWithCountsThatTheUpstreamDidNotReport)
{
    OllamaFrontStream stream({ClientForm::ollama_generate, "m"});
    (void)stream.take("data: {\"choices\":[{\"text\":\"a\",\"finish_reason\":\"stop\"}]}\n\n",
                      noon);
    OllamaMeasures measures;
    measures.prompt = Tokens{3};
    measures.generated = Tokens{1};
    measures.truncated = true;
    const auto line = json::parse(stream.finish(measures, noon));
    EXPECT_EQ(line["prompt_eval_count"], 3);
    EXPECT_EQ(line["eval_count"], 1);
    EXPECT_EQ(line["truncated"], true);
    EXPECT_EQ(line["done"], true);
    EXPECT_EQ(line["response"], "");
}

TEST(OllamaFrontStream, GivesUpOnToolCallsWithoutEnd)
{
    OllamaFrontStream stream({ClientForm::ollama_chat, "m"});
    const std::string megabyte(1'000'000, 'x');
    const auto event =
        R"(data: {"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"name":"f","arguments":")" +
        megabyte + "\"}}]}}]}\n\n";
    std::string lines;
    for (int i = 0; i < 20; ++i)
        lines.append(stream.take(event, noon));
    EXPECT_TRUE(json::parse(lines).contains("error"));
    EXPECT_EQ(stream.finish({}, noon), "");
}

TEST(OllamaEmptyAnswer, HasTheShapeOfItsEndpoint)
{
    EXPECT_EQ(json::parse(ollama_empty_answer({ClientForm::ollama_chat, "m"}, "load", noon)),
              json::parse(R"({"model":"m","created_at":"2023-11-14T22:13:20.000000Z",
                  "message":{"role":"assistant","content":""},"done":true,"done_reason":"load"})"));
    EXPECT_EQ(ollama_empty_answer({ClientForm::ollama_embeddings, "m"}, "load", noon),
              R"({"embedding":[]})");
}

}  // namespace
}  // namespace spillway::dialect
