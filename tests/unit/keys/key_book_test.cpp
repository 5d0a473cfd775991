#include "spillway/keys/key_book.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <thread>

#include "spillway/keys/sqlite_store.hpp"
#include "unit/test_folder.hpp"

namespace spillway::keys {
namespace {

using ::testing::HasSubstr;

std::unique_ptr<Store> opened(const std::string& path)
{
    auto store = open_sqlite_store(path);
    EXPECT_TRUE(store);
    return store ? *std::move(store) : nullptr;
}

class KeyBookTest : public ::testing::Test {
protected:
    static Key key(const std::string& token, std::int64_t cap = 0)
    {
        Key key;
        key.token = token;
        if (cap > 0)
            key.allowance.max_budget = NanoUsd{cap};
        return key;
    }
    Result<void> hold(std::span<const chat::ScopeBudget> caps)
    {
        // What is held must not be published yet.
        published_at_hold_ = book_ ? book_->now()->catalog.version() : -1;
        held_.assign(caps.begin(), caps.end());
        return {};
    }
    KeyBook& book()
    {
        if (!book_) {
            book_ = std::make_unique<KeyBook>(
                opened(path_),
                [this](std::span<const chat::ScopeBudget> caps) { return hold(caps); });
            EXPECT_TRUE(book_->load({}));
        }
        return *book_;
    }

