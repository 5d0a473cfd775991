#include "spillway/keys/postgres_store.hpp"

#include <gmock/gmock.h>

#include <thread>

#include "spillway/keys/move_records.hpp"
#include "spillway/keys/sqlite_store.hpp"
#include "unit/postgres/server.hpp"
#include "unit/test_folder.hpp"

namespace spillway::keys {
namespace {

using postgres::testing::PostgresServer;
using Extent = Store::Contents::Extent;

Write put(std::string id, Version read, std::string body, Kind kind = Kind::key)
{
    return {kind, std::move(id), read, std::move(body)};
}
Write remove(std::string id, Version read)
{
    return {Kind::key, std::move(id), read, std::nullopt};
}

class PostgresStoreTest : public ::testing::Test {
protected:
    ~PostgresStoreTest() override { server_.thaw(); }
    [[nodiscard]] std::unique_ptr<Store> open() const
    {
        return make_postgres_store(Secret(server_.url(database_)), stop_);
    }
    Result<Version> commit(std::vector<Write> writes) { return store_->commit(writes); }
    static Errc code_of(const Result<Version>& result)
    {
        return result ? Errc::internal : result.error().code();
    }

    PostgresServer& server_ = PostgresServer::shared();
    std::string database_ = server_.make_database();
    std::shared_ptr<EventDescriptor> stop_ = std::make_shared<EventDescriptor>();
    std::unique_ptr<Store> store_ = open();
};

TEST_F(PostgresStoreTest, GivesBackWhatItWasGiven)
{
    ASSERT_EQ(commit({put("a'); --", 0, "{}"), put("a", 0, R"({"x":"é\u0000"})", Kind::team)}), 1);
    const auto contents = open()->load();
    ASSERT_TRUE(contents) << contents.error().message();
    EXPECT_EQ(contents->version, 1);
    EXPECT_EQ(contents->extent, Extent::all);
    ASSERT_EQ(contents->rows.size(), 2U);
    for (const auto& row : contents->rows)
        EXPECT_EQ(row.body, row.kind == Kind::key ? "{}" : R"({"x":"é\u0000"})");
}

TEST_F(PostgresStoreTest, TakesAllWritesOrNone)
{
    ASSERT_EQ(commit({put("a", 0, "{}")}), 1);
    EXPECT_EQ(code_of(commit({put("b", 0, "{}"), put("a", 0, "{}")})), Errc::changed_meanwhile);
    EXPECT_EQ(store_->load()->rows.size(), 1U);
    ASSERT_EQ(commit({put("b", 0, "{}"), put("a", 1, "{}")}), 2) << "the session goes on";
}

TEST_F(PostgresStoreTest, TellsWhatChangedSinceRemovalsToo)
{
    ASSERT_EQ(commit({put("a", 0, "{}"), put("b", 0, "{}")}), 1);
    ASSERT_EQ(commit({remove("a", 1)}), 2);
    EXPECT_EQ(store_->load()->rows.size(), 1U);
    const auto changes = store_->changed_since(1);
    ASSERT_TRUE(changes);
    EXPECT_EQ(changes->extent, Extent::changes);
    EXPECT_EQ(changes->version, 2);
    ASSERT_EQ(changes->rows.size(), 1U);
    EXPECT_EQ(changes->rows[0].id, "a");
    EXPECT_FALSE(changes->rows[0].body);
    EXPECT_TRUE(store_->changed_since(2)->rows.empty());
    ASSERT_EQ(commit({put("a", 0, "{}")}), 3) << "what was removed may be there again";
}

TEST_F(PostgresStoreTest, TellsEverythingWhenItRemembersTheChangesNoLonger)
{
    ASSERT_EQ(commit({put("a", 0, "{}")}), 1);
    server_.value(database_, "UPDATE spillway_keys_version SET version = 20000, forgotten = 10000");
    const auto contents = store_->changed_since(5'000);
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->extent, Extent::all);
    EXPECT_EQ(contents->rows.size(), 1U);
}

TEST_F(PostgresStoreTest, TwoThatWriteAtOnceTakeTurns)
{
    ASSERT_EQ(commit({put("n", 0, "0")}), 1);
    const auto count = [](Store& store) {
        for (int done = 0; done < 25;) {
            const auto now = store.load();
            ASSERT_TRUE(now);
            const auto& row = now->rows.at(0);
            const std::vector<Write> next{
                put("n", row.version, std::to_string(std::stoi(*row.body) + 1))};
            const auto written = store.commit(next);
            if (written)
                ++done;
            else
                ASSERT_EQ(written.error().code(), Errc::changed_meanwhile);
        }
    };
    const auto second = open();
    std::thread other([&] { count(*second); });
    count(*store_);
    other.join();
    EXPECT_EQ(store_->load()->rows.at(0).body, "50");
}

TEST_F(PostgresStoreTest, SaysWhenTheServerIsAwayAndComesBack)
{
    ASSERT_EQ(commit({put("a", 0, "{}")}), 1);
    server_.stop_at_once();
    EXPECT_EQ(code_of(commit({put("b", 0, "{}")})), Errc::database_unavailable);
    const auto away = store_->changed_since(0);
    ASSERT_FALSE(away);
    EXPECT_EQ(away.error().code(), Errc::database_unavailable);
    server_.start();
    EXPECT_EQ(commit({put("b", 0, "{}")}), 2);
}

TEST_F(PostgresStoreTest, RefusesNamesThatPostgresCannotHold)
{
    EXPECT_EQ(code_of(commit({put(std::string("a\0b", 3), 0, "{}")})), Errc::invalid_request);
    EXPECT_EQ(code_of(commit({put("\xff", 0, "{}")})), Errc::invalid_request);
    EXPECT_EQ(commit({put("a", 0, "{}")}), 1);
}

TEST_F(PostgresStoreTest, EndsItsWaitsWhenItIsStopped)
{
    ASSERT_EQ(commit({put("a", 0, "{}")}), 1);
    server_.freeze();
    std::thread stopping([this] { stop_->raise(); });
    EXPECT_EQ(code_of(commit({put("b", 0, "{}")})), Errc::database_unavailable);
    stopping.join();
}

TEST_F(PostgresStoreTest, TakesOverWhatAFileHolds)
{
    const TestFolder folder;
    const auto file = open_sqlite_store(folder.file("keys.db"));
    ASSERT_TRUE(file);
    const std::vector<Write> mine{put("a", 0, "1"), put("b", 0, "2"), put("c", 0, "3")};
    ASSERT_TRUE((*file)->commit(mine));
    ASSERT_TRUE(commit({put("b", 0, "theirs")}));
    EXPECT_EQ(move_records(**file, *store_), 2U);
    EXPECT_TRUE((*file)->load()->rows.empty());
    const auto contents = store_->load();
    ASSERT_EQ(contents->rows.size(), 3U);
    for (const auto& row : contents->rows)
        EXPECT_EQ(row.body, row.id == "a" ? "1" : row.id == "b" ? "theirs" : "3");
    EXPECT_EQ(move_records(**file, *store_), 0U);
}

}  // namespace
}  // namespace spillway::keys
