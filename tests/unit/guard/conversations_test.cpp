#include "spillway/guard/conversations.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "unit/route/world.hpp"

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using route::RoutingTable;
using route::testing_world::config_of;
using route::testing_world::row;

const TimePoint noon{std::chrono::hours{1'000}};
constexpr std::uint64_t talk = 77;
constexpr GroupIndex small{0};
constexpr GroupIndex large{1};
constexpr DeploymentIndex a{0};
constexpr DeploymentIndex b{1};
constexpr DeploymentIndex big{2};

class ConversationsTest : public testing::Test {
protected:
    const RoutingTable table{config_of({row("small", "a"), row("small", "b"), row("large", "big")}),
                             {}};
    Conversations conversations;
};

TEST_F(ConversationsTest, KnowNobodyAtFirst)
{
    EXPECT_EQ(conversations.last(talk, table, small, noon), std::nullopt);
}

TEST_F(ConversationsTest, RememberWhoServedLast)
{
    conversations.served(talk, table, small, a, noon);
    conversations.served(talk, table, small, b, noon + 1s);
    EXPECT_EQ(conversations.last(talk, table, small, noon + 1s), b);
    EXPECT_EQ(conversations.size(), 1u);
}

TEST_F(ConversationsTest, KeepGroupsAndConversationsApart)
{
    conversations.served(talk, table, small, a, noon);
    conversations.served(talk, table, large, big, noon);
    conversations.served(talk + 1, table, small, b, noon);
    EXPECT_EQ(conversations.last(talk, table, small, noon), a);
    EXPECT_EQ(conversations.last(talk, table, large, noon), big);
    EXPECT_EQ(conversations.last(talk + 1, table, small, noon), b);
}

TEST_F(ConversationsTest, TakeZeroForNoConversation)
{
    conversations.served(0, table, small, a, noon);
    EXPECT_EQ(conversations.last(0, table, small, noon), std::nullopt);
    EXPECT_EQ(conversations.size(), 0u);
}

TEST_F(ConversationsTest, ForgetAfterTenMinutes)
{
    conversations.served(talk, table, small, a, noon);
    EXPECT_EQ(conversations.last(talk, table, small, noon + 599s), a);
    EXPECT_EQ(conversations.last(talk, table, small, noon + 600s), std::nullopt);
}

TEST_F(ConversationsTest, ForgetWhoWasNotHeardOfForLongestWhenFull)
{
    Conversations few(2);
    few.served(1, table, small, a, noon);
    few.served(2, table, small, a, noon);
    few.served(1, table, small, b, noon);
    few.served(3, table, small, a, noon);
    EXPECT_EQ(few.size(), 2u);
    EXPECT_EQ(few.last(1, table, small, noon), b);
    EXPECT_EQ(few.last(2, table, small, noon), std::nullopt);
    EXPECT_EQ(few.last(3, table, small, noon), a);
}

TEST_F(ConversationsTest, StayBoundedHoweverManyThereAre)
{
    for (std::uint64_t i = 1; i <= 20'000; ++i)
        conversations.served(i, table, small, a, noon);
    EXPECT_EQ(conversations.size(), Conversations::usual_size);
    EXPECT_EQ(conversations.last(20'000, table, small, noon), a);
}

TEST_F(ConversationsTest, FindTheSameDeploymentInANewConfiguration)
{
    conversations.served(talk, table, small, a, noon);
    const RoutingTable next{config_of({row("other", "x"), row("small", "b"), row("small", "a")}),
                            {}};
    EXPECT_EQ(conversations.last(talk, next, GroupIndex{1}, noon), DeploymentIndex{2});
}

TEST_F(ConversationsTest, ForgetADeploymentThatLeftItsGroup)
{
    conversations.served(talk, table, small, a, noon);
    const RoutingTable next{config_of({row("small", "b")}), {}};
    EXPECT_EQ(conversations.last(talk, next, small, noon), std::nullopt);
}

TEST_F(ConversationsTest, AreSafeFromManyThreads)
{
    Conversations few(16);
    std::vector<std::jthread> threads;
    for (std::uint64_t t = 0; t < 4; ++t) {
        threads.emplace_back([&, t] {
            for (std::uint64_t i = 1; i < 2'000; ++i) {
                few.served(i * 7 + t, table, small, i % 2 == 0 ? a : b, noon);
                (void)few.last(i, table, small, noon);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(few.size(), 16u);
}

}  // namespace
}  // namespace spillway::guard
