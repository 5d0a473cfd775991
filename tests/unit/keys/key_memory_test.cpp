#include "spillway/keys/key_memory.hpp"

#include <gmock/gmock.h>

#include "spillway/keys/key_book.hpp"
#include "spillway/keys/sqlite_store.hpp"
#include "unit/test_folder.hpp"

namespace spillway::keys {
namespace {

using namespace std::chrono_literals;
using ::testing::UnorderedElementsAre;
using Extent = Store::Contents::Extent;

const WallTime noon{std::chrono::seconds{1'795'262'400}};

Seen seen(std::chrono::seconds after, const std::string& boot = "b", std::chrono::seconds step = 0s)
{
    return {noon + after + step, boot, 1h + after};
}

TEST(KeyAge, IsTheMachinesOwnTimeWhateverTheClockIsSetTo)
{
    EXPECT_EQ(age(seen(0s), seen(10s)), 10s);
    EXPECT_EQ(age(seen(0s), seen(10s, "b", -1h)), 10s);
    EXPECT_EQ(age(seen(0s), seen(10s, "b", 1h)), 10s);
}

TEST(KeyAge, IsTheClocksAfterAnotherBootAndNeverNegative)
{
    EXPECT_EQ(age(seen(0s), Seen({noon + 60s, "c", 5s})), 60s);
    EXPECT_FALSE(age(seen(0s), Seen({noon - 1s, "c", 5s})));
    EXPECT_EQ(age(Seen{noon, "", 0us}, Seen({noon + 2s, "", 1h})), 2s) << "no boot is known";
}

TEST(KeyAge, OfNowGrows)
{
    const auto one = Seen::now();
    const auto old = age(one, Seen::now());
    ASSERT_TRUE(old);
    EXPECT_LT(*old, 60s);
}

class KeyMemoryTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(open_sqlite_store(path_)) << "its own file of keys"; }

    std::unique_ptr<KeyMemory> memory()
    {
        auto opened = KeyMemory::open(path_);
        EXPECT_TRUE(opened) << opened.error().message();
        return opened ? *std::move(opened) : nullptr;
    }
    std::optional<KeyMemory::Recalled> recalled()
    {
        auto found = memory()->recall();
        EXPECT_TRUE(found);
        return found ? *std::move(found) : std::nullopt;
    }
    static Row row(const std::string& id, Version version, std::optional<std::string> body = "{}")
    {
        return {Kind::key, id, version, std::move(body)};
    }

    TestFolder folder_;
    std::string path_ = folder_.file("ledger.keys.db");
};

auto is(const std::string& id, Version version)
{
    return ::testing::AllOf(::testing::Field(&Row::id, id),
                            ::testing::Field(&Row::version, version));
}

TEST_F(KeyMemoryTest, HasNothingToRecallAtFirst)
{
    EXPECT_FALSE(recalled());
}

TEST_F(KeyMemoryTest, RecallsWhatTheStoreSaidLast)
{
    const auto noting = memory();
    noting->note({3, {row("a", 1), row("b", 3)}, Extent::all}, seen(0s));
    noting->note({5, {row("a", 4, std::nullopt), row("c", 5)}, Extent::changes}, seen(1s));
    const auto found = recalled();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->contents.version, 5);
    EXPECT_EQ(found->contents.extent, Extent::all);
    EXPECT_THAT(found->contents.rows, UnorderedElementsAre(is("b", 3), is("c", 5)));
    EXPECT_EQ(found->seen.up, seen(1s).up);
    EXPECT_EQ(found->seen.boot, "b");
}

TEST_F(KeyMemoryTest, StaysYoungWhileTheStoreAnswers)
{
    const auto noting = memory();
    noting->note({3, {row("a", 1)}, Extent::all}, seen(0s));
    noting->note({3, {}, Extent::changes}, seen(1s));
    EXPECT_EQ(recalled()->seen.up, seen(0s).up) << "not at every look";
    noting->note({3, {}, Extent::changes}, seen(5s));
    EXPECT_EQ(recalled()->seen.up, seen(5s).up);
    EXPECT_EQ(recalled()->contents.rows.size(), 1U);
}

TEST_F(KeyMemoryTest, WritesNothingMoreAfterAFailure)
{
    const auto noting = memory();
    noting->note({3, {row("a", 1)}, Extent::all}, seen(0s));
    const auto other = memory();
    other->note({4, {row("b", 4)}, Extent::changes}, seen(1s));  // Changes of what?
    other->note({5, {row("c", 5)}, Extent::all}, seen(2s));
    EXPECT_THAT(recalled()->contents.rows, UnorderedElementsAre(is("a", 1)));
}

TEST_F(KeyMemoryTest, LeavesTheFilesOwnKeysAlone)
{
    memory()->note({3, {row("a", 1)}, Extent::all}, seen(0s));
    auto own = *open_sqlite_store(path_);
    EXPECT_TRUE(own->load()->rows.empty());
    const std::vector<Write> writes{{Kind::key, "mine", 0, "{}"}};
    ASSERT_TRUE(own->commit(writes));
    EXPECT_THAT(recalled()->contents.rows, UnorderedElementsAre(is("a", 1)));
}

/// A store that is shared: a file, which can be out of reach.
class FarStore final : public Store {
public:
    FarStore(const std::string& path, const bool& away)
        : file_(*open_sqlite_store(path)), away_(away)
    {}
    Result<Contents> load() override { return away_ ? gone() : file_->load(); }
    Result<Contents> changed_since(Version version) override
    {
        return away_ ? gone() : file_->changed_since(version);
    }
    Result<Version> commit(std::span<const Write> writes) override
    {
        if (away_)
            return fail(Errc::database_unavailable, "away");
        return file_->commit(writes);
    }

private:
    static Result<Contents> gone() { return fail(Errc::database_unavailable, "away"); }
    std::unique_ptr<Store> file_;
    const bool& away_;
};

class RememberedStoreTest : public KeyMemoryTest {
protected:
    KeyBook book(const std::string& far)
    {
        return {
            make_remembered_store(std::make_unique<FarStore>(folder_.file(far), away_), memory()),
            [](auto) { return Result<void>{}; }};
    }
    static Key key(const std::string& token)
    {
        Key one;
        one.token = token;
        return one;
    }