    TestFolder folder_;
    std::string path_ = folder_.file("keys");
    std::vector<chat::ScopeBudget> held_;
    Version published_at_hold_ = -1;
    std::unique_ptr<KeyBook> book_;
};

TEST_F(KeyBookTest, BringsAChangeIntoForceCapsFirst)
{
    const auto applied = book().apply({Change::put(key("t1", 5))});
    ASSERT_TRUE(applied) << applied.error().message();
    EXPECT_EQ((*applied)->catalog.key("t1")->version, 1);
    EXPECT_TRUE((*applied)->grants.find("t1"));
    EXPECT_EQ(book().now(), *applied);
    ASSERT_EQ(held_.size(), 1U);
    EXPECT_EQ(held_[0].scope.name, "t1");
    EXPECT_EQ(published_at_hold_, 0);
}

TEST_F(KeyBookTest, HasItsKeysAgainAfterARestart)
{
    ASSERT_TRUE(book().apply({Change::put(key("t1", 5)), Change::put(key("t2"))}));
    ASSERT_TRUE(book().apply({Change::remove(Kind::key, "t2", 1)}));
    book_.reset();
    held_.clear();
    EXPECT_TRUE(book().now()->grants.find("t1"));
    EXPECT_FALSE(book().now()->grants.find("t2"));
    EXPECT_EQ(held_.size(), 1U);
}

TEST_F(KeyBookTest, RefusesTheSecondOfTwoUpdatesOfOneState)
{
    ASSERT_TRUE(book().apply({Change::put(key("t1"))}));
    auto first = *book().now()->catalog.key("t1");
    auto second = first;
    first.key_alias = "first";
    second.key_alias = "second";
    ASSERT_TRUE(book().apply({Change::put(first)}));
    const auto refused = book().apply({Change::put(second)});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::changed_meanwhile);
    EXPECT_EQ(book().now()->catalog.key("t1")->key_alias, "first");
}

TEST_F(KeyBookTest, SeesWhatOthersWriteWhenItLooks)
{
    ASSERT_TRUE(book().apply({Change::put(key("t1"))}));
    KeyBook other(opened(path_), [](auto) { return Result<void>{}; });
    ASSERT_TRUE(other.load({}));
    ASSERT_TRUE(other.apply({Change::put(key("t2"))}));
    ASSERT_TRUE(other.apply({Change::remove(Kind::key, "t1", 1)}));
    EXPECT_TRUE(book().now()->grants.find("t1"));
    ASSERT_TRUE(book().catch_up());
    EXPECT_FALSE(book().now()->grants.find("t1"));
    EXPECT_TRUE(book().now()->grants.find("t2"));
}

TEST_F(KeyBookTest, TakesWhatOthersWroteAlongWithItsOwn)
{
    (void)book();
    KeyBook other(opened(path_), [](auto) { return Result<void>{}; });
    ASSERT_TRUE(other.load({}));
    ASSERT_TRUE(other.apply({Change::put(key("t2"))}));
    ASSERT_TRUE(book().apply({Change::put(key("t1"))}));
    EXPECT_TRUE(book().now()->grants.find("t1"));
    EXPECT_TRUE(book().now()->grants.find("t2"));
    EXPECT_EQ(book().now()->catalog.version(), 2);
}

TEST_F(KeyBookTest, SeesWhatAConflictIsAbout)
{
    ASSERT_TRUE(book().apply({Change::put(key("t1"))}));
    KeyBook other(opened(path_), [](auto) { return Result<void>{}; });
    ASSERT_TRUE(other.load({}));
    auto theirs = *other.now()->catalog.key("t1");
    theirs.key_alias = "theirs";
    ASSERT_TRUE(other.apply({Change::put(theirs)}));
    ASSERT_FALSE(book().apply({Change::put(*book().now()->catalog.key("t1"))}));
    EXPECT_EQ(book().now()->catalog.key("t1")->key_alias, "theirs");
}

TEST_F(KeyBookTest, FollowsTheDefaultOfUsers)
{
    auto one = key("t1");
    one.user_id = "u1";
    ASSERT_TRUE(book().apply({Change::put(one)}));
    book().follow({{{NanoUsd{7}, "1d"}}});
    const auto of_user = std::find_if(held_.begin(), held_.end(), [](const auto& each) {
        return each.scope.kind == chat::ScopeKind::user;
    });
    ASSERT_NE(of_user, held_.end());
    EXPECT_EQ(of_user->hard.size(), 1U);
    EXPECT_EQ(book().now()->grants.find("t1")->budgets.size(), 1U);
}

TEST_F(KeyBookTest, ServesAGrantWhosePastIsNotKnown)
{
    KeyBook blind(opened(path_), [](auto) {
        return Result<void>(fail(Errc::ledger_unavailable, "the ledger cannot be read"));
    });
    ASSERT_TRUE(blind.load({}));
    EXPECT_TRUE(blind.apply({Change::put(key("t1", 5))}));
    EXPECT_TRUE(blind.now()->grants.find("t1"));
}

TEST_F(KeyBookTest, DoesNotTakeADamagedRecordForNone)
{
    {
        const auto store = opened(path_);
        const std::vector<Write> writes{{Kind::key, "t1", 0, R"({"models":7})"}};
        ASSERT_TRUE(store->commit(writes));
    }
    KeyBook book(opened(path_), [](auto) { return Result<void>{}; });
    const auto loaded = book.load({});
    ASSERT_FALSE(loaded);
    EXPECT_THAT(loaded.error().message(), HasSubstr("stored key 't1'"));
}

TEST_F(KeyBookTest, ShowsReadersWholeEditionsWhileItChanges)
{
    constexpr int rounds = 40;
    (void)book();
    std::atomic<bool> done{false};
    std::thread reader([this, &done] {
        KeyReader look(*book_);
        while (!done) {
            const auto edition = look.now();
            // Both keys of a commit, or none.
            EXPECT_EQ(edition->grants.find("a") != nullptr, edition->grants.find("b") != nullptr);
        }
    });
    for (int i = 0; i < rounds; ++i) {
        ASSERT_TRUE(book().apply({Change::put(key("a")), Change::put(key("b"))}));
        const auto version = book().now()->catalog.version();
        ASSERT_TRUE(book().apply(
            {Change::remove(Kind::key, "a", version), Change::remove(Kind::key, "b", version)}));
    }
    done = true;
    reader.join();
}

TEST_F(KeyBookTest, FollowsAnotherDefaultBudgetOfEndUsers)
{
    BudgetRow row;
    row.budget_id = "visitors";
    row.allowance.max_budget = NanoUsd{7};
    row.allowance.rpm_limit = 3;
    ASSERT_TRUE(book().apply({Change::put(row)}));
    EXPECT_FALSE(book().now()->grants.end_user("stranger"));
    const auto of_anybody = [this] {
        const auto found = std::find_if(held_.begin(), held_.end(), [](const auto& budget) {
            return budget.scope == chat::Scope{chat::ScopeKind::end_user, ""};
        });
        return found == held_.end() ? std::vector<chat::Cap>{{NanoUsd{-1}, ""}} : found->hard;
    };
    Defaults defaults;
    defaults.end_user_budget = "visitors";
    book().follow(defaults);
    EXPECT_EQ(of_anybody(), (std::vector<chat::Cap>{{NanoUsd{7}, ""}}));
    EXPECT_TRUE(book().now()->grants.end_user("stranger"));
    book().follow({});
    EXPECT_TRUE(of_anybody().empty());
    EXPECT_FALSE(book().now()->grants.end_user("stranger"));
}

TEST(KeyReaderTest, KnowsNoKeysWithoutABook)
{
    KeyReader reader;
    EXPECT_EQ(reader.now()->grants.size(), 0U);
    EXPECT_EQ(reader.state(), State::known);
}

}  // namespace
}  // namespace spillway::keys
