#include "spillway/keys/sqlite_store.hpp"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <set>
#include <thread>

#include "spillway/sqlite/connection.hpp"
#include "unit/test_folder.hpp"

namespace spillway::keys {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::unique_ptr<Store> opened(const std::string& path)
{
    auto store = open_sqlite_store(path);
    EXPECT_TRUE(store) << store.error().message();
    return store ? *std::move(store) : nullptr;
}

Write put(std::string id, Version read, std::string body, Kind kind = Kind::key)
{
    return {kind, std::move(id), read, std::move(body)};
}
Write remove(std::string id, Version read)
{
    return {Kind::key, std::move(id), read, std::nullopt};
}

class SqliteStoreTest : public ::testing::Test {
protected:
    Result<Version> commit(std::vector<Write> writes) { return store_->commit(writes); }

    TestFolder folder_;
    std::string path_ = folder_.file("ledger.keys.db");
    std::unique_ptr<Store> store_ = opened(path_);
};

auto is(const std::string& id, Version version)
{
    return ::testing::AllOf(Field(&Row::id, id), Field(&Row::version, version));
}

TEST_F(SqliteStoreTest, StandsBesideTheLedger)
{
    EXPECT_EQ(keys_path("/var/lib/spillway.db"), "/var/lib/spillway.keys.db");
}

TEST_F(SqliteStoreTest, IsReadableByItsOwnerOnly)
{
    struct stat about{};
    ASSERT_EQ(stat(path_.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 0777, 0600U);
}

TEST_F(SqliteStoreTest, GivesBackWhatItWasGiven)
{
    ASSERT_EQ(commit({put("a", 0, "{}"), put("a", 0, R"({"x":"é"})", Kind::team)}), 1);
    store_.reset();
    store_ = opened(path_);
    const auto contents = store_->load();
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->version, 1);
    EXPECT_EQ(contents->extent, Store::Contents::Extent::all);
    ASSERT_EQ(contents->rows.size(), 2U);
    for (const auto& row : contents->rows)
        EXPECT_EQ(row.body, row.kind == Kind::key ? "{}" : R"({"x":"é"})");
}

TEST_F(SqliteStoreTest, TakesAllWritesOrNone)
{
    ASSERT_EQ(commit({put("a", 0, "{}")}), 1);
    const auto second = commit({put("b", 0, "{}"), put("a", 0, "{}")});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code(), Errc::changed_meanwhile);
    EXPECT_THAT(second.error().message(), HasSubstr("key 'a'"));
    const auto contents = store_->load();
    ASSERT_TRUE(contents);
    EXPECT_THAT(contents->rows, ElementsAre(is("a", 1)));
    EXPECT_EQ(contents->version, 1);
}

class Conflict : public SqliteStoreTest, public ::testing::WithParamInterface<Write> {};

TEST_P(Conflict, IsAnErrorAndChangesNothing)
{
    ASSERT_EQ(commit({put("a", 0, "1")}), 1);
    ASSERT_EQ(commit({put("a", 1, "2"), put("gone", 0, "{}")}), 2);
    ASSERT_EQ(commit({remove("gone", 2)}), 3);
    const auto refused = commit({GetParam()});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::changed_meanwhile);
    const auto contents = store_->load();
    ASSERT_TRUE(contents);
    EXPECT_THAT(contents->rows, ElementsAre(is("a", 2)));
}

INSTANTIATE_TEST_SUITE_P(SqliteStore, Conflict,
                         ::testing::Values(put("a", 1, "old"), put("a", 0, "new"), remove("a", 1),
                                           put("gone", 2, "{}"), remove("gone", 2),
                                           remove("never", 1), put("never", 9, "{}")));

TEST_F(SqliteStoreTest, LetsARemovedIdBeTakenAgain)
{
    ASSERT_EQ(commit({put("a", 0, "1")}), 1);
    ASSERT_EQ(commit({remove("a", 1)}), 2);
    ASSERT_EQ(commit({put("a", 0, "2")}), 3);
    const auto contents = store_->load();
    ASSERT_TRUE(contents);
    EXPECT_THAT(contents->rows, ElementsAre(is("a", 3)));
}

