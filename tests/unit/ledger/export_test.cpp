#include "spillway/ledger/export.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

using nlohmann::json;
using testing::at_micros;
using testing::full_record;

constexpr std::int64_t nov_20 = 1'795'132'800'000'000;  // 2026-11-20T00:00:00Z

SpendRecord routed_record()
{
    RequestIdMaker ids{1};
    auto record = full_record(ids, at_micros(nov_20));
    RouteTaken taken;
    taken.route = "auto";
    taken.rule = "hard, or \"long\"";
    taken.features = R"({"prompt":12})";
    taken.kept_local = true;
    record.routing = std::make_shared<const RouteTaken>(taken);
    return record;
}

TEST(Export, AJsonLineHasEveryColumn)
{
    const auto line = json::parse(json_line(routed_record()));
    EXPECT_EQ(line.size(), export_columns().size());
    for (const auto column : export_columns())
        EXPECT_TRUE(line.contains(std::string(column))) << column;
}

TEST(Export, AmountsAreExactAndTimesAreRfc3339)
{
    const auto record = routed_record();
    const auto line = json_line(record);
    EXPECT_NE(line.find(R"("cost_usd":0.004250001)"), std::string::npos);
    EXPECT_NE(line.find(R"("started_at":"2026-11-20T00:00:00.000000Z")"), std::string::npos);
    EXPECT_NE(line.find(R"("ended_at":"2026-11-20T00:00:01.950000Z")"), std::string::npos);
    EXPECT_NE(line.find(R"("charged_usd":0.0043)"), std::string::npos);
}

TEST(Export, WhatIsNotKnownIsNullOrEmpty)
{
    auto record = routed_record();
    record.cost.reset();
    record.routing = nullptr;
    EXPECT_TRUE(json::parse(json_line(record))["cost_usd"].is_null());
    EXPECT_TRUE(json::parse(json_line(record))["kept_local"].is_null());
    EXPECT_NE(csv_line(record).find(",exact,,false,"), std::string::npos);
}

TEST(Export, JsonInARecordStaysJson)
{
    auto record = routed_record();
    const auto line = json::parse(json_line(record));
    EXPECT_EQ(line["tags"], json::array({"team-a", "batch"}));
    EXPECT_EQ(line["features"]["prompt"], 12);
    record.tags = "[\"cut";
    EXPECT_EQ(json::parse(json_line(record))["tags"], json::array());
}

TEST(Export, ACsvLineHasAsManyFieldsAsTheHeader)
{
    auto record = routed_record();
    record.tags.clear();
    record.routing = nullptr;
    const auto fields = [](const std::string& line) {
        return std::count(line.begin(), line.end(), ',');
    };
    EXPECT_EQ(fields(csv_line(record)), fields(csv_header()));
    EXPECT_EQ(csv_header().substr(0, 22), "request_id,started_at,");
}

TEST(Export, ACsvFieldIsQuotedWhereItMustBe)
{
    const auto line = csv_line(routed_record());
    EXPECT_NE(line.find(R"(,"hard, or ""long""",)"), std::string::npos);
    EXPECT_NE(line.find(R"(,"[""team-a"",""batch""]",)"), std::string::npos);
}

}  // namespace
}  // namespace spillway::ledger