    bool away_ = false;
};

TEST_F(RememberedStoreTest, ARestartWithoutTheStoreKnowsWhatWasKnown)
{
    {
        auto before = book("far");
        ASSERT_TRUE(before.load({}));
        ASSERT_TRUE(before.apply({Change::put(key("mine")), Change::put(key("gone"))}));
        ASSERT_TRUE(before.apply({Change::remove(Kind::key, "gone", 1)}));
        auto other = book("far");
        ASSERT_TRUE(other.load({}));
        ASSERT_TRUE(other.apply({Change::put(key("theirs"))}));
        ASSERT_TRUE(before.catch_up());
    }
    away_ = true;
    auto after = book("far");
    ASSERT_EQ(after.load({}).error().code(), Errc::database_unavailable);
    ASSERT_TRUE(after.recall(recalled()->contents, {}));
    EXPECT_TRUE(after.now()->grants.find("mine"));
    EXPECT_TRUE(after.now()->grants.find("theirs"));
    EXPECT_FALSE(after.now()->grants.find("gone"));
}

TEST_F(RememberedStoreTest, TheFirstAnswerIsACompleteOne)
{
    {
        auto before = book("far");
        ASSERT_TRUE(before.load({}));
        for (const auto* token : {"one", "two", "three"})
            ASSERT_TRUE(before.apply({Change::put(key(token))}));
    }
    away_ = true;
    auto after = book("another");
    ASSERT_FALSE(after.load({}));
    ASSERT_TRUE(after.recall(recalled()->contents, {}));
    away_ = false;
    ASSERT_TRUE(after.catch_up());
    EXPECT_FALSE(after.now()->grants.find("one")) << "another database, which has no keys";
}

}  // namespace
}  // namespace spillway::keys
