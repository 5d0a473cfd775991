#include "spillway/dialect/openai_reply.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace spillway::dialect {
namespace {

using chat::VectorEncoding;
using nlohmann::json;

TEST(ErrorBody, AlwaysHasItsFourKeys)
{
    const auto body =
        json::parse(error_body(Error{Errc::unknown_model, "no \"x\"\n"}.about("model")));
    EXPECT_EQ(body, (json{{"error",
                           {{"message", "no \"x\"\n"},
                            {"type", "invalid_request_error"},
                            {"param", "model"},
                            {"code", "model_not_found"}}}}));
    EXPECT_EQ(json::parse(error_body(Error{Errc::internal, ""}))["error"]["param"], nullptr);
}

TEST(ErrorBody, SaysTheKindsSentenceWhenThereIsNoOther)
{
    EXPECT_EQ(json::parse(error_body(Error{Errc::draining, ""}))["error"]["message"],
              std::string(describe(Errc::draining).sentence));
}

TEST(ErrorEvent, IsOneEventWithoutDone)
{
    const auto event = error_event(Error{Errc::stream_broken, "cut"});
    EXPECT_EQ(event.substr(0, 6), "data: ");
    EXPECT_EQ(event.find("\n\n"), event.size() - 2);
    EXPECT_EQ(event.find("[DONE]"), std::string::npos);
}

TEST(ErrorEvent, ForResponsesIsAnErrorAndAFailedResponse)
{
    const auto events = responses_error_events(Error{Errc::stream_broken, "cut"});
    const auto second = events.find("\n\n") + 2;
    EXPECT_EQ(events.substr(0, 19), "event: error\ndata: ");
    EXPECT_EQ(json::parse(events.substr(19, second - 21))["error"]["message"], "cut");
    constexpr std::string_view head = "event: response.failed\ndata: ";
    ASSERT_EQ(events.substr(second, head.size()), head);
    EXPECT_EQ(json::parse(events.substr(second + head.size()))["response"]["error"]["message"],
              "cut");
}

constexpr std::string_view floats =
    R"({"object":"list", "data":[{"object":"embedding","index":0,"embedding":[1, -0.5,0.25]},)"
    R"({"embedding":[3e0],"index":1}],"model":"m" ,"usage":{"prompt_tokens":1,"total_tokens":1}})";
constexpr std::string_view base64 =
    R"({"object":"list", "data":[{"object":"embedding","index":0,"embedding":"AACAPwAAAL8AAIA+"},)"
    R"({"embedding":"AABAQA==","index":1}],"model":"m" ,"usage":{"prompt_tokens":1,"total_tokens":1}})";

TEST(RecodeEmbeddings, MakesBase64OfFloatsAndKeepsTheRest)
{
    EXPECT_EQ(recode_embeddings(std::string(floats), VectorWish{VectorEncoding::base64}),
              std::string(base64));
}

TEST(RecodeEmbeddings, MakesFloatsOfBase64)
{
    const auto recoded = recode_embeddings(std::string(base64), VectorWish{VectorEncoding::floats});
    ASSERT_TRUE(recoded);
    EXPECT_EQ(json::parse(*recoded), json::parse(floats));
}

TEST(RecodeEmbeddings, LeavesWhatIsAlreadyRight)
{
    EXPECT_EQ(recode_embeddings(std::string(floats), VectorWish{VectorEncoding::floats}),
              std::string(floats));
    EXPECT_EQ(recode_embeddings(std::string(base64), VectorWish{VectorEncoding::base64}),
              std::string(base64));
}

TEST(RecodeEmbeddings, LosesNoBitOfAFloat)
{
    const std::string awkward =
        R"({"data":[{"embedding":[0.1,1.17549435e-38,3.4028235e38,-0.0,1e-45,16777217,0.30000001]}]})";
    const auto once = recode_embeddings(awkward, VectorWish{VectorEncoding::base64});
    ASSERT_TRUE(once);
    const auto back = recode_embeddings(*once, VectorWish{VectorEncoding::floats});
    ASSERT_TRUE(back);
    EXPECT_EQ(recode_embeddings(*back, VectorWish{VectorEncoding::base64}), *once);
}

TEST(RecodeEmbeddings, RoundsWhatIsTooSmallForAFloatToZero)
{
    EXPECT_EQ(recode_embeddings(R"({"data":[{"embedding":[1e-60]}]})",
                                VectorWish{VectorEncoding::base64}),
              std::string(R"({"data":[{"embedding":"AAAAAA=="}]})"));
}

TEST(RecodeEmbeddings, TakesAnEmptyList)
{
    EXPECT_TRUE(recode_embeddings(R"({"data":[]})", VectorWish{VectorEncoding::base64}));
}

constexpr std::string_view three_four = R"({"data":[{"embedding":[3,4,0]}]})";

TEST(FitEmbeddings, BringsVectorsToLengthOneAndLeavesThoseThatHaveIt)
{
    VectorWish wish;
    wish.length = VectorWish::Length::unit;
    EXPECT_EQ(recode_embeddings(std::string(three_four), wish),
              std::string(R"({"data":[{"embedding":[0.6,0.8,0]}]})"));
    const std::string unit = R"({"data":[{"embedding":[0.60000, 0.8]},{"embedding":[0,0]}]})";
    EXPECT_EQ(recode_embeddings(unit, wish), unit);
}

TEST(FitEmbeddings, NormalisesInEitherEncoding)
{
    VectorWish wish;
    wish.length = VectorWish::Length::unit;
    wish.encoding = VectorEncoding::base64;
    const auto coded = recode_embeddings(std::string(three_four), wish);
    ASSERT_TRUE(coded);
    EXPECT_EQ(recode_embeddings(*coded, VectorWish{VectorEncoding::floats}),
              std::string(R"({"data":[{"embedding":[0.6,0.8,0]}]})"));
    EXPECT_EQ(recode_embeddings(*coded, wish), *coded);
}

TEST(FitEmbeddings, TakesTheDimensionThatWasAskedForAndNoOther)
{
    VectorWish wish;
    wish.dimensions = 3;
    EXPECT_EQ(recode_embeddings(std::string(three_four), wish), std::string(three_four));
    for (const std::size_t other : {2U, 4U}) {
        wish.dimensions = other;
        const auto refused = recode_embeddings(std::string(three_four), wish);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code(), Errc::upstream_bad_reply);
        EXPECT_NE(refused.error().message().find("3 dimensions; " + std::to_string(other)),
                  std::string::npos);
    }
}

