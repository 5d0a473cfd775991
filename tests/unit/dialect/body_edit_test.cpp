#include "spillway/dialect/body_edit.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "padded.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

using chat::Endpoint;

struct Wish {
    WireRules rules;
    UsageInjection usage = UsageInjection::leave;
    Endpoint endpoint = Endpoint::chat;
    std::string model = "up";
};

std::string edited(std::string_view text, const Wish& wish = {})
{
    RequestReader reader;
    const Padded body(text);
    const auto facts = reader.read(body.view(), wish.endpoint);
    EXPECT_TRUE(facts) << (facts ? "" : facts.error().message());
    if (!facts) {
        return {};
    }
    std::string out;
    const auto edits =
        plan_edits(*facts, body.view(), wish.model, wish.rules, wish.usage, wish.endpoint);
    for (const auto slice : slices(body.view(), edits)) {
        out += slice;
    }
    return out;
}

/// `more` in front of and behind model and messages, as a client may order it.
std::string body_with(std::string_view more)
{
    return R"({"model":"m","messages":[{"content":"x"}],)" + std::string(more) + "}";
}

WireRules renaming()
{
    WireRules rules;
    rules.rename_max_completion_tokens = true;
    return rules;
}

TEST(PlanEdits, ReplacesTheModelAndNothingElse)
{
    EXPECT_EQ(
        edited(
            "{ \"model\" : \"m\" ,\n \"messages\":[ {\"content\": \"\\u00e9 m\"} ], \"top_k\":5}"),
        "{ \"model\" : \"up\" ,\n \"messages\":[ {\"content\": \"\\u00e9 m\"} ], \"top_k\":5}");
}

TEST(PlanEdits, QuotesTheModel)
{
    EXPECT_EQ(edited(R"({"model":"m","messages":[{}]})", {.rules = {}, .model = "a\"b\\c"}),
              R"({"model":"a\"b\\c","messages":[{}]})");
}

TEST(PlanEdits, ChangesNothingWhenAllIsRight)
{
    RequestReader reader;
    const Padded body(R"({"model":"up","messages":[{}]})");
    const auto facts = reader.read(body.view(), Endpoint::chat);
    ASSERT_TRUE(facts);
    const auto edits = plan_edits(*facts, body.view(), "up", {}, UsageInjection::ask);
    EXPECT_TRUE(edits.empty());
    EXPECT_EQ(slices(body.view(), edits), std::vector<std::string_view>{body.view()});
}

TEST(PlanEdits, StripsTheClientsControls)
{
    EXPECT_EQ(
        edited(R"({"fallbacks":["a"],"model":"m","num_retries":1,"timeout":5,"messages":[{}],)"
               R"("disable_fallbacks":true,"mock_testing_rate_limit_error":true,"tags":["t"],)"
               R"("litellm_session_id":"s","cache":{"ttl":1},"guardrails":[],"priority":1,)"
               R"("context_window_fallbacks":[],"content_policy_fallbacks":[],"top_k":1})"),
        R"({"model":"up","messages":[{}],"top_k":1})");
}

TEST(PlanEdits, StripsAControlSpelledWithEscapes)
{
    EXPECT_EQ(edited(body_with(R"("c\u0061che":{},"fallb\u0061cks":[])")),
              R"({"model":"up","messages":[{"content":"x"}]})");
}

TEST(PlanEdits, StripsInFrontOfTheOnlyMember)
{
    EXPECT_EQ(edited(R"({ "tags" : [] , "priority":1 , "model":"m" })",
                     {.rules = {}, .endpoint = Endpoint::other}),
              R"({ "model":"up" })");
}

TEST(PlanEdits, KeepsMetadataOnlyWithStore)
{
    EXPECT_EQ(edited(body_with(R"("metadata":{"tags":["a"]})")),
              R"({"model":"up","messages":[{"content":"x"}]})");
    EXPECT_EQ(edited(body_with(R"("metadata":{"a":"b"},"store":true)")),
              R"({"model":"up","messages":[{"content":"x"}],"metadata":{"a":"b"},"store":true})");
    EXPECT_EQ(edited(body_with(R"("metadata":{"a":"b"},"store":false)")),
              R"({"model":"up","messages":[{"content":"x"}],"store":false})");
}

TEST(PlanEdits, KeepsMetadataOfOtherApis)
{
    EXPECT_EQ(edited(R"({"model":"m","metadata":{"user_id":"u"}})",
                     {.rules = {}, .endpoint = Endpoint::other}),
              R"({"model":"up","metadata":{"user_id":"u"}})");
}

