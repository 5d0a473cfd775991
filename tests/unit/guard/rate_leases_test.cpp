#include <gtest/gtest.h>

#include "spillway/guard/rate_limits.hpp"

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using chat::ScopeKind;
using Lack = RateLimits::Decision::Lack;

const TimePoint noon{std::chrono::hours{1'000}};

class RateLeasesTest : public ::testing::Test {
protected:
    RateLeasesTest()
    {
        limits_.share([this] { ++rung_; });
    }
    RateLimits::Decision take(std::optional<std::int64_t> requests,
                              std::optional<std::int64_t> parallel = {}, TimePoint now = noon)
    {
        const std::vector<Limit> one{{ScopeKind::key, "k", {}, requests, {}, parallel}};
        return limits_.take(one, {}, now);
    }
    [[nodiscard]] std::int64_t used(const SharedLimit& of, TimePoint now = noon) const
    {
        return limits_.stock(of, now)->used;
    }

    const SharedLimit requests_{Measure::requests, ScopeKind::key, "k", {}};
    const SharedLimit parallel_{Measure::parallel, ScopeKind::key, "k", {}};
    RateLimits limits_;
    int rung_ = 0;
};

TEST_F(RateLeasesTest, AdmitNothingBeforeThereIsAPart)
{
    const auto first = take(60);
    ASSERT_TRUE(first.refused);
    EXPECT_EQ(first.lack, Lack::lease);
    EXPECT_EQ(first.refused->limit, 60);
    EXPECT_EQ(first.refused->wait, 1s);
    EXPECT_EQ(rung_, 1);
    const auto demands = limits_.take_demands(10);
    ASSERT_EQ(demands.size(), 1u);
    EXPECT_EQ(demands[0].of, requests_);
    EXPECT_EQ(demands[0].refused, 1);
    EXPECT_EQ(demands[0].least, 1);
    limits_.lease(requests_, 2, 0, noon);
    EXPECT_FALSE(take(60).refused);
    EXPECT_FALSE(take(60).refused);
    EXPECT_EQ(take(60).lack, Lack::lease);
}

TEST_F(RateLeasesTest, TheWholeLimitIsNoLackOfAPart)
{
    (void)take(1);
    limits_.lease(requests_, 1, 0, noon);
    EXPECT_FALSE(take(1).refused);
    const auto over = take(1);
    EXPECT_EQ(over.lack, Lack::limit);
    EXPECT_EQ(over.refused->wait, 60s);
}

TEST_F(RateLeasesTest, HandOnFullUnitsAndKeepWhatWasUsed)
{
    (void)take(60);
    limits_.lease(requests_, 30, 0, noon);
    for (int i = 0; i < 10; ++i)
        EXPECT_FALSE(take(60).refused);
    EXPECT_EQ(used(requests_), 10);
    EXPECT_EQ(limits_.lower(requests_, 0, noon), 10);
    EXPECT_TRUE(take(60).refused) << "its part is what it used up";
    EXPECT_EQ(used(requests_, noon + 30s), 5) << "half of it came back";
    limits_.lease(requests_, 15, 0, noon);
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(take(60).refused);
    EXPECT_TRUE(take(60).refused) << "a larger part is no second burst";
}

TEST_F(RateLeasesTest, CountPlacesThatAreTaken)
{
    (void)take({}, 4);
    limits_.lease(parallel_, 3, 0, noon);
    auto one = take({}, 4);
    auto two = take({}, 4);
    EXPECT_EQ(used(parallel_), 2);
    EXPECT_EQ(limits_.lower(parallel_, 0, noon), 2);
    EXPECT_EQ(take({}, 4).lack, Lack::lease);
    {
        const auto ended = std::move(one.taken);
    }
    EXPECT_FALSE(take({}, 4).refused);
}

TEST_F(RateLeasesTest, RingBeforeARequestIsRefused)
{
    (void)take(60);
    limits_.lease(requests_, 10, 3, noon);
    rung_ = 0;
    for (int i = 0; i < 7; ++i)
        (void)take(60);
    EXPECT_EQ(rung_, 0);
    (void)take(60);
    EXPECT_EQ(rung_, 1);
}

TEST_F(RateLeasesTest, ThatNobodyCanBeAskedForAreSplitEvenly)
{
    limits_.alone_of(3);
    auto one = take({}, 7);
    auto two = take({}, 7);
    EXPECT_FALSE(one.refused);
    EXPECT_FALSE(two.refused);
    EXPECT_TRUE(take({}, 7).refused);
    EXPECT_FALSE(take(1).refused) << "one at least";
}

TEST_F(RateLeasesTest, AreNotForgottenWhileTheyAreHeld)
{
    (void)take(60);
    limits_.lease(requests_, 10, 0, noon);
    for (int i = 0; i < 5; ++i) {
        const auto name = std::to_string(i);
        const std::vector<Limit> other{{ScopeKind::key, name, {}, 5, {}, {}}};
        (void)limits_.take(other, {}, noon + 1h);
    }
    EXPECT_TRUE(limits_.stock(requests_, noon + 1h));
}

}  // namespace
}  // namespace spillway::guard
