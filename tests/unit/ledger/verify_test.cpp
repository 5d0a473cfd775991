#include "spillway/ledger/verify.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "ledger_fixture.hpp"
#include "spillway/ledger/shipper.hpp"
#include "spillway/ledger/upkeep.hpp"
#include "unit/postgres/server.hpp"

namespace spillway::ledger {
namespace {

using testing::at_micros;
using testing::full_record;
using testing::full_records;
using testing::places_of;
using testing::settings_for;
using testing::value_of;

constexpr std::int64_t nov_20 = 1'795'132'800'000'000;  // 2026-11-20T00:00:00Z

class VerifyTest : public ::testing::Test {
protected:
    VerifyTest()
    {
        store_ = std::move(*Store::open(settings_for(path_)));
        auto records = full_records(ids_, 2'100, nov_20);
        records.back().routing = std::make_shared<const RouteTaken>();
        EXPECT_TRUE(store_->append(places_of(records)));
        Upkeep upkeep(path_, {});
        while (upkeep.work(at_micros(nov_20)) == Upkeep::Left::more) {
        }
    }

    Verdict look()
    {
        VerifyWish wish;
        wish.ledger_path = path_;
        auto verdict = verify(wish);
        EXPECT_TRUE(verdict) << verdict.error().message();
        return verdict ? *verdict : Verdict{};
    }
    /// What is found after `sql`, by the names of the checks.
    std::vector<std::string> found_after(const std::string& sql)
    {
        EXPECT_NE(value_of(path_, sql), "(error)") << sql;
        std::vector<std::string> checks;
        for (const auto& finding : look().findings)
            checks.push_back(finding.check);
        return checks;
    }
    static bool has(const std::vector<std::string>& checks, const std::string& check)
    {
        return std::find(checks.begin(), checks.end(), check) != checks.end();
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    std::unique_ptr<Store> store_;
};

TEST_F(VerifyTest, FindsNothingInASoundLedger)
{
    const auto verdict = look();
    EXPECT_TRUE(verdict.findings.empty());
    EXPECT_EQ(verdict.records, 2'100);
    EXPECT_EQ(verdict.rolled_up, 2'100);
    EXPECT_EQ(verdict.spend_usd, "8.9250021");  // 2,100 times 4,250,001 nano-dollars.
}

TEST_F(VerifyTest, FindsNothingInAnEmptyLedger)
{
    store_.reset();
    std::filesystem::remove(path_);
    store_ = std::move(*Store::open(settings_for(path_)));
    EXPECT_TRUE(look().findings.empty());
}

TEST_F(VerifyTest, LeavesTheLedgerAsItIs)
{
    const auto version = value_of(path_, "PRAGMA data_version");
    const auto before = value_of(path_, "SELECT count(*) FROM sqlite_schema");
    (void)look();
    EXPECT_EQ(value_of(path_, "PRAGMA data_version"), version);
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM sqlite_schema"), before);
}

TEST_F(VerifyTest, SeesAnIdThatTwoRecordsHave)
{
    const auto checks = found_after(
        "UPDATE records SET (id, started) = (SELECT id, started FROM records WHERE seq = 7) "
        "WHERE seq = 2000");
    EXPECT_TRUE(has(checks, "ids"));
}

TEST_F(VerifyTest, SeesAnIdOfAnotherMomentThanTheStart)
{
    EXPECT_TRUE(
        has(found_after("UPDATE records SET started = started + 60000000 WHERE seq = 9"), "ids"));
}

TEST_F(VerifyTest, SeesARecordThatIsGone)
{
    EXPECT_TRUE(has(found_after("DELETE FROM records WHERE seq = 12"), "blocks"));
}

TEST_F(VerifyTest, SeesARecordThatIsGoneFromTheOpenBlock)
{
    EXPECT_TRUE(has(found_after("DELETE FROM records WHERE seq = 2060"), "blocks"));
}

TEST_F(VerifyTest, SeesABlockThatIsGone)
{
    EXPECT_TRUE(has(found_after("DELETE FROM blocks WHERE first_seq = 1"), "blocks"));
}

TEST_F(VerifyTest, SeesABlockOfOtherTimes)
{
    EXPECT_TRUE(has(found_after("UPDATE blocks SET max_started = min_started"), "blocks"));
}

TEST_F(VerifyTest, SeesACostThatWasChanged)
{
    EXPECT_EQ(found_after("UPDATE records SET cost_nano_usd = 1 WHERE seq = 5"),
              (std::vector<std::string>{"sums", "sums", "sums"}));
}

TEST_F(VerifyTest, SeesAnAmountBelowZero)
{
    EXPECT_TRUE(
        has(found_after("UPDATE records SET charged_nano_usd = -1 WHERE seq = 5"), "amounts"));
}

TEST_F(VerifyTest, SeesSumsThatWereChanged)
{
    for (const auto* table : {"rollups", "end_user_rollups", "tag_rollups"}) {
        const std::string name = table;
        EXPECT_EQ(found_after("UPDATE " + name + " SET requests = requests + 1"),
                  std::vector<std::string>{"sums"});
        value_of(path_, "UPDATE " + name + " SET requests = requests - 1");
    }
}

TEST_F(VerifyTest, SeesSumsThatAreMissing)
{
    EXPECT_EQ(found_after("DELETE FROM end_user_rollups"), std::vector<std::string>{"sums"});
}

TEST_F(VerifyTest, SeesAMarkThatRunsAhead)
{
    EXPECT_TRUE(has(found_after("UPDATE rollup_mark SET through_seq = 5000"), "blocks"));
}

TEST_F(VerifyTest, SeesRetiredSumsThatWereChanged)
{
    RetentionRule rule;
    rule.keep = std::chrono::seconds{1};
    Upkeep upkeep(path_, rule);
    while (upkeep.work(at_micros(nov_20 + 2'001'000)) == Upkeep::Left::more) {
    }
    const auto kept = look();
    EXPECT_TRUE(kept.findings.empty());
    EXPECT_EQ(kept.retired, 1'001);
    EXPECT_EQ(kept.records, 1'099);
    EXPECT_EQ(found_after("UPDATE retired SET cost_nanos = cost_nanos + 1 WHERE first_seq = 1"),
              std::vector<std::string>{"sums"});
}

TEST_F(VerifyTest, SeesRetiredChargesThatWereChanged)
{
    RetentionRule rule;
    rule.keep = std::chrono::seconds{1};
    Upkeep upkeep(path_, rule);
    while (upkeep.work(at_micros(nov_20 + 2'001'000)) == Upkeep::Left::more) {
    }
    EXPECT_EQ(found_after("DELETE FROM retired_charges"), std::vector<std::string>{"sums"});
}

TEST_F(VerifyTest, SeesAWordThatIsGone)
{
    EXPECT_TRUE(has(found_after("DELETE FROM words WHERE text = 'openai'"), "words"));
}

TEST_F(VerifyTest, SeesARoutingOfNoRecord)
{
    EXPECT_TRUE(has(found_after("UPDATE routings SET record = 99999"), "routings"));
}

TEST_F(VerifyTest, SeesAShippedMarkBehindTheEnd)
{
    EXPECT_TRUE(has(found_after("UPDATE shipped SET through_seq = 2101"), "shipped"));
}

TEST_F(VerifyTest, NamesWhatPostgresqlRefused)
{
    value_of(path_, "UPDATE shipped SET through_seq = 2100");
    value_of(path_, "INSERT INTO quarantine VALUES (3, '22P05', 'no such character', 'then')");
    const auto verdict = look();
    EXPECT_TRUE(verdict.findings.empty());
    ASSERT_EQ(verdict.quarantined.size(), 1U);
    EXPECT_NE(verdict.quarantined[0].find("22P05, no such character"), std::string::npos);
}

TEST_F(VerifyTest, SeesARowSetAsideThatIsNotThere)
{
    EXPECT_TRUE(has(found_after("INSERT INTO quarantine VALUES (9000, '22P05', 'no', 'then')"),
                    "quarantine"));
}

TEST_F(VerifyTest, SeesADamagedPage)
{
    store_.reset();
    const auto root =
        std::stoll(value_of(path_, "SELECT rootpage FROM sqlite_schema WHERE name = 'blocks'"));
    {
        std::FILE* file = std::fopen(path_.c_str(), "r+b");
        ASSERT_NE(file, nullptr);
        std::fseek(file, static_cast<long>((root - 1) * 2'048 + 3), SEEK_SET);
        std::fputs("\xFF\xFF\xFF\xFF", file);
        std::fclose(file);
    }
    VerifyWish wish;
    wish.ledger_path = path_;
    const auto verdict = verify(wish);
    EXPECT_TRUE(!verdict || !verdict->findings.empty());
}

TEST_F(VerifyTest, AFileThatIsNoLedgerIsAnError)
{
    VerifyWish wish;
    wish.ledger_path = folder_.file("none.db");
    EXPECT_EQ(verify(wish).error().code(), Errc::bad_config);
}

class VerifyDatabaseTest : public VerifyTest {
protected:
    VerifyDatabaseTest()
    {
        Shipper shipper(path_, url());
        shipper.drain(std::chrono::seconds{20});
    }
    Secret url() { return Secret{server_.url(database_)}; }
    Verdict look_there()
    {
        VerifyWish wish;
        wish.ledger_path = path_;
        wish.database_url = url();
        auto verdict = verify(wish);
        EXPECT_TRUE(verdict) << verdict.error().message();
        return verdict ? *verdict : Verdict{};
    }

    postgres::testing::PostgresServer& server_ = postgres::testing::PostgresServer::shared();
    std::string database_ = server_.make_database();
};

TEST_F(VerifyDatabaseTest, FindsTheSameRowsThere)
{
    const auto verdict = look_there();
    EXPECT_TRUE(verdict.findings.empty());
    EXPECT_EQ(verdict.compared_rows, 2'100);
}

TEST_F(VerifyDatabaseTest, NamesARowThatIsMissingThere)
{
    const auto id = server_.value(database_,
                                  "DELETE FROM spillway_spend_logs WHERE request_id = (SELECT "
                                  "min(request_id) FROM spillway_spend_logs) RETURNING request_id");
    const auto verdict = look_there();
    ASSERT_EQ(verdict.findings.size(), 2U);
    EXPECT_EQ(verdict.findings[0].check, "database");
    EXPECT_NE(verdict.findings[0].what.find(id), std::string::npos);
}

TEST_F(VerifyDatabaseTest, SeesACostThatIsAnotherThere)
{
    server_.value(database_,
                  "UPDATE spillway_spend_logs SET cost_nano_usd = 1 WHERE request_id = "
                  "(SELECT min(request_id) FROM spillway_spend_logs)");
    const auto verdict = look_there();
    ASSERT_EQ(verdict.findings.size(), 1U);
    EXPECT_EQ(verdict.findings[0].check, "database");
}

TEST_F(VerifyDatabaseTest, DoesNotExpectWhatWasSetAside)
{
    value_of(path_, "INSERT INTO quarantine VALUES (1, '22P05', 'no', 'then')");
    server_.value(database_,
                  "DELETE FROM spillway_spend_logs WHERE request_id = (SELECT "
                  "min(request_id) FROM spillway_spend_logs)");
    EXPECT_EQ(look_there().compared_rows, 2'099);
    EXPECT_TRUE(look_there().findings.empty());
}

TEST_F(VerifyDatabaseTest, WithoutADatabaseItCannotSay)
{
    VerifyWish wish;
    wish.ledger_path = path_;
    wish.database_url = Secret{"postgresql://spillway@127.0.0.1:1/none"};
    EXPECT_EQ(verify(wish).error().code(), Errc::database_unavailable);
}

}  // namespace
}  // namespace spillway::ledger
