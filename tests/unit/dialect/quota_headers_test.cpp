#include "spillway/dialect/quota_headers.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace spillway::dialect {
namespace {

using namespace std::chrono_literals;
using chat::Allowance;

/// 2026-11-21T10:00:00Z
const WallTime now{std::chrono::seconds{1'795'255'200}};

struct ResetCase {
    std::string name;
    std::string text;
    std::optional<Millis> reset;
};
class Reset : public testing::TestWithParam<ResetCase> {};

TEST_P(Reset, IsRead)
{
    EXPECT_EQ(parse_reset(GetParam().text, now), GetParam().reset);
}

INSTANTIATE_TEST_SUITE_P(
    Forms, Reset,
    testing::Values(ResetCase{"Seconds", "1s", 1s}, ResetCase{"MinutesAndSeconds", "6m0s", 6min},
                    ResetCase{"Milliseconds", "20ms", 20ms},
                    ResetCase{"Fractions", "2m59.56s", 179'560ms},
                    ResetCase{"HoursToSeconds", "1h2m3s", 1h + 2min + 3s},
                    ResetCase{"Microseconds", "820us", 1ms}, ResetCase{"ABareNumber", "12", 12s},
                    ResetCase{"ABareFraction", "0.5", 500ms}, ResetCase{"Blanks", " 3s ", 3s},
                    ResetCase{"ADate", "2026-11-21T10:00:30Z", 30s},
                    ResetCase{"ADateWithAFraction", "2026-11-21T10:00:30.123456Z", 30s},
                    ResetCase{"ADateElsewhere", "2026-11-21T12:01:00+02:00", 60s},
                    ResetCase{"ADateThatIsOver", "2026-11-21T09:00:00Z", 0s},
                    ResetCase{"SecondsSince1970", "1795255207", 7s},
                    ResetCase{"MillisecondsSince1970", "1795255207500", 7'500ms},
                    ResetCase{"AtMostAWeek", "9999h", 24h * 7}, ResetCase{"Nothing", "", {}},
                    ResetCase{"AWord", "soon", {}}, ResetCase{"AMinus", "-5s", {}},
                    ResetCase{"LeadingPoint", ".5s", 500ms}, ResetCase{"Days", "1d", {}},
                    ResetCase{"AnExponent", "1e3s", {}}, ResetCase{"AUnitTooMany", "5sm", {}},
                    ResetCase{"Infinity", "inf", {}},
                    ResetCase{"ADateWithoutAZone", "2026-11-21T10:00:30", {}}),
    [](const auto& tested) { return tested.param.name; });

struct Field {
    std::string name;
    std::string value;
};

TEST(Quota, IsReadFromOpenAisHeaders)
{
    const std::vector<Field> fields{
        {"content-type", "application/json"},     {"x-ratelimit-limit-requests", "60"},
        {"x-ratelimit-remaining-requests", "59"}, {"x-ratelimit-reset-requests", "1s"},
        {"x-ratelimit-limit-tokens", "150000"},   {"x-ratelimit-remaining-tokens", "149984"},
        {"x-ratelimit-reset-tokens", "6m0s"}};
    const auto quota = read_quota(fields, now);
    EXPECT_EQ(quota.requests, (Allowance{59, 1s}));
    EXPECT_EQ(quota.tokens, (Allowance{149'984, 6min}));
}

TEST(Quota, IsReadFromAnthropicsHeaders)
{
    const std::vector<Field> fields{
        {"anthropic-ratelimit-requests-limit", "50"},
        {"anthropic-ratelimit-requests-remaining", "0"},
        {"anthropic-ratelimit-requests-reset", "2026-11-21T10:00:05Z"},
        {"anthropic-ratelimit-input-tokens-remaining", "9000"},
        {"anthropic-ratelimit-input-tokens-reset", "2026-11-21T10:00:20Z"},
        {"anthropic-ratelimit-tokens-remaining", "12000"},
        {"anthropic-ratelimit-tokens-reset", "2026-11-21T10:00:30Z"},
        {"anthropic-ratelimit-output-tokens-remaining", "500"},
        {"anthropic-ratelimit-output-tokens-reset", "2026-11-21T10:00:40Z"}};
    const auto quota = read_quota(fields, now);
    EXPECT_EQ(quota.requests, (Allowance{0, 5s}));
    EXPECT_EQ(quota.tokens, (Allowance{9'000, 20s}));
}

struct VendorCase {
    std::string name;
    std::vector<Field> fields;
    std::optional<Allowance> requests;
    std::optional<Allowance> tokens;
};
class Vendor : public testing::TestWithParam<VendorCase> {};

TEST_P(Vendor, IsUnderstood)
{
    const auto quota = read_quota(GetParam().fields, now);
    EXPECT_EQ(quota.requests, GetParam().requests);
    EXPECT_EQ(quota.tokens, GetParam().tokens);
}

INSTANTIATE_TEST_SUITE_P(
    Words, Vendor,
    testing::Values(VendorCase{"Cerebras",
                               {{"x-ratelimit-limit-requests-day", "14400"},
                                {"x-ratelimit-remaining-requests-day", "14000"},
                                {"x-ratelimit-reset-requests-day", "33011.382"},
                                {"x-ratelimit-remaining-tokens-minute", "59000"},
                                {"x-ratelimit-reset-tokens-minute", "11.5"}},
                               Allowance{14'000, 33'011'382ms},
                               Allowance{59'000, 11'500ms}},
                    VendorCase{"CerebrasByTheMinute",
                               {{"x-ratelimit-remaining-requests-day", "14000"},
                                {"x-ratelimit-reset-requests-day", "33011"},
                                {"x-ratelimit-remaining-requests-minute", "0"},
                                {"x-ratelimit-reset-requests-minute", "45.5"}},
                               Allowance{0, 45'500ms},
                               {}},
                    VendorCase{"BothSpent",
                               {{"x-ratelimit-remaining-requests-minute", "0"},
                                {"x-ratelimit-reset-requests-minute", "45"},
                                {"x-ratelimit-remaining-requests-day", "0"},
                                {"x-ratelimit-reset-requests-day", "3600"}},
                               Allowance{0, 3'600s},
                               {}},
                    VendorCase{"SambaNova",
                               {{"x-ratelimit-remaining-requests", "20"},
                                {"x-ratelimit-reset-requests", "30"},
                                {"x-ratelimit-remaining-requests-day", "3"},
                                {"x-ratelimit-reset-requests-day", "4h17m"}},
                               Allowance{3, 4h + 17min},
                               {}},
                    VendorCase{"Mistral",
                               {{"x-ratelimit-limit-req-minute", "60"},
                                {"x-ratelimit-remaining-req-minute", "59"},
                                {"x-ratelimit-remaining-tokens-minute", "47196"},
                                {"x-ratelimit-remaining-tokens-month", "3950246"},
                                {"x-ratelimit-tokens-query-cost", "2804"}},
                               Allowance{59, 60s},
                               Allowance{47'196, 60s}},
                    VendorCase{"OpenRouter",
                               {{"X-RateLimit-Limit", "50"},
                                {"X-RateLimit-Remaining", "0"},
                                {"X-RateLimit-Reset", "1795255230000"}},
                               Allowance{0, 30s},
                               {}},
                    VendorCase{"TheDraftOfTheIetf",
                               {{"RateLimit-Limit", "100"},
                                {"RateLimit-Remaining", "7"},
                                {"RateLimit-Reset", "50"}},
                               Allowance{7, 50s},
                               {}}),
    [](const auto& tested) { return tested.param.name; });

TEST(Quota, IsSpentWhenNoAnswerTokenIsLeft)
{
    const std::vector<Field> fields{{"anthropic-ratelimit-tokens-remaining", "12000"},
                                    {"anthropic-ratelimit-output-tokens-remaining", "0"},
                                    {"anthropic-ratelimit-output-tokens-reset", "3s"}};
    EXPECT_EQ(read_quota(fields, now).tokens, (Allowance{0, 3s}));
}

TEST(Quota, DoesNotMindTheCaseOfNames)
{
    const std::vector<Field> fields{{"X-RateLimit-Remaining-Requests", "3"}};
    EXPECT_EQ(read_quota(fields, now).requests, (Allowance{3, 60s}));
}

TEST(Quota, IsEmptyWhenNothingIsSaid)
{
    EXPECT_TRUE(read_quota(std::vector<Field>{{"date", "today"}, {"", ""}}, now).empty());
}

TEST(Quota, PassesOverWhatItDoesNotUnderstand)
{
    const std::vector<Field> fields{{"x-ratelimit-remaining-requests", "many"},
                                    {"x-ratelimit-remaining-tokens", "-1"},
                                    {"x-ratelimit-limit", "7"},
                                    {"x-ratelimit-remaining-tokens-prompt", "7"},
                                    {"x-ratelimit-remaining-minute", "7"},
                                    {"ratelimit-policy", "7"},
                                    {"ratelimit", "7"},
                                    {"retry-after", "7"},
                                    {"x-ratelimit-", "7"},
                                    {"x-ratelimit-remaining-audio", "7"},
                                    {"anthropic-ratelimit-unified-status", "allowed"},
                                    {"anthropic-ratelimit-", "7"}};
    EXPECT_TRUE(read_quota(fields, now).empty());
}

}  // namespace
}  // namespace spillway::dialect
