#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "padded.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

using Names = std::vector<std::string>;

Result<chat::RequestFacts> read(std::string_view more)
{
    RequestReader reader;
    const Padded body(R"({"model":"m","messages":[{"content":"x"}],)" + std::string(more) + "}");
    auto facts = reader.read(body.view(), chat::Endpoint::chat);
    if (facts) {
        facts->members.clear();
    }
    return facts;
}

chat::RequestFacts facts_of(std::string_view more)
{
    auto facts = read(more);
    EXPECT_TRUE(facts) << more;
    return facts.value_or(chat::RequestFacts{});
}

TEST(RequestControls, AreAbsentUnlessSent)
{
    const auto controls = facts_of(R"("top_p":1)").controls;
    EXPECT_FALSE(controls.fallbacks);
    EXPECT_FALSE(controls.num_retries);
    EXPECT_FALSE(controls.timeout);
    EXPECT_FALSE(controls.disable_fallbacks);
}

TEST(RequestControls, FallbacksMayBeNamesOrObjects)
{
    EXPECT_EQ(facts_of(R"("fallbacks":["a",{"model":"b","messages":[]},"c"])").controls.fallbacks,
              (Names{"a", "b", "c"}));
}

TEST(RequestControls, FallbacksOfAGroupHoldForThatGroup)
{
    EXPECT_EQ(
        facts_of(R"("fallbacks":[{"m":["a","b"]},{"n":["c"]},{"*":["d"]}])").controls.fallbacks,
        (Names{"a", "b", "d"}));
}

TEST(RequestControls, AnEmptyListIsNotAnAbsentOne)
{
    EXPECT_EQ(facts_of(R"("fallbacks":[])").controls.fallbacks, Names{});
    EXPECT_FALSE(facts_of(R"("fallbacks":null)").controls.fallbacks);
}

TEST(RequestControls, EachKindOfFallbackHasItsList)
{
    const auto controls =
        facts_of(R"("context_window_fallbacks":["w"],"content_policy_fallbacks":[{"m":["p"]}])")
            .controls;
    EXPECT_EQ(controls.context_window_fallbacks, Names{"w"});
    EXPECT_EQ(controls.content_policy_fallbacks, Names{"p"});
}

TEST(RequestControls, TimeoutIsInSeconds)
{
    EXPECT_EQ(facts_of(R"("timeout":1.5)").controls.timeout, Millis{1500});
    EXPECT_EQ(facts_of(R"("timeout":30)").controls.timeout, Millis{30'000});
    EXPECT_FALSE(facts_of(R"("timeout":null)").controls.timeout);
}

TEST(RequestControls, RefusesATimeoutThatCannotBe)
{
    for (const auto* value : {"0", "-1", "1e999", "\"5\"", "[]"}) {
        const auto facts = read(R"("timeout":)" + std::string(value));
        ASSERT_FALSE(facts) << value;
        EXPECT_EQ(facts.error().param(), "timeout");
    }
}

TEST(RequestControls, BoundsTheRetries)
{
    EXPECT_EQ(facts_of(R"("num_retries":3)").controls.num_retries, 3);
    EXPECT_EQ(facts_of(R"("num_retries":99999999999)").controls.num_retries, 100);
    EXPECT_FALSE(read(R"("num_retries":-1)"));
    EXPECT_FALSE(read(R"("num_retries":1.5)"));
}

TEST(RequestControls, FlagsAreBooleans)
{
    const auto controls = facts_of(R"("disable_fallbacks":true,"mock_testing_fallbacks":true,)"
                                   R"("mock_testing_context_window_fallbacks":true,)"
                                   R"("mock_testing_content_policy_fallbacks":true,)"
                                   R"("mock_testing_rate_limit_error":true)")
                              .controls;
    EXPECT_TRUE(controls.disable_fallbacks);
    EXPECT_TRUE(controls.mock_fallbacks);
    EXPECT_TRUE(controls.mock_context_window_fallbacks);
    EXPECT_TRUE(controls.mock_content_policy_fallbacks);
    EXPECT_TRUE(controls.mock_rate_limit_error);
    EXPECT_FALSE(read(R"("disable_fallbacks":"true")"));
}

TEST(RequestControls, TagsComeFromBothPlaces)
{
    EXPECT_EQ(facts_of(R"("tags":["a"],"metadata":{"x":1,"tags":["b","c"]})").tags,
              (Names{"a", "b", "c"}));
}

TEST(RequestControls, ForgivesTagsThatAreNone)
{
    EXPECT_TRUE(facts_of(R"("tags":"a","metadata":{"tags":{"b":1}})").tags.empty());
}

}  // namespace
}  // namespace spillway::dialect
