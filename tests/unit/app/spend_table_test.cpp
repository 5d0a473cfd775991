#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "spillway/app/spend_command.hpp"

namespace spillway::app {
namespace {

using nlohmann::json;

ledger::Sums sums_of(std::int64_t requests, std::int64_t cost_nanos)
{
    ledger::Sums sums;
    sums.requests = sums.served = requests;
    sums.prompt_tokens = 1'000 * requests;
    sums.completion_tokens = 100 * requests;
    sums.cost.nanos = cost_nanos;
    return sums;
}

/// Two requests of a cloud, and three of an engine that were compared with a reference.
SpendTable table()
{
    SpendTable table;
    table.by = "model";
    table.first_day = "2026-11-01";
    table.last_day = "2026-11-30";
    SpendLine cloud{"gpt-4o", sums_of(2, 400'000'000), {}};
    SpendLine engine{"llama", sums_of(3, 100'000'000), {}};
    engine.all.compared.nanos = 100'000'000;
    engine.all.reference = {1, 350'000'000};
    engine.local = engine.all;
    table.lines = {cloud, engine};
    table.total.all = cloud.all;
    table.total.all += engine.all;
    table.total.local = engine.local;
    return table;
}

TEST(SpendTable, ShowsWhatLocalEnginesServedAndSaved)
{
    const auto text = spend_text(table());
    EXPECT_NE(text.find("2026-11-01 to 2026-11-30, UTC"), std::string::npos);
    EXPECT_NE(text.find("gpt-4o         2       2000         200  0.4000    0.0 %"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("100.0 %"), std::string::npos);
    EXPECT_NE(text.find("60.0 %"), std::string::npos);
    EXPECT_NE(text.find("1.2500"), std::string::npos);
}

TEST(SpendTable, NamesTheAssumption)
{
    auto shown = table();
    EXPECT_NE(spend_text(shown).find("Saved: what local requests would have cost"),
              std::string::npos);
    shown.reference_model = "gpt-4.1";
    EXPECT_NE(spend_text(shown).find("at the prices of gpt-4.1 (ledger.reference_model)"),
              std::string::npos);
}

TEST(SpendTable, MarksWhatHasNoKnownCost)
{
    auto shown = table();
    shown.lines[0].all.unknown_costs = shown.total.all.unknown_costs = 1;
    EXPECT_NE(spend_text(shown).find("0.4000*"), std::string::npos);
    EXPECT_NE(spend_text(shown).find("* 1 requests have no known cost"), std::string::npos);
}

TEST(SpendTable, IsExactAsJson)
{
    const auto text = spend_json(table());
    EXPECT_NE(text.find(R"("saved_usd":1.25})"), std::string::npos) << text;
    const auto told = json::parse(text);
    EXPECT_EQ(told["rows"][1]["local_requests"], 3);
    EXPECT_EQ(told["total"]["requests"], 5);
}

TEST(SpendTable, DoesNotSayLocalOfWhatIsNotKnown)
{
    auto shown = table();
    shown.knows_local = false;
    EXPECT_TRUE(json::parse(spend_json(shown))["total"]["saved_usd"].is_null());
}

TEST(SpendTable, ALossIsASavingBelowZero)
{
    auto shown = table();
    shown.total.local.reference = {};
    EXPECT_NE(spend_json(shown).find(R"("saved_usd":-0.1})"), std::string::npos)
        << spend_json(shown);
}

}  // namespace
}  // namespace spillway::app
