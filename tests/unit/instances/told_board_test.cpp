#include "spillway/instances/told_board.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "spillway/base/clock.hpp"
#include "unit/postgres/server.hpp"

namespace spillway::instances {
namespace {

using ledger::Tiding;
using postgres::testing::PostgresServer;
using std::chrono::hours;
using Positions = std::vector<std::size_t>;

const WallTime began = std::chrono::floor<hours>(SystemClock{}.wall());

Tiding of_key(const std::string& name)
{
    return {"soft_budget_crossed", "key", name, "1d", began, began + hours{24}};
}

class ToldBoardTest : public ::testing::Test {
protected:
    ToldBoard board(std::shared_ptr<EventDescriptor> stop = std::make_shared<EventDescriptor>())
    {
        return {Secret(server_.url(database_)), std::move(stop)};
    }
    PostgresServer& server_ = PostgresServer::shared();
    std::string database_ = server_.make_database();
};

TEST_F(ToldBoardTest, OneOfTwoInstancesTellsIt)
{
    auto one = board();
    auto two = board();
    EXPECT_EQ(one.claim(std::vector{of_key("a"), of_key("b'\\")}), (Positions{0, 1}));
    EXPECT_EQ(two.claim(std::vector{of_key("c"), of_key("b'\\")}), Positions{0});
}

TEST_F(ToldBoardTest, OfManyAtOnceExactlyOneTellsEach)
{
    constexpr int instances = 6;
    std::atomic<int> told{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < instances; ++i)
        threads.emplace_back([&, i] {
            auto mine = board();
            std::vector<Tiding> news;
            for (int k = 0; k < 20; ++k)
                news.push_back(of_key(std::to_string((k + i) % 20)));
            const auto taken = mine.claim(news);
            EXPECT_TRUE(taken) << taken.error().message;
            told += taken ? static_cast<int>(taken->size()) : 0;
        });
    for (auto& thread : threads)
        thread.join();
    EXPECT_EQ(told, 20);
}

TEST_F(ToldBoardTest, GoesOnAfterItsConnectionWasCut)
{
    auto one = board();
    ASSERT_TRUE(one.claim(std::vector{of_key("a")}));
    (void)server_.value(database_,
                        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                        "datname = current_database() AND pid <> pg_backend_pid()");
    EXPECT_EQ(one.claim(std::vector{of_key("a"), of_key("b")}), Positions{1});
}

TEST_F(ToldBoardTest, SaysWhenNobodyCanBeAsked)
{
    ToldBoard none(Secret("postgresql://nobody@127.0.0.1:1/none"),
                   std::make_shared<EventDescriptor>());
    EXPECT_FALSE(none.claim(std::vector{of_key("a")}));
}

}  // namespace
}  // namespace spillway::instances
