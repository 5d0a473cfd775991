#include "spillway/instances/told_board.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "spillway/base/clock.hpp"
#include "unit/postgres/server.hpp"

namespace spillway::instances {
namespace {

using ledger::Notice;
using ledger::Tiding;
using postgres::testing::PostgresServer;
using std::chrono::hours;
using Positions = std::vector<std::size_t>;

const WallTime began = std::chrono::floor<hours>(SystemClock{}.wall());

Tiding key_of(const std::string& name)
{
    return {"soft_budget_crossed", "key", name, "1d", began, began + hours{24}};
}
Notice of_key(const std::string& name)
{
    return {key_of(name), "line of " + name, "message of " + name};
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
            std::vector<Notice> news;
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

TEST_F(ToldBoardTest, WhatWasClaimedAndNeverToldIsTakenOverOnce)
{
    auto one = board();
    auto two = board();
    auto endless = of_key("e");
    endless.about.ends.reset();
    ASSERT_TRUE(one.claim(std::vector{of_key("a"), of_key("b'\\"), endless}));
    ASSERT_TRUE(one.mark(std::vector{key_of("a")}));
    EXPECT_TRUE(two.take_over(std::chrono::minutes{5})->empty()) << "it may still be at it";
    (void)server_.value(database_,
                        "UPDATE spillway_told SET claimed_at = now() - interval '6 minutes'");
    ASSERT_TRUE(one.renew(std::vector{key_of("e")}));
    const auto taken = two.take_over(std::chrono::minutes{5});
    ASSERT_TRUE(taken) << taken.error().message;
    ASSERT_EQ(taken->size(), 1U);
    EXPECT_EQ((*taken)[0].about.name, "b'\\");
    EXPECT_EQ((*taken)[0].about.began, began);
    EXPECT_EQ((*taken)[0].about.ends, began + hours{24});
    EXPECT_EQ((*taken)[0].line, "line of b'\\");
    EXPECT_EQ((*taken)[0].message, "message of b'\\");
    EXPECT_TRUE(one.take_over(std::chrono::minutes{5})->empty()) << "it is another's now";
    ASSERT_TRUE(two.mark(std::vector{key_of("b'\\")}));
    EXPECT_EQ(server_.value(database_,
                            "SELECT string_agg(name, ',') FROM spillway_told WHERE message IS NOT "
                            "NULL"),
              "e");
    EXPECT_EQ(one.claim(std::vector{of_key("b'\\")}), Positions{}) << "told is told";
}

TEST_F(ToldBoardTest, SaysWhenNobodyCanBeAsked)
{
    ToldBoard none(Secret("postgresql://nobody@127.0.0.1:1/none"),
                   std::make_shared<EventDescriptor>());
    EXPECT_FALSE(none.claim(std::vector{of_key("a")}));
}

}  // namespace
}  // namespace spillway::instances
