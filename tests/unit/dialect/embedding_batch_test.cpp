#include "spillway/dialect/embedding_batch.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "padded.hpp"
#include "spillway/dialect/request_reader.hpp"

namespace spillway::dialect {
namespace {

using nlohmann::json;

/// A request that was read.
class Read {
public:
    explicit Read(std::string_view text) : body(text)
    {
        facts = RequestReader().read(body.view(), chat::Endpoint::embeddings).value();
        inputs = embedding_inputs(facts, body.view());
    }
    [[nodiscard]] EmbeddingPart part(std::size_t first, std::size_t count) const
    {
        return part_of(facts, body.view(), inputs, first, count);
    }

    Padded body;
    chat::RequestFacts facts;
    std::vector<chat::ByteRange> inputs;
};

chat::Usage tokens(std::int64_t prompt)
{
    chat::Usage usage;
    usage.prompt = Tokens{prompt};
    usage.source = chat::UsageSource::exact;
    return usage;
}

TEST(EmbeddingInputs, AreTextsOrListsOfTokens)
{
    EXPECT_EQ(Read(R"({"model":"m","input":["a","b, \"c\"",""]})").inputs.size(), 3U);
    EXPECT_EQ(Read(R"({"model":"m","input":[[1,2],[3]]})").inputs.size(), 2U);
}

TEST(EmbeddingInputs, OfOneTextOrOneListOfTokensAreNotSplit)
{
    EXPECT_TRUE(Read(R"({"model":"m","input":"a"})").inputs.empty());
    EXPECT_TRUE(Read(R"({"model":"m","input":[1,2,3]})").inputs.empty());
    EXPECT_TRUE(Read(R"({"model":"m","input":[]})").inputs.empty());
}

TEST(EmbeddingPart, HoldsItsInputsAndAllElseToTheLetter)
{
    const Read read(R"({ "model" : "m", "input" : [ "a" , "b","c" ] , "dimensions": 4 })");
    const auto part = read.part(1, 2);
    EXPECT_EQ(part.text(), R"({ "model" : "m", "input" : ["b","c"] , "dimensions": 4 })");
    EXPECT_GE(part.body.size(), part.size + body_padding);
}

TEST(EmbeddingPart, KnowsWhereItsMembersStand)
{
    const Read read(R"({"input":["aaaa","b"],"model":"m","user":"u"})");
    const auto part = read.part(1, 1);
    ASSERT_EQ(part.members.size(), 3U);
    EXPECT_EQ(part.members[0].value.of(part.text()), R"(["b"])");
    EXPECT_EQ(part.members[0].entry.of(part.text()), R"("input":["b"])");
    EXPECT_EQ(part.members[1].entry.of(part.text()), R"("model":"m")");
    EXPECT_EQ(part.members[2].value.of(part.text()), R"("u")");
}

TEST(EmbeddingJoin, PutsPartsTogetherInTheOrderOfTheInputs)
{
    EmbeddingJoin join;
    ASSERT_TRUE(join.add(R"({"object":"list","data":[{"index":1,"embedding":[2]},
                             {"embedding":"AAAA","index":0}],"model":"x",
                             "usage":{"prompt_tokens":3,"total_tokens":3}})",
                         2));
    ASSERT_TRUE(
        join.add(R"({"data":[{"embedding":[7],"index":0}],"usage":{"prompt_tokens":9}})", 1));
    const auto whole = json::parse(std::move(join).take(tokens(12)));
    const auto wanted = json::parse(R"({"object":"list","model":"x",
        "data":[{"embedding":"AAAA","index":0},{"index":1,"embedding":[2]},
                {"embedding":[7],"index":2}],
        "usage":{"prompt_tokens":12,"total_tokens":12}})");
    EXPECT_EQ(whole, wanted);
}

TEST(EmbeddingJoin, TellsUsageWhereverItStoodAndWhereItDidNot)
{
    for (const std::string_view first :
         {R"({"usage":{"prompt_tokens":1},"data":[{"index":0}]})", R"({"data":[{"index":0}]})"}) {
        EmbeddingJoin join;
        ASSERT_TRUE(join.add(first, 1));
        ASSERT_TRUE(join.add(R"({"data":[{"index":0}]})", 1));
        const auto whole = json::parse(std::move(join).take(tokens(5)));
        EXPECT_EQ(whole["usage"]["prompt_tokens"], 5);
        EXPECT_EQ(whole["data"].size(), 2U);
    }
}

TEST(EmbeddingJoin, RefusesAnswersToOtherNumbersOfInputs)
{
    for (const std::string_view bad :
         {R"({"data":[{"index":0}]})", R"({"data":[{"index":0},{"index":0}]})",
          R"({"data":[{"index":0},{"index":2}]})", R"({"data":[{"index":-1},{"index":0}]})",
          R"({"data":[1,2]})", R"({"error":{}})", "nothing"}) {
        const auto added = EmbeddingJoin().add(bad, 2);
        ASSERT_FALSE(added) << bad;
        EXPECT_EQ(added.error().code(), Errc::upstream_bad_reply);
    }
}

}  // namespace
}  // namespace spillway::dialect