TEST(PlanEdits, TakesOurOwnWishesOutOfMetadata)
{
    struct Row {
        std::string_view metadata;
        std::string_view sent;
    };
    constexpr Row rows[] = {
        {R"({"explain":true})", "{}"},
        {R"({"explain":"true","user_id":"u"})", R"({"user_id":"u"})"},
        {R"({ "user_id" : "u" , "explain" : false })", R"({"user_id" : "u"})"},
        {R"({"no_fallback":true,"a":"b"})", R"({"no_fallback":"true","a":"b"})"},
        {R"({"a":"b","no_fallback":"1"})", R"({"a":"b","no_fallback":"true"})"},
        {R"({"no_fallback":false,"explain":null})", "{}"},
        {R"({"user_id":"explain"})", R"({"user_id":"explain"})"},
        {R"({ "user_id" : "u" })", R"({ "user_id" : "u" })"},
    };
    const Wish other{.rules = {}, .endpoint = Endpoint::other};
    for (const auto& row : rows)
        EXPECT_EQ(edited(R"({"metadata":)" + std::string(row.metadata) + R"(,"model":"m"})", other),
                  R"({"metadata":)" + std::string(row.sent) + R"(,"model":"up"})");
}

TEST(PlanEdits, ReplacesEveryNameOfALengthByTheOneThatIsSet)
{
    WireRules rules;
    rules.overrides = {{"max_output_tokens", "50"}};
    const Wish other{.rules = rules, .endpoint = Endpoint::other};
    for (const std::string name : {"max_tokens", "max_completion_tokens", "max_output_tokens"})
        EXPECT_EQ(edited("{\"" + name + R"(":5000,"model":"m"})", other),
                  R"({"model":"up","max_output_tokens":50})");
}

TEST(PlanEdits, KeepsTheUser)
{
    EXPECT_EQ(edited(body_with(R"("user":"ann")")),
              R"({"model":"up","messages":[{"content":"x"}],"user":"ann"})");
}

TEST(PlanEdits, RenamesMaxCompletionTokens)
{
    EXPECT_EQ(edited(body_with(R"("max_completion_tokens" : 5)"), {renaming()}),
              R"({"model":"up","messages":[{"content":"x"}],"max_tokens" : 5})");
}

TEST(PlanEdits, RenamesAKeySpelledWithEscapes)
{
    EXPECT_EQ(edited(body_with(R"("max_completion_tok\u0065ns":5)"), {renaming()}),
              R"({"model":"up","messages":[{"content":"x"}],"max_tokens":5})");
}

TEST(PlanEdits, LeavesOneLimitWhenTheClientSentTwo)
{
    EXPECT_EQ(edited(body_with(R"("max_tokens":4,"max_completion_tokens":5)"), {renaming()}),
              R"({"model":"up","messages":[{"content":"x"}],"max_tokens":5})");
    EXPECT_EQ(edited(body_with(R"("max_completion_tokens":null,"max_tokens":4)"), {renaming()}),
              R"({"model":"up","messages":[{"content":"x"}],"max_tokens":4})");
}

TEST(PlanEdits, DropsWhatTheDeploymentDoesNotTake)
{
    WireRules rules;
    rules.drop = {"temperature", "x\xC3\xA9", "model"};
    EXPECT_EQ(edited(body_with("\"temperature\":1,\"x\\u00e9\":2,\"top_p\":1"), {rules}),
              R"({"model":"up","messages":[{"content":"x"}],"top_p":1})");
}

TEST(PlanEdits, AddsDefaultsTheClientDidNotSet)
{
    WireRules rules;
    rules.defaults = {{"temperature", "0.5"}, {"top_p", "1"}, {"temperature", "0.7"}};
    EXPECT_EQ(edited(body_with(R"("top_p":0.1)"), {rules}),
              R"({"model":"up","temperature":0.5,"messages":[{"content":"x"}],"top_p":0.1})");
}

TEST(PlanEdits, TakesEitherTokenLimitForSet)
{
    WireRules rules;
    rules.defaults = {{"max_tokens", "100"}};
    EXPECT_EQ(edited(body_with(R"("max_completion_tokens":5)"), {rules}),
              R"({"model":"up","messages":[{"content":"x"}],"max_completion_tokens":5})");
}

TEST(PlanEdits, AddsARenamedDefaultUnderItsNewName)
{
    auto rules = renaming();
    rules.defaults = {{"max_completion_tokens", "9"}};
    EXPECT_EQ(edited(R"({"model":"m","messages":[{}]})", {rules}),
              R"({"model":"up","max_tokens":9,"messages":[{}]})");
}

