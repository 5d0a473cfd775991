#include "spillway/ledger/spend_record.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

TEST(DecimalUsd, PrintsExactlyWithoutTrailingZeros)
{
    EXPECT_EQ(decimal_usd(NanoUsd{0}), "0");
    EXPECT_EQ(decimal_usd(NanoUsd{42}), "0.000000042");
    EXPECT_EQ(decimal_usd(NanoUsd{15'000'000'000}), "15");
    EXPECT_EQ(decimal_usd(NanoUsd{1'230'000'000}), "1.23");
    EXPECT_EQ(decimal_usd(NanoUsd{std::numeric_limits<std::int64_t>::max()}),
              "9223372036.854775807");
    EXPECT_EQ(decimal_usd(NanoUsd{std::numeric_limits<std::int64_t>::min()}),
              "-9223372036.854775808");
}

TEST(ParseRequestId, ReadsWhatAnIdPrints)
{
    RequestIdMaker ids{7};
    for (int i = 0; i < 100; ++i) {
        const auto id = ids.next(testing::at_micros(1'795'000'000'000'000 + i));
        EXPECT_EQ(parse_request_id(id.text()), id);
    }
    const RequestId largest{~std::uint64_t{0}, ~std::uint64_t{0}};
    EXPECT_EQ(parse_request_id(largest.text()), largest);
}

TEST(ParseRequestId, AcceptsLowerCase)
{
    EXPECT_EQ(parse_request_id("0000000000000000000000000a"), (RequestId{0, 10}));
}

TEST(ParseRequestId, RefusesWhatIsNoId)
{
    for (const auto* text : {"", "chatcmpl-123", "8ZZZZZZZZZZZZZZZZZZZZZZZZZ",
                             "0000000000000000000000000U", "00000000000000000000000000 "}) {
        EXPECT_FALSE(parse_request_id(text)) << text;
    }
}

TEST(EngineJson, HasWhatIsKnownOnly)
{
    EXPECT_EQ(engine_json({}), "");
    chat::EngineFacts facts;
    facts.queued = Millis{0};
    EXPECT_EQ(engine_json(facts), R"({"queued_ms":0})");
    facts.load = std::chrono::milliseconds{1'500};
    facts.prefill = std::chrono::nanoseconds{7};
    facts.decode = std::chrono::nanoseconds{8};
    facts.evaluated = Tokens{9};
    facts.truncated = true;
    facts.position = 3;
    facts.predicted = Millis{2'000};
    EXPECT_EQ(engine_json(facts),
              R"({"load_ns":1500000000,"prefill_ns":7,"decode_ns":8,"evaluated_tokens":9,)"
              R"("truncated":true,"queued_ms":0,"queue_position":3,)"
              R"("predicted_first_token_ms":2000})");
}

class SpendLogJson : public ::testing::Test {
protected:
    [[nodiscard]] nlohmann::json row() const
    {
        return nlohmann::json::parse(spend_log_json(record_));
    }

    RequestIdMaker ids_{1};
    SpendRecord record_ = testing::full_record(ids_, testing::at_micros(1'795'000'000'123'456));
};

TEST_F(SpendLogJson, TellsWhatTheEngineTold)
{
    EXPECT_TRUE(row()["metadata"]["engine"].is_null());
    record_.engine = R"({"queued_ms":250})";
    EXPECT_EQ(row()["metadata"]["engine"]["queued_ms"], 250);
}

TEST_F(SpendLogJson, HasTheColumnsOfLiteLlm)
{
    const auto json = row();
    EXPECT_EQ(json["request_id"], record_.id.text());
    EXPECT_EQ(json["call_type"], "acompletion");
    EXPECT_EQ(json["api_key"], record_.key_hash);
    EXPECT_EQ(json["model"], "gpt-4o");
    EXPECT_EQ(json["model_id"], "dep-1");
    EXPECT_EQ(json["model_group"], "smart");
    EXPECT_EQ(json["custom_llm_provider"], "openai");
    EXPECT_EQ(json["api_base"], "https://api.example/v1");
    EXPECT_EQ(json["prompt_tokens"], 1'200);
    EXPECT_EQ(json["completion_tokens"], 300);
    EXPECT_EQ(json["total_tokens"], 1'500);
    EXPECT_EQ(json["request_duration_ms"], 1'950);
    EXPECT_EQ(json["end_user"], "anna");
    EXPECT_EQ(json["user"], "u-7");
    EXPECT_EQ(json["team_id"], "research");
    EXPECT_EQ(json["cache_hit"], "False");
    EXPECT_EQ(json["status"], "success");
    EXPECT_EQ(json["request_tags"], nlohmann::json::parse(record_.tags));
}

TEST_F(SpendLogJson, WritesTimesAsRfc3339)
{
    const auto json = row();
    EXPECT_EQ(json["startTime"], "2026-11-18T11:06:40.123456Z");
    EXPECT_EQ(json["completionStartTime"], "2026-11-18T11:06:40.333456Z");
    EXPECT_EQ(json["endTime"], "2026-11-18T11:06:42.073456Z");
}

TEST_F(SpendLogJson, WritesTheSpendExactly)
{
    EXPECT_NE(spend_log_json(record_).find(R"("spend":0.004250001,)"), std::string::npos);
}

TEST_F(SpendLogJson, WritesAnUnknownSpendAsNull)
{
    record_.cost.reset();
    EXPECT_TRUE(row()["spend"].is_null());
}

TEST_F(SpendLogJson, KeepsWhatLiteLlmHasNoColumnFor)
{
    record_.outcome = Outcome::broken;
    record_.at_least = true;
    const auto metadata = row()["metadata"];
    EXPECT_EQ(metadata["usage_source"], "exact");
    EXPECT_EQ(metadata["outcome"], "broken");
    EXPECT_EQ(metadata["why"], "served at the first attempt");
    EXPECT_EQ(metadata["cost_is_at_least"], true);
    EXPECT_EQ(metadata["cached_tokens"], 1'000);
    EXPECT_EQ(row()["status"], "failure");
}

TEST_F(SpendLogJson, StaysJsonWhateverAClientWrote)
{
    record_.tags = R"(["unfinished)";
    record_.end_user = "a\"b\\c\n\x01\xff";
    record_.asked_model = "</script>";
    EXPECT_EQ(row()["request_tags"][0], R"(["unfinished)");
}

}  // namespace
}  // namespace spillway::ledger
