#include "spillway/ledger/comparisons.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "ledger_fixture.hpp"
#include "spillway/ledger/comparison_writer.hpp"

namespace spillway::ledger {
namespace {

using testing::at_micros;
using testing::full_record;
using testing::places_of;
using testing::settings_for;
using testing::value_of;

constexpr std::int64_t begin_micros = 1'795'000'000'000'000;
constexpr WallTime far_future{std::chrono::hours{24 * 365 * 200}};

Comparison made_up(int number)
{
    Comparison one;
    one.request = {7, static_cast<std::uint64_t>(number)};
    one.at = at_micros(begin_micros + number);
    one.route = number % 2 == 0 ? "auto" : "other";
    one.weak_group = "local";
    one.strong_group = "cloud";
    one.served = Comparison::Served::strong;
    one.features = std::string("\0\1\2", 3) + std::to_string(number);
    one.weight = 50;
    one.label = {1, 0.25, 1, 0.5};
    return one;
}

class ComparisonsTest : public ::testing::Test {
protected:
    ComparisonsTest()
    {
        auto store = Store::open(settings_for(path_));
        EXPECT_TRUE(store);
        store_ = std::move(*store);
    }
    /// The writer's end is when all is written.
    void write(std::vector<Comparison> rows) const
    {
        ComparisonWriter writer(path_);
        for (auto& row : rows)
            EXPECT_TRUE(writer.write(std::move(row)));
    }
    [[nodiscard]] std::vector<Comparison> read(
        const std::string& route = {}, Comparisons::Texts texts = Comparisons::Texts::read) const
    {
        std::vector<Comparison> rows;
        auto opened = Comparisons::open(path_);
        EXPECT_TRUE(opened);
        EXPECT_TRUE(opened->each(WallTime{}, route, texts,
                                 [&](Comparison&& row) { rows.push_back(std::move(row)); }));
        return rows;
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    std::unique_ptr<Store> store_;
};

TEST_F(ComparisonsTest, AreReadAsTheyWereWritten)
{
    write({made_up(0), made_up(1)});
    const auto rows = read();
    ASSERT_EQ(rows.size(), 2U);
    const auto wanted = made_up(1);
    EXPECT_EQ(rows[1].request, wanted.request);
    EXPECT_EQ(rows[1].at, wanted.at);
    EXPECT_EQ(rows[1].route, "other");
    EXPECT_EQ(rows[1].features, wanted.features);
    EXPECT_EQ(rows[1].weight, 50);
    EXPECT_EQ(rows[1].label.judge, 1);
    EXPECT_EQ(rows[1].label.weak, 0.25);
    EXPECT_EQ(rows[1].served, Comparison::Served::strong);
    EXPECT_FALSE(rows[1].texts);
    EXPECT_EQ(read("auto").size(), 1U);
}

TEST_F(ComparisonsTest, MorePagesThanOneAreReadInOrder)
{
    for (int from = 0; from < 1'200; from += 200) {
        std::vector<Comparison> rows;
        for (int i = from; i < from + 200; ++i)
            rows.push_back(made_up(i));
        write(std::move(rows));
    }
    const auto rows = read();
    ASSERT_EQ(rows.size(), 1'200U);
    EXPECT_EQ(rows[1'199].request.low, 1'199U);
}

TEST_F(ComparisonsTest, TheJudgeThatIsBelievedMostCounts)
{
    write({made_up(0)});
    auto opened = Comparisons::open(path_);
    ASSERT_TRUE(opened);
    const auto number = read()[0].number;
    ASSERT_TRUE(opened->set_label(number, {3, 1, 0, 1}, at_micros(begin_micros)));
    ASSERT_TRUE(opened->set_label(number, {2, 0, 1, 0.8}, at_micros(begin_micros)));
    EXPECT_EQ(read()[0].label.judge, 3);
    EXPECT_EQ(read()[0].label.weak, 1);
    ASSERT_TRUE(opened->set_label(number, {3, 1, 1, 1}, at_micros(begin_micros)));
    EXPECT_EQ(read()[0].label.strong, 1) << "a second verdict replaces the first";
}

TEST_F(ComparisonsTest, TextsAreReadOnlyWhereTheyAreAskedForAndGoWhenTheyExpire)
{
    auto kept = made_up(0);
    kept.texts = ComparisonTexts{"question", "weak words", "strong words", far_future};
    auto old = made_up(1);
    old.texts = ComparisonTexts{"q", "w", "s", at_micros(1)};
    write({kept, old});
    EXPECT_FALSE(read("auto", Comparisons::Texts::leave)[0].texts);
    ASSERT_TRUE(read("auto")[0].texts);
    EXPECT_EQ(read("auto")[0].texts->strong, "strong words");
    {
        // Sweeps as it begins, since there are texts.
        const ComparisonWriter writer(path_);
    }
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM comparison_texts"), "1");
    EXPECT_FALSE(read("other")[0].texts);
}

TEST_F(ComparisonsTest, CalibrationsAreReplacedByModel)
{
    {
        ComparisonWriter writer(path_);
        writer.write_calibrations({{"llama3", "1;45:3"}, {"gpt", "1;40:1"}});
    }
    {
        ComparisonWriter writer(path_);
        writer.write_calibrations({{"llama3", "1;46:9"}});
    }
    const auto rows = read_calibrations(path_);
    EXPECT_EQ(rows.at("llama3"), "1;46:9");
    EXPECT_EQ(rows.at("gpt"), "1;40:1");
    EXPECT_TRUE(read_calibrations(folder_.file("absent.db")).empty());
}

TEST_F(ComparisonsTest, WhatShadowsCostIsSummedByRouteFromAMomentOn)
{
    RequestIdMaker ids(1);
    std::vector<SpendRecord> records;
    const auto add = [&](std::int64_t micros, std::string_view call, const char* route) {
        auto record = full_record(ids, at_micros(micros));
        record.call_type = call;
        record.asked_model = route;
        record.cost = NanoUsd{100};
        record.charged.reset();
        records.push_back(std::move(record));
    };
    add(begin_micros - 1, shadow_call, "auto");
    add(begin_micros, shadow_call, "auto");
    add(begin_micros, judge_call, "auto");
    add(begin_micros, shadow_call, "other");
    add(begin_micros, "acompletion", "auto");
    ASSERT_TRUE(store_->append(places_of(records)));
    const auto sums = shadow_spend(path_, at_micros(begin_micros));
    ASSERT_TRUE(sums);
    EXPECT_EQ(count(sums->at("auto")), 200);
    EXPECT_EQ(count(sums->at("other")), 100);
}

TEST_F(ComparisonsTest, ALedgerOfBeforeThemSaysSo)
{
    EXPECT_FALSE(Comparisons::open(folder_.file("absent.db")));
}

}  // namespace
}  // namespace spillway::ledger
