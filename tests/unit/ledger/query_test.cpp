#include "spillway/ledger/query.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "ledger_fixture.hpp"
#include "spillway/base/text.hpp"

namespace spillway::ledger {
namespace {

using nlohmann::json;
using testing::at_micros;
using testing::for_request;
using testing::full_record;
using testing::places_of;
using testing::settings_for;

constexpr std::int64_t day = 86'400'000'000;
constexpr std::int64_t nov_20 = 1'795'132'800'000'000;  // 2026-11-20T00:00:00Z

LogsQuery of_key(const std::string& key)
{
    LogsQuery query;
    query.api_key = key;
    return query;
}

LogsQuery of_user(const std::string& user)
{
    LogsQuery query;
    query.user_id = user;
    return query;
}

LogsQuery sums_between(const std::string& start, const std::string& end)
{
    LogsQuery query;
    query.start_date = start;
    query.end_date = end;
    return query;
}

LogsQuery rows_between(const std::string& start, const std::string& end)
{
    auto query = sums_between(start, end);
    query.summarize = false;
    query.limit = 10'000;
    return query;
}

class QueryTest : public ::testing::Test {
protected:
    QueryTest()
    {
        auto store = Store::open(settings_for(path_));
        EXPECT_TRUE(store);
        store_ = std::move(*store);
        auto query = Query::open(path_);
        EXPECT_TRUE(query);
        query_ = std::move(*query);
    }

