#include "spillway/ledger/store.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "ledger_fixture.hpp"
#include "spillway/ledger/query.hpp"

namespace spillway::ledger {
namespace {

using testing::for_request;
using testing::full_records;
using testing::places_of;
using testing::settings_for;
using testing::value_of;

class StoreTest : public ::testing::TestWithParam<config::Durability> {
protected:
    std::unique_ptr<Store> open()
    {
        auto opened = Store::open(settings_for(path_, GetParam()));
        EXPECT_TRUE(opened) << opened.error().message();
        return opened ? std::move(*opened) : nullptr;
    }
    [[nodiscard]] std::string rows() const
    {
        return value_of(path_, "SELECT count(*) FROM records");
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
};

INSTANTIATE_TEST_SUITE_P(Durability, StoreTest,
                         ::testing::Values(config::Durability::process, config::Durability::power),
                         [](const auto& chosen) {
                             return chosen.param == config::Durability::process ? "process"
                                                                                : "power";
                         });

TEST_P(StoreTest, GivesBackWhatWasWritten)
{
    const auto store = open();
    auto records = full_records(ids_, 3);
    records[1].cost.reset();
    records[1].first_token.reset();
    records[1].group = "other";
    records[2].outcome = Outcome::abandoned;
    records[2].error = "client_gone";
    ASSERT_TRUE(store->append(places_of(records)));
    const auto query = Query::open(path_);
    ASSERT_TRUE(query);
    for (const auto& record : records) {
        EXPECT_EQ(*(*query)->spend_logs(for_request(record.id.text())),
                  "[" + spend_log_json(record) + "]");
    }
}

TEST_P(StoreTest, KeepsItsRecordsAcrossARestart)
{
    ASSERT_TRUE(open()->append(places_of(full_records(ids_, 70))));
    ASSERT_TRUE(open()->append(places_of(full_records(ids_, 1))));
    EXPECT_EQ(rows(), "71");
    EXPECT_EQ(value_of(path_, "SELECT max(seq) FROM records"), "71");
}

/// Records that share little with those before them, in every column.
std::vector<SpendRecord> motley_records(RequestIdMaker& ids, int count)
{
    auto records = full_records(ids, count);
    for (std::size_t i = 0; i < records.size(); ++i) {
        auto& record = records[i];
        const auto some = [i](std::size_t kinds) { return std::to_string(i % kinds); };
        record.call_type = i % 5 == 0 ? "aembedding" : "acompletion";
        record.key_hash = std::string(64, static_cast<char>('a' + i % 3));
        record.end_user = i % 3 == 0 ? "" : "user " + some(4);
        record.tags = i % 4 == 0 ? "" : R"(["tag )" + some(6) + R"("])";
        record.asked_model = i % 2 == 0 ? "smart" : "asked " + some(7);
        record.group = i % 3 == 0 ? "smart" : "asked " + some(7);
        record.deployment_id = i % 7 == 6 ? "" : "dep-" + some(4);
        record.upstream_model = i % 3 == 0 ? "größe" : "model-" + some(5);
        record.outcome = static_cast<Outcome>(i % 4);
        record.status = i % 4 == 0 ? 200 : 503;
        record.error = i % 4 == 0 ? "" : "upstream_" + some(3);
        record.why = i % 6 == 0 ? "" : "attempt " + some(3);
        record.attempts = static_cast<int>(i % 3);
        record.streamed = i % 2 == 0;
        record.usage.prompt = Tokens{static_cast<std::int64_t>(i % 9)};
        record.usage.source = static_cast<chat::UsageSource>(i % 3);
        record.cost = i % 5 == 2 ? std::nullopt : std::optional{NanoUsd{i % 2 == 0 ? 0 : 77}};
        record.at_least = i % 3 == 1;
        record.first_token = i % 4 == 3 ? std::nullopt : std::optional{Millis{i % 2 == 0 ? 0 : 5}};
    }
    return records;
}

TEST_P(StoreTest, GivesBackEveryRecordOfABatchHoweverTheyDiffer)
{
    const auto store = open();
    const auto query = Query::open(path_);
    ASSERT_TRUE(query);
    for (int size = 1; size <= 40; ++size) {
        const auto records = motley_records(ids_, size);
        ASSERT_TRUE(store->append(places_of(records)));
        for (const auto& record : records) {
            EXPECT_EQ(*(*query)->spend_logs(for_request(record.id.text())),
                      "[" + spend_log_json(record) + "]")
                << "in a batch of " << size;
        }
    }
    EXPECT_EQ(rows(), "820");
}

TEST_P(StoreTest, CommitsNothingForAProbe)
{
    const auto store = open();
    EXPECT_TRUE(store->append({}));
    EXPECT_EQ(rows(), "0");
}

TEST_P(StoreTest, StripsWhatPostgresCannotHold)
{
    const auto store = open();
    auto records = full_records(ids_, 1);
    records[0].end_user = std::string{"a\0b", 3};
    records[0].why = "\xff";
    ASSERT_TRUE(store->append(places_of(records)));
    EXPECT_EQ(value_of(path_, "SELECT end_user FROM records"), "ab");
    EXPECT_EQ(value_of(path_, "SELECT why FROM records"), "?");
}

TEST_P(StoreTest, KeepsTextBeyondAscii)
{
    const auto store = open();
    auto records = full_records(ids_, 1);
    records[0].end_user = "Ägidius 訪問者";
    records[0].group = "größe";
    ASSERT_TRUE(store->append(places_of(records)));
    EXPECT_EQ(value_of(path_, "SELECT end_user FROM records"), "Ägidius 訪問者");
    const auto query = Query::open(path_);
    EXPECT_EQ(*(*query)->spend_logs(for_request(records[0].id.text())),
              "[" + spend_log_json(records[0]) + "]");
}

TEST_P(StoreTest, WritesNothingNegative)
{
    const auto store = open();
    auto records = full_records(ids_, 1);
    records[0].usage.prompt = Tokens{-1};
    records[0].cost = NanoUsd{-1};
    ASSERT_TRUE(store->append(places_of(records)));
    EXPECT_EQ(value_of(path_, "SELECT min(prompt_tokens, cost_nano_usd) FROM records"), "0");
}

TEST_P(StoreTest, StoresARepeatedTextOnce)
{
    const auto store = open();
    ASSERT_TRUE(store->append(places_of(full_records(ids_, 500))));
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM words WHERE text = 'gpt-4o'"), "1");
    EXPECT_EQ(value_of(path_, "SELECT count(DISTINCT upstream_model) FROM records"), "1");
}

TEST_P(StoreTest, DoesNotLetClientsFillTheDictionary)
{
    const auto store = open();
    auto records = full_records(ids_, 6'000);
    for (std::size_t i = 0; i < records.size(); ++i) {
        records[i].asked_model = "asked-" + std::to_string(i);
        records[i].upstream_model = "wild-" + std::to_string(i);
    }
    ASSERT_TRUE(store->append(places_of(records)));
    EXPECT_EQ(value_of(path_, "SELECT count(*) <= 4096 FROM words"), "1");
    const auto query = Query::open(path_);
    EXPECT_EQ(*(*query)->spend_logs(for_request(records.back().id.text())),
              "[" + spend_log_json(records.back()) + "]");
}

TEST_P(StoreTest, KeepsAppendingWhileItsLogIsFolded)
{
    const auto store = open();
    for (int i = 0; i < 400; ++i) {
        ASSERT_TRUE(store->append(places_of(full_records(ids_, 64))));
        if (i % 40 == 39) {
            store->checkpoint();
        }
    }
    EXPECT_EQ(rows(), "25600");
    EXPECT_NE(value_of(path_, "SELECT log_restarts FROM keeper"), "0");
    EXPECT_EQ(value_of(path_, "PRAGMA integrity_check"), "ok");
}

TEST_P(StoreTest, BeginsAnewWhenItsFileIsTakenAway)
{
    const auto store = open();
    ASSERT_TRUE(store->append(places_of(full_records(ids_, 1))));
    std::filesystem::rename(path_, folder_.file("moved.db"));
    store->checkpoint();
    ASSERT_TRUE(store->append(places_of(full_records(ids_, 2))));
    EXPECT_EQ(rows(), "2");
}

class StoreOpening : public ::testing::Test {
protected:
    void write_file(const std::string& content) const
    {
        std::ofstream{path_, std::ios::binary} << content;
    }
    void make_ledger()
    {
        RequestIdMaker ids{random_seed()};
        ASSERT_TRUE((*Store::open(settings_for(path_)))->append(places_of(full_records(ids, 400))));
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
};

TEST_F(StoreOpening, RefusesAPathThatForgets)
{
    for (const auto* path : {"", ":memory:", "file::memory:"}) {
        EXPECT_EQ(Store::open(settings_for(path)).error().code(), Errc::bad_config) << path;
    }
}

TEST_F(StoreOpening, MakesMissingFolders)
{
    EXPECT_TRUE(Store::open(settings_for(folder_.file("a/b/ledger.db"))));
}

TEST_F(StoreOpening, LeavesAFileThatWasNeverALedgerAlone)
{
    write_file("dear diary, this is not a database");
    const auto opened = Store::open(settings_for(path_));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Errc::bad_config);
    EXPECT_EQ(std::filesystem::file_size(path_), 34u);
}

TEST_F(StoreOpening, LeavesTheDatabaseOfAnotherApplicationAlone)
{
    sqlite3* other = nullptr;
    sqlite3_open(path_.c_str(), &other);
    sqlite3_exec(other, "CREATE TABLE theirs (a)", nullptr, nullptr, nullptr);
    sqlite3_close(other);
    const auto opened = Store::open(settings_for(path_));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Errc::bad_config);
    EXPECT_EQ(folder_.entries_with("corrupt"), 0);
}

TEST_F(StoreOpening, RefusesTheSchemaOfANewerVersion)
{
    make_ledger();
    value_of(path_, "INSERT INTO schema_version VALUES (99, 'later')");
    const auto opened = Store::open(settings_for(path_));
    ASSERT_FALSE(opened);
    EXPECT_EQ(opened.error().code(), Errc::bad_config);
    EXPECT_NE(opened.error().message().find("schema version 99"), std::string::npos);
}

TEST_F(StoreOpening, KeepsTheRecordsOfALedgerThatStillHasItsIndexOfIds)
{
    RequestIdMaker ids{random_seed()};
    auto records = full_records(ids, 3);
    for (auto& record : records) {  // Without what such a ledger could not hold.
        record.team_id.clear();
        record.user_id.clear();
        record.charged.reset();
        record.charged_at.reset();
        record.reference_cost.reset();
        record.engine.clear();
    }
    ASSERT_TRUE((*Store::open(settings_for(path_)))->append(places_of(records)));
    value_of(path_, "CREATE UNIQUE INDEX records_id ON records (id)");
    for (const std::string column : {"team_id", "user_id", "charged_nano_usd", "charged_at",
                                     "reference_nano_usd", "replayed", "engine"}) {
        value_of(path_, "ALTER TABLE records DROP COLUMN " + column);
    }
    for (const std::string table :
         {"routings", "comparisons", "comparison_labels", "comparison_texts", "calibrations",
          "rollup_mark", "rollups", "end_user_rollups", "tag_rollups", "retired", "retired_charges",
          "openings", "told"}) {
        value_of(path_, "DROP TABLE " + table);
    }
    value_of(path_, "DELETE FROM schema_version WHERE version >= 2");
    const auto again = Store::open(settings_for(path_));
    ASSERT_TRUE(again) << again.error().message();
    ASSERT_TRUE((*again)->append(places_of(full_records(ids, 1))));
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM sqlite_schema WHERE name = 'records_id'"), "0");
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM records"), "4");
    const auto query = Query::open(path_);
    EXPECT_EQ(*(*query)->spend_logs(for_request(records[1].id.text())),
              "[" + spend_log_json(records[1]) + "]");
}

TEST_F(StoreOpening, RefusesASecondOwner)
{
    const auto first = Store::open(settings_for(path_));
    ASSERT_TRUE(first);
    const auto second = Store::open(settings_for(path_));
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().message().find("in use by process " + std::to_string(::getpid())),
              std::string::npos)
        << second.error().message();
}

TEST_F(StoreOpening, IsPossibleAgainWhenItsOwnerIsKilled)
{
    int ready[2];
    ASSERT_EQ(::pipe(ready), 0);
    const pid_t owner = ::fork();
    if (owner == 0) {
        const auto store = Store::open(settings_for(path_));
        (void)!::write(ready[1], store ? "y" : "n", 1);
        ::pause();
        ::_exit(0);
    }
    char answer = 0;
    ASSERT_EQ(::read(ready[0], &answer, 1), 1);
    ASSERT_EQ(answer, 'y');
    EXPECT_FALSE(Store::open(settings_for(path_)));
    ::kill(owner, SIGKILL);
    ::waitpid(owner, nullptr, 0);
    EXPECT_TRUE(Store::open(settings_for(path_)));
    ::close(ready[0]);
    ::close(ready[1]);
}

TEST_F(StoreOpening, SetsADamagedFileAsideAndBeginsAnew)
{
    make_ledger();
    write_file(std::string(20'000, '\xA5'));
    const auto opened = Store::open(settings_for(path_));
    ASSERT_TRUE(opened) << opened.error().message();
    EXPECT_EQ(folder_.entries_with(".corrupt-"), 1);
    RequestIdMaker ids{random_seed()};
    EXPECT_TRUE((*opened)->append(places_of(full_records(ids, 1))));
}

TEST_F(StoreOpening, KeepsTheLedgerFromOtherUsers)
{
    make_ledger();
    EXPECT_EQ(std::filesystem::status(path_).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace spillway::ledger
