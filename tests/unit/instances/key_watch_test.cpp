#include "spillway/instances/key_watch.hpp"

#include <gtest/gtest.h>

#include "spillway/base/log.hpp"
#include "spillway/keys/postgres_store.hpp"
#include "unit/postgres/server.hpp"

namespace spillway::instances {
namespace {

using keys::State;
using postgres::testing::PostgresServer;
using namespace std::chrono_literals;

/// spdlog makes its registry when it is first asked, in a library that ThreadSanitizer does not see
/// into: asked before there are threads.
[[maybe_unused]] const auto* const logger = spdlog::default_logger_raw();

TEST(KeyWatch, SaysWhatIsKnownByHowLongTheDatabaseWasSilent)
{
    EXPECT_EQ(state_after(0ms, 10s), State::known);
    EXPECT_EQ(state_after(1ms, 10s), State::unsure);
    EXPECT_EQ(state_after(9'999ms, 10s), State::unsure);
    EXPECT_EQ(state_after(10s, 10s), State::lost);
    EXPECT_EQ(state_after(1ms, 0s), State::lost);
    EXPECT_EQ(state_after(0ms, 0s), State::known);
}

/// A book whose store is shared, and its watch.
struct Desk {
    explicit Desk(const std::string& url, Millis memory = 3'600s)
        : stop(std::make_shared<EventDescriptor>()),
          book(keys::make_postgres_store(Secret(url), stop), [](auto) { return Result<void>{}; })
    {
        EXPECT_TRUE(book.load({}));
        watch =
            std::make_unique<KeyWatch>(KeyWatch::Parts{Secret(url), stop, book, nullptr, memory});
    }
    [[nodiscard]] bool has(const std::string& token) const
    {
        return book.now()->catalog.key(token) != nullptr;
    }
    template <class Holds>
    [[nodiscard]] static bool until(Holds holds)
    {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > deadline)
                return false;
            std::this_thread::yield();
        }
        return true;
    }

    std::shared_ptr<EventDescriptor> stop;
    keys::KeyBook book;
    std::unique_ptr<KeyWatch> watch;
};

class KeyWatchTest : public ::testing::Test {
protected:
    static std::vector<keys::Change> key(const std::string& token)
    {
        keys::Key key;
        key.token = token;
        return {keys::Change::put(key)};
    }

    PostgresServer& server_ = PostgresServer::shared();
    std::string database_ = server_.make_database();
    std::string url_ = server_.url(database_);
};

TEST_F(KeyWatchTest, BringsIntoForceWhatAnotherInstanceWrote)
{
    Desk one(url_);
    Desk two(url_);
    ASSERT_TRUE(one.book.apply(key("a")));
    EXPECT_TRUE(Desk::until([&] { return two.has("a"); }));
    const auto version = two.book.now()->catalog.key("a")->version;
    ASSERT_TRUE(two.book.apply({keys::Change::remove(keys::Kind::key, "a", version)}));
    EXPECT_TRUE(Desk::until([&] { return !one.has("a"); }));
}

TEST_F(KeyWatchTest, SaysWhenItCannotKnow)
{
    Desk one(url_);
    Desk two(url_, Millis{1});
    ASSERT_TRUE(one.book.apply(key("a")));
    server_.stop_at_once();
    EXPECT_TRUE(Desk::until([&] { return one.book.state() == State::unsure; }));
    EXPECT_TRUE(Desk::until([&] { return two.book.state() == State::lost; }));
    EXPECT_TRUE(one.has("a"));
    server_.start();
    EXPECT_TRUE(Desk::until([&] { return one.book.state() == State::known; }));
    EXPECT_TRUE(Desk::until([&] { return two.book.state() == State::known; }));
}

}  // namespace
}  // namespace spillway::instances
