#include "spillway/ledger/shipper.hpp"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "ledger_fixture.hpp"
#include "unit/postgres/server.hpp"

namespace spillway::ledger {
namespace {

using postgres::testing::PostgresServer;
using testing::full_records;
using testing::places_of;
using testing::settings_for;
using testing::value_of;
using namespace std::chrono_literals;

constexpr auto patience = 60s;

class ShipperTest : public ::testing::Test {
protected:
    ShipperTest()
    {
        auto opened = Store::open(settings_for(path_));
        EXPECT_TRUE(opened);
        store_ = std::move(*opened);
    }
    ~ShipperTest() override { server_.thaw(); }

    [[nodiscard]] std::unique_ptr<Shipper> ship() const
    {
        return std::make_unique<Shipper>(path_, Secret{server_.url(database_)});
    }
    std::vector<SpendRecord> append(int count)
    {
        auto records = full_records(ids_, count);
        EXPECT_TRUE(store_->append(places_of(records)));
        return records;
    }
    std::string in_postgres(const std::string& sql) const { return server_.value(database_, sql); }
    [[nodiscard]] std::string rows() const
    {
        return in_postgres("SELECT count(*) FROM spillway_spend_logs");
    }
    /// Waits, in steps that end early when all is shipped, until `state` says so.
    template <class Condition>
    static bool until(Shipper& shipper, Condition holds)
    {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!holds(shipper.state())) {
            if (std::chrono::steady_clock::now() > deadline) {
                return false;
            }
            shipper.drain(20ms);
        }
        return true;
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{random_seed()};
    PostgresServer& server_ = PostgresServer::shared();
    std::string database_ = server_.make_database();
    std::unique_ptr<Store> store_;
};

TEST_F(ShipperTest, DeliversEveryRecordInItsColumns)
{
    const auto record = append(1).front();
    auto free = full_records(ids_, 1);
    free[0].cost.reset();
    free[0].tags.clear();
    ASSERT_TRUE(store_->append(places_of(free)));
    ship()->drain(patience);
    EXPECT_EQ(rows(), "2");
    const std::string here = " FROM spillway_spend_logs WHERE request_id = '" + record.id.text();
    EXPECT_EQ(in_postgres("SELECT cost_nano_usd" + here + "'"), "4250001");
    EXPECT_EQ(in_postgres("SELECT tags->>1" + here + "'"), "batch");
    EXPECT_EQ(in_postgres("SELECT extract(epoch FROM started_at)::bigint" + here + "'"),
              "1795000000");
    EXPECT_EQ(in_postgres("SELECT upstream_model" + here + "'"), "gpt-4o");
    EXPECT_EQ(in_postgres("SELECT count(*) FROM spillway_spend_logs WHERE cost_nano_usd IS NULL"),
              "1");
}

TEST_F(ShipperTest, DeliversWhoPaidAndWhatWasCharged)
{
    append(1);
    ship()->drain(patience);
    EXPECT_EQ(in_postgres("SELECT team_id || '/' || user_id || '/' || charged_nano_usd || '/' || "
                          "reference_nano_usd || '/' || replayed FROM spillway_spend_logs"),
              "research/u-7/4300000/9000002/false");
    EXPECT_EQ(in_postgres("SELECT team_id || '/' || \"user\" || '/' || cache_hit "
                          "FROM spillway_spend_logs_litellm"),
              "research/u-7/False");
}

TEST_F(ShipperTest, DeliversWhatTheEngineTold)
{
    auto records = full_records(ids_, 2);
    records[0].engine = R"({"load_ns":1500000000,"queued_ms":250})";
    ASSERT_TRUE(store_->append(places_of(records)));
    ship()->drain(patience);
    EXPECT_EQ(in_postgres("SELECT engine->>'queued_ms' FROM spillway_spend_logs "
                          "WHERE engine IS NOT NULL"),
              "250");
    EXPECT_EQ(in_postgres("SELECT metadata->'engine'->>'load_ns' FROM spillway_spend_logs_litellm "
                          "WHERE jsonb_typeof(metadata->'engine') = 'object'"),
              "1500000000");
}

TEST_F(ShipperTest, ShowsTheRecordsUnderLiteLlmsNames)
{
    append(1);
    ship()->drain(patience);
    EXPECT_EQ(in_postgres("SELECT trim_scale(spend) FROM spillway_spend_logs_litellm"),
              "0.004250001");
    EXPECT_EQ(in_postgres("SELECT custom_llm_provider FROM spillway_spend_logs_litellm"), "openai");
    EXPECT_EQ(in_postgres("SELECT metadata->>'usage_source' FROM spillway_spend_logs_litellm"),
              "exact");
    EXPECT_EQ(in_postgres("SELECT status FROM spillway_spend_logs_litellm"), "success");
}

TEST_F(ShipperTest, DeliversHowARequestWasRouted)
{
    auto records = full_records(ids_, 2);
    RouteTaken taken;
    taken.route = "auto";
    taken.rule = "hard";
    taken.reason = "route=auto; rule=hard";
    taken.features = R"({"prompt":12,"tags":["?"]})";
    taken.kept_local = true;
    records[0].routing = std::make_shared<const RouteTaken>(taken);
    ASSERT_TRUE(store_->append(places_of(records)));
    const auto shipper = ship();
    shipper->drain(patience);
    EXPECT_EQ(shipper->state().quarantined, 0u);
    const std::string here = " FROM spillway_spend_logs WHERE request_id = '";
    EXPECT_EQ(in_postgres("SELECT route || '/' || rule || '/' || kept_local" + here +
                          records[0].id.text() + "'"),
              "auto/hard/true");
    EXPECT_EQ(in_postgres("SELECT features->>'prompt'" + here + records[0].id.text() + "'"), "12");
    EXPECT_EQ(in_postgres("SELECT count(*)" + here + records[1].id.text() +
                          "' AND num_nulls(route, rule, reason, features, kept_local) = 5"),
              "1");
    EXPECT_EQ(in_postgres("SELECT count(*) FROM spillway_spend_logs_litellm "
                          "WHERE metadata->>'rule' = 'hard'"),
              "1");
}

TEST_F(ShipperTest, AddsTheColumnsOfLaterVersionsToATableOfBefore)
{
    append(1);
    ship()->drain(patience);
    in_postgres(
        "ALTER TABLE spillway_spend_logs DROP COLUMN route CASCADE, DROP COLUMN rule CASCADE, "
        "DROP COLUMN reason CASCADE, DROP COLUMN features, DROP COLUMN kept_local CASCADE, "
        "DROP COLUMN team_id CASCADE, DROP COLUMN user_id CASCADE, DROP COLUMN charged_nano_usd "
        "CASCADE, DROP COLUMN charged_at, DROP COLUMN reference_nano_usd CASCADE, DROP COLUMN "
        "replayed CASCADE, DROP COLUMN engine CASCADE");
    in_postgres("DELETE FROM spillway_schema_version WHERE version >= 2");
    append(1);
    ship()->drain(patience);
    EXPECT_EQ(rows(), "2");
    EXPECT_EQ(in_postgres("SELECT count(*) FROM spillway_spend_logs_litellm"), "2");
    EXPECT_EQ(in_postgres("SELECT count(kept_local) FROM spillway_spend_logs"), "0");
}

TEST_F(ShipperTest, StartsWithoutPostgresAndCatchesUpWhenItComes)
{
    server_.stop_at_once();
    const auto shipper = ship();
    append(1'200);
    shipper->nudge();
    EXPECT_TRUE(until(*shipper, [](const ShipperState& now) {
        return !now.connected && !now.last_error.empty() && now.waiting == 1'200;
    })) << shipper->state().last_error;
    server_.start();
    shipper->drain(patience);
    EXPECT_EQ(rows(), "1200");
    EXPECT_EQ(shipper->state().waiting, 0u);
    EXPECT_EQ(shipper->state().shipped, 1'200u);
    EXPECT_EQ(shipper->state().last_error, "");
}

TEST_F(ShipperTest, LosesAndDoublesNothingWhenPostgresStopsUnderLoad)
{
    const auto shipper = ship();
    std::atomic<bool> enough{false};
    std::atomic<int> written{0};
    std::thread load{[&] {
        while (!enough) {
            append(5);
            written += 5;
            shipper->nudge();
        }
    }};
    for (int stops = 0; stops < 4; ++stops) {
        const auto before = shipper->state().shipped;
        EXPECT_TRUE(
            until(*shipper, [&](const ShipperState& now) { return now.shipped > before + 500; }));
        server_.stop_at_once();
        server_.start();
    }
    enough = true;
    load.join();
    EXPECT_TRUE(until(*shipper, [](const ShipperState& now) { return now.waiting == 0; }));
    shipper->drain(patience);
    EXPECT_EQ(rows(), std::to_string(written));
    EXPECT_EQ(value_of(path_, "SELECT count(*) FROM records"), std::to_string(written));
}

TEST_F(ShipperTest, MakesOneRowOfARecordThatIsShippedTwice)
{
    append(700);
    ship()->drain(patience);
    value_of(path_, "UPDATE shipped SET through_seq = 0");
    ship()->drain(patience);
    EXPECT_EQ(rows(), "700");
}

TEST_F(ShipperTest, GoesOnWhereItLeftOff)
{
    append(10);
    ship()->drain(patience);
    EXPECT_EQ(value_of(path_, "SELECT through_seq FROM shipped"), "10");
    append(5);
    const auto shipper = ship();
    shipper->drain(patience);
    EXPECT_EQ(shipper->state().shipped, 5u);
}

TEST_F(ShipperTest, SetsARecordAsideThatPostgresRefuses)
{
    auto records = full_records(ids_, 600);
    records[3].tags = "{\"unfinished";
    records[4].started = testing::at_micros(std::int64_t{9} << 59);
    records[4].total = Millis{0};
    ASSERT_TRUE(store_->append(places_of(records)));
    const auto shipper = ship();
    shipper->drain(patience);
    EXPECT_EQ(rows(), "598");
    EXPECT_EQ(shipper->state().quarantined, 2u);
    EXPECT_EQ(shipper->state().waiting, 0u);
    EXPECT_EQ(value_of(path_,
                       "SELECT group_concat(seq || ' ' || substr(sqlstate, 1, 2)) FROM "
                       "(SELECT * FROM quarantine ORDER BY seq)"),
              "4 22,5 22");
}

TEST_F(ShipperTest, WaitsWhilePostgresOnlyReads)
{
    const auto shipper = ship();
    append(1);
    shipper->drain(patience);
    in_postgres("ALTER DATABASE " + database_ + " SET default_transaction_read_only = on");
    in_postgres(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name = 'spillway'");
    append(20);
    shipper->nudge();
    EXPECT_TRUE(until(*shipper, [](const ShipperState& now) {
        return now.last_error.find("read-only") != std::string::npos;
    })) << shipper->state().last_error;
    EXPECT_EQ(shipper->state().quarantined, 0u);
    server_.value("postgres",
                  "ALTER DATABASE " + database_ + " SET default_transaction_read_only = off");
    EXPECT_TRUE(until(*shipper, [](const ShipperState& now) { return now.waiting == 0; }));
    EXPECT_EQ(rows(), "21");
}

TEST_F(ShipperTest, KeepsNobodyWaitingWhenPostgresFreezes)
{
    auto shipper = ship();
    append(10);
    shipper->drain(patience);
    server_.freeze();
    append(2'000);
    shipper->nudge();
    shipper->drain(100ms);
    EXPECT_TRUE(store_->append(places_of(full_records(ids_, 1))));
    auto ended = std::async(std::launch::async, [&shipper] { shipper.reset(); });
    EXPECT_EQ(ended.wait_for(10s), std::future_status::ready);
    ended.wait();
    server_.thaw();
    ship()->drain(patience);
    EXPECT_EQ(rows(), "2011");
}

TEST_F(ShipperTest, EndsWhileAFrozenPostgresLetsItConnect)
{
    server_.freeze();
    auto shipper = ship();
    shipper->drain(100ms);
    auto ended = std::async(std::launch::async, [&shipper] { shipper.reset(); });
    EXPECT_EQ(ended.wait_for(10s), std::future_status::ready);
}

TEST_F(ShipperTest, SharesADatabaseWithAnotherDaemon)
{
    const auto other_path = folder_.file("other.db");
    const auto other_store = Store::open(settings_for(other_path));
    ASSERT_TRUE((*other_store)->append(places_of(full_records(ids_, 40))));
    append(60);
    const auto first = ship();
    const auto second = std::make_unique<Shipper>(other_path, Secret{server_.url(database_)});
    first->drain(patience);
    second->drain(patience);
    EXPECT_EQ(rows(), "100");
    EXPECT_EQ(in_postgres("SELECT count(*) FROM spillway_schema_version"), "4");
}

TEST_F(ShipperTest, RefusesTheSchemaOfANewerVersion)
{
    ship()->drain(patience);
    in_postgres("INSERT INTO spillway_schema_version (version) VALUES (99)");
    append(1);
    const auto shipper = ship();
    EXPECT_TRUE(until(*shipper, [](const ShipperState& now) {
        return now.last_error.find("schema version 99") != std::string::npos;
    })) << shipper->state().last_error;
    EXPECT_EQ(rows(), "0");
}

TEST_F(ShipperTest, UsesTheSchemaThatPrismaUrlsName)
{
    in_postgres("CREATE SCHEMA proxy");
    append(3);
    Shipper shipper{path_, Secret{server_.url(database_) + "?schema=proxy&connection_limit=5"}};
    shipper.drain(patience);
    EXPECT_EQ(in_postgres("SELECT count(*) FROM proxy.spillway_spend_logs"), "3");
}

TEST_F(ShipperTest, SaysWithoutThePasswordWhyItCannotConnect)
{
    Shipper shipper{path_, Secret{"postgresql://u:hunter2@127.0.0.1:1/db"}};
    EXPECT_TRUE(until(shipper, [](const ShipperState& now) { return !now.last_error.empty(); }));
    EXPECT_EQ(shipper.state().last_error.find("hunter2"), std::string::npos);
    EXPECT_NE(shipper.state().last_error.find("127.0.0.1"), std::string::npos);
}

TEST_F(ShipperTest, FollowsALedgerThatBeganAnew)
{
    const auto shipper = ship();
    append(5);
    shipper->drain(patience);
    store_.reset();
    std::filesystem::remove(path_);
    store_ = std::move(*Store::open(settings_for(path_)));
    append(2);
    shipper->nudge();
    shipper->drain(patience);
    EXPECT_EQ(rows(), "7");
}

}  // namespace
}  // namespace spillway::ledger
