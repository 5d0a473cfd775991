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
    EXPECT_TRUE(facts_of(R"("tags":7,"metadata":{"tags":{"b":1}})").tags.empty());
    EXPECT_EQ(facts_of(R"("tags":"a","metadata":{"tags":" b,,c d "})").tags,
              (Names{"a", "b", "c d"}));
    EXPECT_EQ(facts_of("\"tags\":\"" + std::string(20'000, ',') + "\"").tags.size(), 1U);
}

TEST(RequestControls, WishesInMetadataAreReadAsClientsWriteThem)
{
    for (const auto* place : {"metadata", "litellm_metadata"}) {
        const auto with = [place](std::string_view member, std::string_view value) {
            return facts_of("\"" + std::string(place) + "\":{\"a\":\"b\",\"" + std::string(member) +
                            "\":" + std::string(value) + "}");
        };
        for (const auto* yes : {"true", R"("true")", R"("True")", R"("TRUE")", "1", R"("1")"}) {
            EXPECT_TRUE(with("no_fallback", yes).stay_local) << place << yes;
            EXPECT_TRUE(with("explain", yes).explain) << place << yes;
        }
        for (const auto* no : {"false", R"("False")", "null", "0", R"("0")", R"("")"}) {
            EXPECT_FALSE(with("no_fallback", no).stay_local) << place << no;
            EXPECT_FALSE(with("explain", no).explain) << place << no;
        }
    }
}

TEST(RequestControls, OneYesIsEnough)
{
    EXPECT_TRUE(facts_of(R"("metadata":{"no_fallback":"true"},"litellm_metadata":)"
                         R"({"no_fallback":false})")
                    .stay_local);
    EXPECT_TRUE(facts_of(R"("metadata":{"no_fallback":true,"no_fallback":false})").stay_local);
    EXPECT_TRUE(facts_of(R"("metadata":{"no\u005ffallback":"\u0074rue"})").stay_local);
}

TEST(RequestControls, RefusesAWishThatIsNeitherYesNorNo)
{
    for (const auto* value : {R"("yes")", "2", "1.0", "{}", "[true]", R"(" true")"}) {
        const auto facts = read(R"("metadata":{"no_fallback":)" + std::string(value) + "}");
        ASSERT_FALSE(facts) << value;
        EXPECT_EQ(facts.error().param(), "metadata.no_fallback");
        EXPECT_NE(facts.error().message().find("metadata.no_fallback"), std::string::npos);
    }
    const auto other = read(R"("litellm_metadata":{"explain":"maybe"})");
    ASSERT_FALSE(other);
    EXPECT_EQ(other.error().param(), "litellm_metadata.explain");
}

TEST(RequestControls, WishesHoldForOtherEndpoints)
{
    RequestReader reader;
    const Padded body(R"({"model":"m","input":"x","metadata":{"no_fallback":"true"}})");
    for (const auto endpoint : {chat::Endpoint::other, chat::Endpoint::embeddings}) {
        const auto facts = reader.read(body.view(), endpoint);
        ASSERT_TRUE(facts);
        EXPECT_TRUE(facts->stay_local);
    }
}

/// `text` as a JSON string.
std::string in_quotes(std::string_view text)
{
    std::string out = "\"";
    for (const char c : text) {
        out += c == '"' || c == '\\' ? std::string("\\") + c : std::string(1, c);
    }
    return out + "\"";
}

TEST(RequestControls, MetadataInATextAreHeardAsTheJsonTheyAre)
{
    for (const auto* place : {"metadata", "litellm_metadata"}) {
        const auto with = [place](const std::string& value) {
            return facts_of("\"" + std::string(place) + "\":" + value);
        };
        const auto* said = R"({"tags":["a"],"no_fallback":"true","explain":1})";
        for (const auto& value : {in_quotes(said), in_quotes(in_quotes(said)), in_quotes("  "),
                                  in_quotes(R"({"no_fallback":false})")}) {
            const bool holds = value.find("tags") != std::string::npos;
            const auto facts = with(value);
            EXPECT_EQ(facts.stay_local, holds) << value;
            EXPECT_EQ(facts.explain, holds) << value;
            EXPECT_EQ(facts.tags, holds ? Names{"a"} : Names{}) << value;
        }
    }
    EXPECT_TRUE(facts_of(R"("metadata":"{\"no\\u005ffallback\":true}")").stay_local);
}

TEST(RequestControls, ATextOfMetadataMayBeAnything)
{
    for (const auto* text : {"", "a note", "{", "{'tags': ['a']}", "[1]", "true", "{\"a\":1} b"}) {
        const auto facts = facts_of("\"metadata\":" + in_quotes(text));
        EXPECT_FALSE(facts.stay_local) << text;
        EXPECT_TRUE(facts.tags.empty()) << text;
    }
}

TEST(RequestControls, RefusesATextThatMayMeanThatTheRequestStays)
{
    const std::string wrapped =
        in_quotes(in_quotes(in_quotes(in_quotes(in_quotes(R"({"no_fallback":true})")))));
    for (const auto& value :
         {in_quotes("{'no_fallback': True}"), in_quotes(R"({"no_fallback":true)"),
          in_quotes(R"({"a":1,"no_fallback":true} x)"), in_quotes("no_fallback=true"), wrapped}) {
        const auto facts = read("\"metadata\":" + value);
        ASSERT_FALSE(facts) << value;
        EXPECT_EQ(facts.error().code(), Errc::invalid_request);
        EXPECT_EQ(facts.error().param(), "metadata");
    }
    const auto vague = read("\"litellm_metadata\":" + in_quotes(R"({"no_fallback":"perhaps"})"));
    ASSERT_FALSE(vague);
    EXPECT_EQ(vague.error().param(), "litellm_metadata.no_fallback");
}

}  // namespace
}  // namespace spillway::dialect
