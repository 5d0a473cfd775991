#include "spillway/ledger/history.hpp"

#include <gtest/gtest.h>

#include "ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

using testing::at_micros;
using testing::full_record;
using testing::full_records;
using testing::places_of;
using testing::settings_for;
using testing::value_of;

constexpr std::int64_t begin_micros = 1'795'000'000'000'000;

std::shared_ptr<const RouteTaken> taken(const std::string& rule)
{
    RouteTaken out;
    out.route = "auto";
    out.rule = rule;
    out.reason = "route=auto; rule=" + rule;
    out.features = R"({"prompt":12,"tags":["b","ä"]})";
    out.kept_local = true;
    out.code_known = true;
    return std::make_shared<const RouteTaken>(std::move(out));
}

class HistoryTest : public ::testing::Test {
protected:
    HistoryTest()
    {
        auto store = Store::open(settings_for(path_));
        EXPECT_TRUE(store);
        store_ = std::move(*store);
    }
    void write(const std::vector<SpendRecord>& records)
    {
        ASSERT_TRUE(store_->append(places_of(records)));
    }
    [[nodiscard]] std::vector<SpendRecord> read(WallTime since = WallTime{}) const
    {
        std::vector<SpendRecord> records;
        auto history = History::open(path_);
        EXPECT_TRUE(history);
        EXPECT_TRUE(
            history->each(since, [&](const SpendRecord& record) { records.push_back(record); }));
        return records;
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    std::unique_ptr<Store> store_;
};

TEST_F(HistoryTest, ReadsWhoPaidAndWhatWasCharged)
{
    auto records = full_records(ids_, 2);
    records[1].charged.reset();
    records[1].charged_at.reset();
    records[1].reference_cost.reset();
    records[1].team_id.clear();
    records[1].replayed = true;
    write(records);
    const auto found = read();
    ASSERT_EQ(found.size(), 2u);
    EXPECT_EQ(found[0].team_id, "research");
    EXPECT_EQ(found[0].user_id, "u-7");
    EXPECT_EQ(found[0].charged, NanoUsd{4'300'000});
    EXPECT_EQ(found[0].charged_at, records[0].charged_at);
    EXPECT_EQ(found[0].reference_cost, NanoUsd{9'000'002});
    EXPECT_FALSE(found[0].replayed);
    EXPECT_EQ(found[1].charged, std::nullopt);
    EXPECT_EQ(found[1].charged_at, std::nullopt);
    EXPECT_EQ(found[1].reference_cost, std::nullopt);
    EXPECT_EQ(found[1].team_id, "");
    EXPECT_EQ(found[1].user_id, "u-7");
    EXPECT_TRUE(found[1].replayed);
}

TEST_F(HistoryTest, ReadsWhatTheEngineTold)
{
    auto records = full_records(ids_, 3);
    records[0].engine = R"({"load_ns":1500000000})";
    records[2].engine = std::string(5'000, '1');  // Cut it would be no JSON.
    write(records);
    const auto found = read();
    ASSERT_EQ(found.size(), 3u);
    EXPECT_EQ(found[0].engine, records[0].engine);
    EXPECT_EQ(found[1].engine, "");
    EXPECT_EQ(found[2].engine, "");
}

TEST_F(HistoryTest, ReadsHowARecordWasRouted)
{
    auto record = full_record(ids_, at_micros(begin_micros));
    record.routing = taken("hard");
    write({record});
    const auto records = read();
    ASSERT_EQ(records.size(), 1u);
    ASSERT_NE(records[0].routing, nullptr);
    const auto& routing = *records[0].routing;
    EXPECT_EQ(routing.route, "auto");
    EXPECT_EQ(routing.rule, "hard");
    EXPECT_EQ(routing.reason, "route=auto; rule=hard");
    EXPECT_EQ(routing.features, record.routing->features);
    EXPECT_TRUE(routing.kept_local);
    EXPECT_FALSE(routing.scanned);
    EXPECT_TRUE(routing.code_known);
}

TEST_F(HistoryTest, WritesNothingMoreForAPlainRequest)
{
    write(full_records(ids_, 20));
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM routings"), "0");
    EXPECT_EQ(read()[7].routing, nullptr);
}

TEST_F(HistoryTest, KeepsRoutingWithItsOwnRecordInEveryBatch)
{
    auto records = full_records(ids_, 31);
    for (std::size_t i = 0; i < records.size(); i += 3)
        records[i].routing = taken(std::to_string(i));
    write(records);
    const auto found = read();
    ASSERT_EQ(found.size(), records.size());
    for (std::size_t i = 0; i < found.size(); ++i) {
        EXPECT_EQ(found[i].id, records[i].id);
        EXPECT_EQ(found[i].routing ? found[i].routing->rule : "",
                  i % 3 == 0 ? std::to_string(i) : "");
    }
}

TEST_F(HistoryTest, LeavesFeaturesOutThatAreTooLong)
{
    auto record = full_record(ids_, at_micros(begin_micros));
    RouteTaken long_one = *taken("hard");
    long_one.features = "{\"tags\":\"" + std::string(20'000, 'x') + "\"}";
    record.routing = std::make_shared<const RouteTaken>(long_one);
    write({record});
    EXPECT_EQ(read()[0].routing->features, "");
    EXPECT_EQ(read()[0].routing->rule, "hard");
}

TEST_F(HistoryTest, ReadsPageByPageInTheOrderOfWriting)
{
    const auto records = full_records(ids_, 5'000);
    write(records);
    const auto found = read();
    ASSERT_EQ(found.size(), records.size());
    for (std::size_t i = 0; i < found.size(); ++i)
        ASSERT_EQ(found[i].id, records[i].id) << i;
}

TEST_F(HistoryTest, BeginsAtTheMomentThatWasAskedFor)
{
    write(full_records(ids_, 3'000));
    const auto found = read(at_micros(begin_micros + 2'500 * 1'000));
    ASSERT_EQ(found.size(), 500u);
    EXPECT_EQ(found[0].started, at_micros(begin_micros + 2'500 * 1'000));
}

TEST_F(HistoryTest, SaysWhenThereIsNoLedger)
{
    const auto history = History::open(folder_.file("none.db"));
    ASSERT_FALSE(history);
    EXPECT_NE(history.error().message().find("no ledger at"), std::string::npos);
}

TEST_F(HistoryTest, SaysWhenTheLedgerIsOlderThanItsReader)
{
    store_.reset();
    value_of(path_, "DELETE FROM schema_version WHERE version >= 4");
    const auto history = History::open(path_);
    ASSERT_FALSE(history);
    EXPECT_NE(history.error().message().find("older version"), std::string::npos);
}

TEST_F(HistoryTest, IsShownInSpendLogsWithoutTheFeatures)
{
    auto record = full_record(ids_, at_micros(begin_micros));
    record.routing = taken("hard");
    const auto json = spend_log_json(record);
    EXPECT_NE(json.find(R"("route":"auto","rule":"hard","reason":"route=auto; rule=hard")"),
              std::string::npos);
    EXPECT_EQ(json.find("features"), std::string::npos);
    record.routing.reset();
    EXPECT_NE(spend_log_json(record).find(R"("route":null,"rule":null,"reason":null)"),
              std::string::npos);
}

}  // namespace
}  // namespace spillway::ledger
