#include "spillway/config/prices.hpp"
#include "source_dir.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

namespace spillway::config {
namespace {

const PriceRow& row(std::string_view model)
{
    const auto& rows = built_in_prices().rows;
    const auto found =
        std::find_if(rows.begin(), rows.end(), [model](const auto& r) { return r.model == model; });
    static const PriceRow missing;
    EXPECT_NE(found, rows.end()) << model;
    return found == rows.end() ? missing : *found;
}

TEST(BuiltInPrices, AreThoseOfTheFile)
{
    std::ifstream stream(in_source_tree("config/prices.yaml"));
    std::stringstream text;
    text << stream.rdbuf();
    const auto table = read_prices(text.str());
    ASSERT_TRUE(table) << table.error().message();
    ASSERT_EQ(table->rows.size(), built_in_prices().rows.size());
    EXPECT_GT(table->rows.size(), 60u);
    EXPECT_EQ(built_in_prices().date, "2026-11-10");
}

TEST(BuiltInPrices, HaveInputAndOutputInEveryRow)
{
    std::set<std::string> names;
    for (const auto& r : built_in_prices().rows) {
        EXPECT_TRUE(names.insert(r.model).second) << r.model;
        EXPECT_TRUE(r.prices.input && count(*r.prices.input) > 0) << r.model;
        EXPECT_TRUE(r.prices.output) << r.model;
        EXPECT_TRUE(r.window) << r.model;
        EXPECT_EQ(r.long_above.has_value(), r.long_prices.input.has_value()) << r.model;
    }
}

TEST(BuiltInPrices, HoldTheFactsOfTheTable)
{
    EXPECT_EQ(row("gpt-4o").prices.input, PicoUsdPerToken{2'500'000});
    EXPECT_EQ(row("gpt-4o").prices.output, PicoUsdPerToken{10'000'000});
    EXPECT_EQ(row("gpt-4o").prices.cache_read, PicoUsdPerToken{1'250'000});
    EXPECT_EQ(row("gpt-4o-mini").max_output, Tokens{16'384});
    EXPECT_EQ(row("gpt-5-nano").prices.cache_read, PicoUsdPerToken{5'000});
    EXPECT_EQ(row("claude-haiku-5-5").long_above, Tokens{100'000});
    EXPECT_EQ(row("claude-haiku-5-5").long_prices.output, PicoUsdPerToken{2'500'000});
    EXPECT_EQ(row("claude-sonnet-4-5").prices.cache_write, PicoUsdPerToken{3'750'000});
    EXPECT_EQ(row("groq/openai/gpt-oss-20b").prices.cache_read, PicoUsdPerToken{37'500});
    EXPECT_EQ(row("text-embedding-3-small").prices.input, PicoUsdPerToken{20'000});
}

TEST(ReadPrices, SaysWhereARowIsWrong)
{
    const auto table = read_prices("date: \"d\"\nmodels:\n  m: {input: cheap}\n");
    ASSERT_FALSE(table);
    EXPECT_EQ(table.error().code(), Errc::bad_config);
    EXPECT_EQ(table.error().message(),
              "prices.yaml:3:14: models.*.input: expected USD per million tokens, found text");
}

TEST(ReadPrices, RefusesAnUnknownKey)
{
    EXPECT_FALSE(read_prices("model: {}\n"));
}

TEST(ReadPrices, LeavesWhatIsNotWrittenUnknown)
{
    const auto table = read_prices("models: {m: {input: 1}}\n");
    ASSERT_TRUE(table);
    EXPECT_EQ(table->rows.at(0).prices.output, std::nullopt);
}

}  // namespace
}  // namespace spillway::config
