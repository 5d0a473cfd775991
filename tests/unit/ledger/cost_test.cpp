#include "spillway/ledger/cost.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace spillway::ledger {
namespace {

using chat::UsageSource;

config::Prices prices(std::int64_t input, std::int64_t output)
{
    config::Prices out;
    out.input = PicoUsdPerToken{input};
    out.output = PicoUsdPerToken{output};
    return out;
}

chat::Usage usage(std::int64_t prompt, std::int64_t completion, std::int64_t cached = 0,
                  std::int64_t cache_write = 0)
{
    return {Tokens{prompt},      Tokens{completion}, Tokens{cached},
            Tokens{cache_write}, Tokens{},           UsageSource::exact};
}

std::optional<std::int64_t> nanos(const Rate& rate, const chat::Usage& used)
{
    const auto amount = cost(rate, used);
    return amount ? std::optional{count(*amount)} : std::nullopt;
}

TEST(Cost, IsExactWhereItComesOutEven)
{
    // 2.50 and 10 USD per million tokens.
    EXPECT_EQ(nanos({prices(2'500'000, 10'000'000), {}, {}}, usage(1'000, 500)), 7'500'000);
}

TEST(Cost, IsRoundedUpOnceAtTheEnd)
{
    // 3 x 0.1 nano-dollars and 2 x 0.4: 1.1, not 1 + 1.
    EXPECT_EQ(nanos({prices(100, 400), {}, {}}, usage(3, 2)), 2);
    EXPECT_EQ(nanos({prices(100, 400), {}, {}}, usage(2, 2)), 1);
}

TEST(Cost, OfNothingAtAKnownPriceIsZero)
{
    EXPECT_EQ(nanos({prices(100, 400), {}, {}}, usage(0, 0)), 0);
}

TEST(Cost, ChargesCachedAndWrittenTokensAtTheirOwnPrices)
{
    auto table = prices(1'000'000, 5'000'000);
    table.cache_read = PicoUsdPerToken{100'000};
    table.cache_write = PicoUsdPerToken{1'250'000};
    // 1000 tokens, of which 600 read and 300 written: 100 + 60 + 375 micro-dollars.
    EXPECT_EQ(nanos({table, {}, {}}, usage(1'000, 0, 600, 300)), 535'000);
}

TEST(Cost, ChargesCacheKindsAtTheInputPriceWhenNobodyPricedThem)
{
    EXPECT_EQ(nanos({prices(1'000'000, 5'000'000), {}, {}}, usage(1'000, 0, 600, 300)), 1'000'000);
}

TEST(Cost, OfTheLongTierHoldsForTheWholeRequest)
{
    const Rate rate{prices(1'000'000, 2'000'000), Tokens{272'000}, prices(2'000'000, 3'000'000)};
    EXPECT_EQ(nanos(rate, usage(272'000, 10)), 272'000'000 + 20'000);
    EXPECT_EQ(nanos(rate, usage(272'001, 10)), 544'002'000 + 30'000);
}

TEST(Cost, OfTheLongTierDoesNotKeepTheShortTiersCachePrice)
{
    Rate rate{prices(1'000'000, 0), Tokens{10}, prices(2'000'000, 0)};
    rate.prices.cache_read = PicoUsdPerToken{100'000};
    EXPECT_EQ(nanos(rate, usage(20, 0, 20)), 40'000);
}

TEST(Cost, IsUnknownWhenTheUsageIs)
{
    auto used = usage(10, 10);
    used.source = UsageSource::unknown;
    EXPECT_EQ(nanos({prices(1, 1), {}, {}}, used), std::nullopt);
}

TEST(Cost, IsUnknownWhenAPriceItNeedsIs)
{
    Rate rate;
    rate.prices.input = PicoUsdPerToken{20'000};
    EXPECT_EQ(nanos(rate, usage(10, 1)), std::nullopt);
    EXPECT_EQ(nanos(rate, usage(10, 0)), 200) << "embeddings have no completion to price";
}

TEST(Cost, IsUnknownRatherThanFreeWithoutAnyPrice)
{
    EXPECT_EQ(nanos({}, usage(0, 0)), std::nullopt);
}

TEST(Cost, IsNeverNegativeWhateverTheUpstreamCounts)
{
    const Rate rate{prices(1'000'000, 1'000'000), {}, {}};
    EXPECT_EQ(nanos(rate, usage(-5, -7)), 0);
    EXPECT_EQ(nanos(rate, usage(10, 0, 50, 50)), 10'000) << "parts do not exceed their whole";
}

TEST(Cost, ThatDoesNotFitIsUnknown)
{
    const auto most = std::numeric_limits<std::int64_t>::max();
    EXPECT_EQ(nanos({prices(most, most), {}, {}}, usage(most, most)), std::nullopt);
}

class PriceBookTest : public testing::Test {
protected:
    static config::PriceRow row(std::string model, std::int64_t input)
    {
        config::PriceRow out;
        out.model = std::move(model);
        out.prices = prices(input, input * 4);
        return out;
    }
    static config::Deployment deployment(std::string model)
    {
        config::Deployment out;
        out.model = std::move(model);
        return out;
    }
    static std::optional<std::int64_t> input_of(const Rate& rate)
    {
        return rate.prices.input ? std::optional{count(*rate.prices.input)} : std::nullopt;
    }

    config::PriceTable table_{
        "2026-11-10", {row("gpt-4.1", 2), row("claude-sonnet-4-5", 3), row("gpt-oss-120b", 5)}};
    PriceBook book_{table_, {row("house-model", 7)}};
};

TEST_F(PriceBookTest, FindsTheUpstreamModel)
{
    EXPECT_EQ(input_of(book_.rate(deployment("openai/gpt-4.1"), "gpt-4.1", false)), 2);
}

TEST_F(PriceBookTest, FindsAModelBehindAVendorPath)
{
    EXPECT_EQ(
        input_of(book_.rate(deployment("openrouter/openai/gpt-4.1"), "openai/gpt-4.1", false)), 2);
}

TEST_F(PriceBookTest, FindsAModelWithADate)
{
    EXPECT_EQ(input_of(book_.rate(deployment("x"), "gpt-4.1-2025-04-14", false)), 2);
    EXPECT_EQ(input_of(book_.rate(deployment("x"), "claude-sonnet-4-5-20250929", false)), 3);
}

TEST_F(PriceBookTest, DoesNotTakeAnotherSuffixForADate)
{
    EXPECT_EQ(book_.find("gpt-4.1-2025"), nullptr);
    EXPECT_EQ(book_.find("gpt-4.1-mini"), nullptr);
    EXPECT_EQ(book_.find(""), nullptr);
}

TEST_F(PriceBookTest, PrefersTheBaseModelToTheName)
{
    auto azure = deployment("azure/my-name");
    azure.base_model = "gpt-4.1";
    EXPECT_EQ(input_of(book_.rate(azure, "my-name", false)), 2);
}

TEST_F(PriceBookTest, PrefersTheDeploymentsOwnPrices)
{
    auto own = deployment("openai/gpt-4.1");
    own.prices = prices(11, 13);
    EXPECT_EQ(input_of(book_.rate(own, "gpt-4.1", false)), 11);
}

TEST_F(PriceBookTest, LeavesNoCachePriceOfTheTableBesideAnOwnInputPrice)
{
    table_.rows[0].prices.cache_read = PicoUsdPerToken{1};
    const PriceBook book{table_, {}};
    auto free = deployment("openai/gpt-4.1");
    free.prices = prices(0, 0);
    EXPECT_EQ(cost(book.rate(free, "gpt-4.1", false), usage(1'000, 1'000, 500)), NanoUsd{0});
}

TEST_F(PriceBookTest, KnowsNoPriceOfAnUnknownCloudModel)
{
    EXPECT_EQ(input_of(book_.rate(deployment("openai/new-model"), "new-model", false)),
              std::nullopt);
}

TEST_F(PriceBookTest, ChargesNothingForAModelAtHome)
{
    EXPECT_EQ(input_of(book_.rate(deployment("ollama/gpt-oss-120b"), "gpt-oss-120b", true)), 0);
}

TEST_F(PriceBookTest, ChargesForAModelAtHomeWhenItsOwnerPricedIt)
{
    EXPECT_EQ(input_of(book_.rate(deployment("ollama/house-model"), "house-model", true)), 7);
    auto own = deployment("ollama/llama3");
    own.prices = prices(9, 9);
    EXPECT_EQ(input_of(book_.rate(own, "llama3", true)), 9);
}

}  // namespace
}  // namespace spillway::ledger
