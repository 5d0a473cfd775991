#include "spillway/gateway/verification.hpp"

#include <gtest/gtest.h>

#include "spillway/gateway/cascade.hpp"

namespace spillway::gateway {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint noon{1'000h};

std::string says(std::string_view text, std::string_view finish = "")
{
    return R"(data: {"choices":[{"index":0,"delta":{"content":")" + std::string(text) +
           R"("},"finish_reason":")" + std::string(finish) + "\"}]}\n\n";
}

TEST(Verification, HoldsUntilSoManyTokensOrSoLong)
{
    config::RouteVerify wish;
    wish.hold_tokens = 3;
    wish.hold_time = 100ms;
    Verification counted(wish, "{}");
    EXPECT_TRUE(counted.holds(noon));
    counted.add(says("a"), noon);
    EXPECT_EQ(counted.hold_until(), noon + 100ms);
    EXPECT_TRUE(counted.holds(noon + 99ms));
    EXPECT_FALSE(counted.holds(noon + 100ms));
    counted.add(says("b"), noon);
    EXPECT_TRUE(counted.holds(noon));
    counted.add(says("c"), noon);
    EXPECT_FALSE(counted.holds(noon));
}

TEST(Verification, WithoutAHoldLetsStreamsGo)
{
    config::RouteVerify wish;
    wish.hold_tokens = 0;
    const Verification none(wish, "{}");
    EXPECT_FALSE(none.holds_streams());
    EXPECT_FALSE(none.holds(noon));
}

TEST(Verification, JudgesAStreamByWhatCame)
{
    Verification checked({}, "{}");
    checked.add(says("I cannot help with that."), noon);
    EXPECT_EQ(checked.judge_stream(review::Extent::beginning), review::Fault::refused);
    Verification cut({}, "{}");
    cut.add(says("It begins", "length"), noon);
    EXPECT_EQ(cut.judge_stream(review::Extent::beginning), std::nullopt);
    EXPECT_EQ(cut.judge_stream(review::Extent::whole), review::Fault::cut);
}

TEST(Verification, JudgesByTheRequestsOwnSchema)
{
    const Verification checked({}, R"({"response_format":{"type":"json_object"}})");
    const auto answer = [](std::string_view text) {
        return R"({"choices":[{"message":{"content":")" + std::string(text) +
               R"("},"finish_reason":"stop"}]})";
    };
    EXPECT_EQ(checked.judge(answer("no")), review::Fault::not_json);
    EXPECT_EQ(checked.judge(answer("{}")), std::nullopt);
    EXPECT_EQ(checked.judge("no answer at all"), std::nullopt);
}

TEST(Verification, DoesNotJudgeWhatIsTooLong)
{
    Verification checked({}, "{}");
    checked.add(says(std::string(std::size_t{1} << 20U, 'x'), "length"), noon);
    EXPECT_EQ(checked.judge_stream(review::Extent::whole), std::nullopt);
}

TEST(ShowCascade, StandsInHeadersAndReasonAndReplacesWhatStoodThere)
{
    InferenceRequest request;
    auto routing = std::make_unique<Routing>();
    routing->lines = "x-spillway-rule: r\r\nx-spillway-reason: why\r\nx-spillway-privacy: p\r\n";
    auto taken = std::make_shared<ledger::RouteTaken>();
    taken->reason = "why";
    routing->taken = std::move(taken);
    request.routing = std::move(routing);
    show_cascade(request, "escalated:cut");
    EXPECT_EQ(request.routing->lines,
              "x-spillway-rule: r\r\nx-spillway-reason: why; cascade=escalated:cut\r\n"
              "x-spillway-privacy: p\r\nx-spillway-cascade: escalated:cut\r\n");
    show_cascade(request, "kept:cut");
    EXPECT_EQ(request.routing->lines,
              "x-spillway-rule: r\r\nx-spillway-reason: why; cascade=kept:cut\r\n"
              "x-spillway-privacy: p\r\nx-spillway-cascade: kept:cut\r\n");
    EXPECT_EQ(request.routing->taken->reason, "why; cascade=kept:cut");
}

}  // namespace
}  // namespace spillway::gateway