TEST(PlanEdits, AsksForUsageInStreams)
{
    const Wish wish{.rules = {}, .usage = UsageInjection::ask};
    EXPECT_EQ(
        edited(body_with(R"("stream":true)"), wish),
        R"({"model":"up","stream_options":{"include_usage":true},"messages":[{"content":"x"}],"stream":true})");
    EXPECT_EQ(edited(body_with(R"("stream":false)"), wish),
              R"({"model":"up","messages":[{"content":"x"}],"stream":false})");
}

struct Options {
    std::string before;
    std::string after;
};

class StreamOptions : public testing::TestWithParam<Options> {};

TEST_P(StreamOptions, AreEditedInPlace)
{
    EXPECT_EQ(edited(body_with("\"stream\":true,\"stream_options\":" + GetParam().before),
                     {.rules = {}, .usage = UsageInjection::ask}),
              R"({"model":"up","messages":[{"content":"x"}],"stream":true,"stream_options":)" +
                  GetParam().after + "}");
}

INSTANTIATE_TEST_SUITE_P(
    PlanEdits, StreamOptions,
    testing::Values(Options{"null", R"({"include_usage":true})"},
                    Options{"{}", R"({"include_usage":true})"},
                    Options{"{ }", R"({"include_usage":true })"},
                    Options{R"({"include_usage":false})", R"({"include_usage":true})"},
                    Options{R"({"a":{"include_usage":false},"include_usage":null})",
                            R"({"a":{"include_usage":false},"include_usage":true})"},
                    Options{R"({"include_obfuscation":false})",
                            R"({"include_usage":true,"include_obfuscation":false})"},
                    Options{R"({"include_usage":true})", R"({"include_usage":true})"}));

TEST(PlanEdits, NeverTouchesStreamOptionsOfOtherEndpoints)
{
    EXPECT_EQ(edited(R"({"model":"m","stream":true})",
                     {.rules = {}, .usage = UsageInjection::ask, .endpoint = Endpoint::other}),
              R"({"model":"up","stream":true})");
}

TEST(PlanEdits, TakesStreamOptionsAwayFromWhoDoesNotKnowThem)
{
    WireRules rules;
    rules.no_stream_options = true;
    EXPECT_EQ(edited(body_with(R"("stream":true,"stream_options":{"include_usage":true})"),
                     {rules, UsageInjection::ask}),
              R"({"model":"up","messages":[{"content":"x"}],"stream":true})");
}

/// Any members in any order with any rules: the result is what a parser would have made of it.
class RandomBody : public testing::TestWithParam<int> {};

TEST_P(RandomBody, StaysValidJsonWithTheModelAskedFor)
{
    std::mt19937 random(static_cast<unsigned>(GetParam()));
    const std::vector<std::string> pool{R"("fallbacks":["a"])",
                                        R"("tags" : [])",
                                        R"("metadata":{"a":"b"})",
                                        R"("stream":true)",
                                        R"("stream_options":{ "include_usage" : false })",
                                        R"("max_tokens":1)",
                                        R"("max_completion_tokens": 2)",
                                        R"("temperature":1)",
                                        R"("top_p":1)",
                                        R"("store":true)",
                                        R"("user":"u")",
                                        R"("litellm_x":{"y":[1,2,{"z":"}"}]})",
                                        R"("\u0061":"\"")"};
    for (int round = 0; round < 300; ++round) {
        auto members = pool;
        std::shuffle(members.begin(), members.end(), random);
        members.resize(random() % members.size());
        members.insert(
            members.begin() + static_cast<std::ptrdiff_t>(random() % (members.size() + 1)),
            R"("model" : "m")");
        members.insert(
            members.begin() + static_cast<std::ptrdiff_t>(random() % (members.size() + 1)),
            R"("messages":[{"content":"x"}])");
        std::string body = "{";
        for (const auto& member : members) {
            body += (body.size() > 1 ? random() % 2 == 0 ? "," : " ,\n " : "") + member;
        }
        body += "}";
        Wish wish;
        wish.rules.rename_max_completion_tokens = random() % 2 == 0;
        wish.rules.no_stream_options = random() % 4 == 0;
        wish.usage = random() % 2 == 0 ? UsageInjection::ask : UsageInjection::leave;
        if (random() % 2 == 0) {
            wish.rules.drop = {"temperature", "user", "a"};
            wish.rules.defaults = {{"seed", "7"}, {"max_tokens", "3"}};
        }
        const auto result = edited(body, wish);
        const auto parsed = nlohmann::json::parse(result, nullptr, false);
        ASSERT_FALSE(parsed.is_discarded()) << body << "\n" << result;
        ASSERT_EQ(parsed["model"], "up");
        ASSERT_FALSE(parsed.contains("fallbacks"));
    }
}

INSTANTIATE_TEST_SUITE_P(PlanEdits, RandomBody, testing::Range(0, 10));

}  // namespace
}  // namespace spillway::dialect