    SpendRecord record(std::int64_t started_micros, std::int64_t nanos)
    {
        auto out = full_record(ids_, at_micros(started_micros));
        out.cost = NanoUsd{nanos};
        return out;
    }
    void write(const std::vector<SpendRecord>& records)
    {
        ASSERT_TRUE(store_->append(places_of(records)));
    }
    json logs(const LogsQuery& query)
    {
        auto text = query_->spend_logs(query);
        EXPECT_TRUE(text) << text.error().message();
        return text ? json::parse(*text) : json{};
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    std::unique_ptr<Store> store_;
    std::unique_ptr<Query> query_;
};

TEST_F(QueryTest, FindsARequestByItsId)
{
    const auto wanted = record(nov_20, 5);
    write({record(nov_20, 1), wanted, record(nov_20, 2)});
    const auto rows = logs(for_request(wanted.id.text()));
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0]["request_id"], wanted.id.text());
}

TEST_F(QueryTest, FindsNothingForAnIdThatIsNone)
{
    write({record(nov_20, 1)});
    EXPECT_EQ(logs(for_request("chatcmpl-' OR 1=1")), json::array());
    EXPECT_EQ(logs(for_request(RequestId{1, 2}.text())), json::array());
}

TEST_F(QueryTest, FindsARequestByItsIdInWhicheverBlockAlthoughTheClockJumped)
{
    std::vector<SpendRecord> records;
    for (int i = 0; i < 3'500; ++i) {
        records.push_back(record(nov_20 + ((i * 7) % 11 - 5) * day + i, i));
    }
    write(records);
    for (const std::size_t i : {0u, 1u, 1'023u, 1'024u, 2'500u, 3'071u, 3'072u, 3'499u}) {
        const auto rows = logs(for_request(records[i].id.text()));
        ASSERT_EQ(rows.size(), 1u) << i;
        EXPECT_EQ(rows[0]["request_id"], records[i].id.text());
    }
}

TEST_F(QueryTest, FindsTheRequestsOfAKeyGivenPlainOrHashed)
{
    auto mine = record(nov_20, 1);
    mine.key_hash = sha256_hex("sk-mine");
    write({record(nov_20, 2), mine});
    EXPECT_EQ(logs(of_key("sk-mine")).size(), 1u);
    EXPECT_EQ(logs(of_key(sha256_hex("sk-mine"))).size(), 1u);
    EXPECT_EQ(logs(of_key("sk-other")).size(), 0u);
}

TEST_F(QueryTest, FindsTheRequestsOfAUser)
{
    auto other = record(nov_20, 1);
    other.end_user = "bert";
    write({record(nov_20, 2), other});
    EXPECT_EQ(logs(of_user("bert")).size(), 1u);
}

TEST_F(QueryTest, GivesTheNewestFirstAndNoMoreThanAsked)
{
    write({record(nov_20, 1), record(nov_20 + 1, 2), record(nov_20 + 2, 3)});
    LogsQuery query;
    query.limit = 2;
    const auto rows = logs(query);
    ASSERT_EQ(rows.size(), 2u);
    EXPECT_EQ(rows[0]["startTime"], "2026-11-20T00:00:00.000002Z");
}

TEST_F(QueryTest, CountsTheLastDayIn)
{
    write({record(nov_20 - 1, 1), record(nov_20, 1), record(nov_20 + 2 * day - 1, 1),
           record(nov_20 + 2 * day, 1)});
    EXPECT_EQ(logs(rows_between("2026-11-20", "2026-11-21")).size(), 2u);
}

TEST_F(QueryTest, RefusesWhatIsNoDate)
{
    for (const auto* date : {"yesterday", "2026-02-30", "2026-1-1", "20261120", "2026-11-2x"}) {
        const auto refused = query_->spend_logs(sums_between(date, ""));
        ASSERT_FALSE(refused) << date;
        EXPECT_EQ(refused.error().code(), Errc::invalid_request);
        EXPECT_EQ(refused.error().param(), "start_date");
    }
}

TEST_F(QueryTest, SumsUpByDay)
{
    auto other = record(nov_20 + 5, 30);
    other.upstream_model = "claude-sonnet-4-6";
    other.user_id = "bert";
    auto unknown = record(nov_20 + 6, 0);
    unknown.cost.reset();
    write({record(nov_20, 1'000'000'010), other, unknown, record(nov_20 + day, 7)});
    const auto sums = logs(sums_between("2026-11-20", "2026-11-21"));
    ASSERT_EQ(sums.size(), 2u);
    EXPECT_EQ(sums[0]["startTime"], "2026-11-20");
    EXPECT_DOUBLE_EQ(sums[0]["spend"], 1.00000004);
    EXPECT_DOUBLE_EQ(sums[0]["models"]["gpt-4o"], 1.00000001);
    EXPECT_DOUBLE_EQ(sums[0]["models"]["claude-sonnet-4-6"], 3e-8);
    EXPECT_DOUBLE_EQ(sums[0]["users"]["bert"], 3e-8);
    EXPECT_EQ(sums[0]["unknown_cost_requests"], 1);
    EXPECT_EQ(sums[1]["startTime"], "2026-11-21");
}

TEST_F(QueryTest, FindsEveryRecordOfAPeriodAlthoughTheClockJumped)
{
    // Three blocks of 1,024 with times going to and fro by days.
    std::vector<SpendRecord> records;
    int inside = 0;
    for (int i = 0; i < 3'500; ++i) {
        const std::int64_t started = nov_20 + ((i * 7) % 11 - 5) * day + i;
        records.push_back(record(started, 1));
        inside += started >= nov_20 && started < nov_20 + day ? 1 : 0;
    }
    write(records);
    const auto rows = logs(rows_between("2026-11-20", "2026-11-20"));
    EXPECT_EQ(rows.size(), static_cast<std::size_t>(inside));
}

TEST_F(QueryTest, FindsRecordsOfEarlierBlocksAfterARestart)
{
    std::vector<SpendRecord> records;
    for (int i = 0; i < 4'000; ++i) {
        records.push_back(record(nov_20 + i * (day / 1'000), 1));
    }
    write(records);
    store_.reset();
    store_ = std::move(*Store::open(settings_for(path_)));
    write({record(nov_20 + 10 * day, 1)});
    EXPECT_EQ(logs(rows_between("2026-11-21", "2026-11-21")).size(), 1'000u);
    EXPECT_EQ(testing::value_of(path_, "SELECT count(*) FROM blocks"), "3");
}

TEST_F(QueryTest, UsersAreOwnersOfKeysAndElseEndUsers)
{
    auto nobodys = record(nov_20, 5);
    nobodys.user_id.clear();
    nobodys.end_user = "bert";
    write({record(nov_20, 1), nobodys});
    const auto sums = logs(sums_between("2026-11-20", "2026-11-20"));
    ASSERT_EQ(sums.size(), 1u);
    EXPECT_DOUBLE_EQ(sums[0]["users"]["u-7"], 1e-9);
    EXPECT_DOUBLE_EQ(sums[0]["users"]["bert"], 5e-9);
}

TEST_F(QueryTest, SumsUpTheRequestsOfOneUserHoweverItIsKnown)
{
    auto as_end_user = record(nov_20, 5);
    as_end_user.end_user = "u-7";
    as_end_user.user_id = "u-9";
    auto both = record(nov_20, 30);
    both.end_user = "u-7";
    auto other = record(nov_20, 700);
    other.user_id = "u-9";
    write({record(nov_20, 1), as_end_user, both, other});
    auto question = sums_between("2026-11-20", "2026-11-20");
    question.user_id = "u-7";
    const auto sums = logs(question);
    ASSERT_EQ(sums.size(), 1u);
    EXPECT_DOUBLE_EQ(sums[0]["spend"], 36e-9);
    EXPECT_EQ(*query_->count_logs(question), 3);
}

TEST_F(QueryTest, RestrictsToATeamAnEndUserAndAModel)
{
    auto other = record(nov_20, 1);
    other.team_id = "sales";
    other.end_user = "bert";
    other.upstream_model = "claude";
    write({record(nov_20, 2), other});
    LogsQuery team;
    team.team_id = "sales";
    LogsQuery end_user;
    end_user.end_user = "bert";
    LogsQuery model;
    model.model = "claude";
    for (const auto& query : {team, end_user, model})
        EXPECT_EQ(logs(query).size(), 1u);
}

TEST_F(QueryTest, SkipsTheNewest)
{
    write({record(nov_20, 1), record(nov_20 + 1, 2), record(nov_20 + 2, 3)});
    LogsQuery query;
    query.skip = 1;
    query.limit = 1;
    const auto rows = logs(query);
    ASSERT_EQ(rows.size(), 1u);
    EXPECT_EQ(rows[0]["startTime"], "2026-11-20T00:00:00.000001Z");
}

TEST_F(QueryTest, SumsMoreThanSixtyFourBitsOfNanoDollars)
{
    constexpr auto huge = std::int64_t{9'000'000'000'000'000'001};
    write({record(nov_20, huge), record(nov_20, huge), record(nov_20, huge)});
    const auto rows = query_->sums({});
    ASSERT_TRUE(rows);
    ASSERT_EQ(rows->size(), 1u);
    EXPECT_EQ(rows->front().sums.cost.json(), "27000000000.000000003");
}

TEST_F(QueryTest, FollowsALedgerThatBeganAnew)
{
    write({record(nov_20, 1)});
    EXPECT_EQ(logs({}).size(), 1u);
    store_.reset();
    std::filesystem::remove(path_);
    store_ = std::move(*Store::open(settings_for(path_)));
    EXPECT_EQ(logs({}).size(), 0u);
}

TEST(QueryOpening, FailsWithoutALedger)
{
    const testing::Folder folder;
    EXPECT_EQ(Query::open(folder.file("none.db")).error().code(), Errc::ledger_unavailable);
}

}  // namespace
}  // namespace spillway::ledger