TEST_F(SqliteStoreTest, TellsWhatHasChangedSince)
{
    ASSERT_EQ(commit({put("a", 0, "1"), put("b", 0, "1")}), 1);
    ASSERT_EQ(commit({put("c", 0, "1")}), 2);
    ASSERT_EQ(commit({remove("b", 1)}), 3);
    auto since = store_->changed_since(1);
    ASSERT_TRUE(since);
    EXPECT_EQ(since->version, 3);
    EXPECT_EQ(since->extent, Store::Contents::Extent::changes);
    EXPECT_THAT(since->rows, ElementsAre(is("c", 2), is("b", 3)));
    EXPECT_FALSE(since->rows[1].body);
    since = store_->changed_since(3);
    ASSERT_TRUE(since);
    EXPECT_THAT(since->rows, IsEmpty());
}

TEST_F(SqliteStoreTest, SeesWhatAnotherProcessWrites)
{
    ASSERT_EQ(commit({put("a", 0, "1")}), 1);
    const auto other = opened(path_);
    const std::vector<Write> theirs{put("b", 0, "1")};
    ASSERT_EQ(other->commit(theirs), 2);
    const auto since = store_->changed_since(1);
    ASSERT_TRUE(since);
    EXPECT_THAT(since->rows, ElementsAre(is("b", 2)));
}

TEST_F(SqliteStoreTest, GivesEveryCommitOfSeveralWritersItsOwnVersion)
{
    constexpr int each = 20;
    const auto write = [this](const std::string& name) {
        const auto store = opened(path_);
        for (int i = 0; i < each; ++i) {
            const std::vector<Write> writes{put(name + std::to_string(i), 0, "{}")};
            EXPECT_TRUE(store->commit(writes));
        }
    };
    std::thread a(write, "a");
    std::thread b(write, "b");
    a.join();
    b.join();
    const auto contents = store_->load();
    ASSERT_TRUE(contents);
    EXPECT_EQ(contents->version, 2 * each);
    std::set<Version> versions;
    for (const auto& row : contents->rows)
        versions.insert(row.version);
    EXPECT_EQ(versions.size(), 2U * each);
}

TEST_F(SqliteStoreTest, AnswersWithAllWhenItHasForgottenWhatWasRemoved)
{
    ASSERT_EQ(commit({put("a", 0, "1"), put("b", 0, "1")}), 1);
    ASSERT_EQ(commit({remove("b", 1)}), 2);
    auto file = sqlite::Connection::open(path_, sqlite::Access::write);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->run("UPDATE spillway_keys_version SET version = 20000"));
    ASSERT_EQ(commit({put("c", 0, "1")}), 20'001);
    const auto since = store_->changed_since(1);
    ASSERT_TRUE(since);
    EXPECT_EQ(since->extent, Store::Contents::Extent::all);
    EXPECT_THAT(since->rows, UnorderedElementsAre(is("a", 1), is("c", 20'001)));
    EXPECT_EQ(*file->number("SELECT count(*) FROM spillway_keys_record WHERE removed"), 0);
}

TEST_F(SqliteStoreTest, RefusesAFileThatIsNone)
{
    const auto path = folder_.file("noise");
    std::ofstream(path) << std::string(8'192, 'x');
    const auto store = open_sqlite_store(path);
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), Errc::io_error);
    EXPECT_THAT(store.error().message(), HasSubstr(path));
}

TEST_F(SqliteStoreTest, RefusesAFileOfALaterLayout)
{
    store_.reset();
    auto file = sqlite::Connection::open(path_, sqlite::Access::write);
    ASSERT_TRUE(file);
    ASSERT_TRUE(file->run("PRAGMA user_version = 2"));
    const auto store = open_sqlite_store(path_);
    ASSERT_FALSE(store);
    EXPECT_THAT(store.error().message(), HasSubstr("newer spillway"));
}

TEST_F(SqliteStoreTest, SaysSoWhenItCannotWrite)
{
    const auto store = open_sqlite_store(folder_.file("no/such/folder"));
    ASSERT_FALSE(store);
    EXPECT_EQ(store.error().code(), Errc::ledger_unavailable);
}

}  // namespace
}  // namespace spillway::keys