TEST(FitEmbeddings, CutsOnlyWhereThatIsWishedAndOnlyWhatIsLonger)
{
    VectorWish wish;
    wish.surplus = VectorWish::Surplus::cut;
    wish.dimensions = 1;
    EXPECT_EQ(recode_embeddings(std::string(three_four), wish),
              std::string(R"({"data":[{"embedding":[1]}]})"));
    wish.dimensions = 4;
    EXPECT_FALSE(recode_embeddings(std::string(three_four), wish));
}

class NoEmbeddings : public testing::TestWithParam<std::string> {};

TEST_P(NoEmbeddings, AreABadReply)
{
    for (const auto wanted : {VectorEncoding::base64, VectorEncoding::floats}) {
        const auto recoded = recode_embeddings(GetParam(), VectorWish{wanted});
        ASSERT_FALSE(recoded);
        EXPECT_EQ(recoded.error().code(), Errc::upstream_bad_reply);
    }
}

INSTANTIATE_TEST_SUITE_P(RecodeEmbeddings, NoEmbeddings,
                         testing::Values("", "[]", "{}", "hello", R"({"data":{}})",
                                         R"({"data":[1]})", R"({"data":[{"embedding":{}}]})",
                                         R"({"data":[{"embedding":null}]})", R"({"data":[)"));

TEST(RecodeEmbeddings, RefusesVectorsThatAreNone)
{
    for (const auto* entry : {R"(["a"])", "[null]", "[1e99]", "[[1]]"}) {
        EXPECT_FALSE(recode_embeddings(R"({"data":[{"embedding":)" + std::string(entry) + "}]}",
                                       {VectorEncoding::base64}))
            << entry;
    }
    for (const auto* entry : {R"("AAA")", R"("!!!!")", R"("AADAfw==")", R"("AAAA AAA=")"}) {
        EXPECT_FALSE(recode_embeddings(R"({"data":[{"embedding":)" + std::string(entry) + "}]}",
                                       {VectorEncoding::floats}))
            << entry;
    }
}

}  // namespace
}  // namespace spillway::dialect
