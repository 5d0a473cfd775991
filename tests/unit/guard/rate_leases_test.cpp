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

class DeploymentLeasesTest : public RateLeasesTest {
protected:
    static constexpr chat::TokenWish wish{Tokens{10}, Tokens{10}, chat::TokenWish::Answer::asked};

    route::DeploymentState shown(TimePoint now = noon) const
    {
        route::DeploymentState state;
        limits_.show(of_it_, state, now);
        return state;
    }
    static SharedLimit one(Measure measure) { return {measure, ScopeKind::deployment, "d", {}}; }
    /// Parts of all three limits, as if somebody had handed them out.
    void hold(std::int64_t requests, std::int64_t tokens, std::int64_t places)
    {
        (void)limits_.admit(of_it_, wish, noon);
        limits_.lease(one(Measure::requests), requests, 0, noon);
        limits_.lease(one(Measure::tokens), tokens, 0, noon);
        limits_.lease(one(Measure::parallel), places, 0, noon);
    }

    const Limit of_it_{ScopeKind::deployment, "d", {}, 60, 600, 4};
};

TEST_F(DeploymentLeasesTest, AreAskedForByWhoIsNotAdmitted)
{
    EXPECT_LE(shown().admits_at(wish), noon) << "it is for the attempt to ask";
    EXPECT_FALSE(limits_.admit(of_it_, wish, noon));
    EXPECT_EQ(limits_.take_demands(10).size(), 3U);
    hold(2, 40, 2);
    EXPECT_EQ(limits_.admit(of_it_, wish, noon), 20);
}

TEST_F(DeploymentLeasesTest, GivePlacesAndTokensBackWithTheAttempt)
{
    hold(60, 40, 1);
    const auto aside = limits_.admit(of_it_, wish, noon);
    ASSERT_TRUE(aside);
    EXPECT_FALSE(limits_.admit(of_it_, wish, noon)) << "one place";
    limits_.begun(of_it_);
    limits_.leave(of_it_, *aside, Tokens{5}, noon);
    EXPECT_EQ(used(one(Measure::parallel)), 0);
    EXPECT_EQ(used(one(Measure::tokens)), 5);
    EXPECT_EQ(used(one(Measure::requests)), 1);
    EXPECT_TRUE(limits_.admit(of_it_, wish, noon));
}

TEST_F(DeploymentLeasesTest, KeepTheTokensOfAnAttemptThatTellsNothing)
{
    hold(60, 40, 4);
    const auto aside = limits_.admit(of_it_, wish, noon);
    limits_.begun(of_it_);
    limits_.leave(of_it_, *aside, std::nullopt, noon);
    EXPECT_EQ(used(one(Measure::tokens)), 20);
}

TEST_F(DeploymentLeasesTest, ShowALimitThatIsHeldWholeAsIfNobodySharedIt)
{
    hold(60, 600, 4);
    (void)limits_.admit(of_it_, wish, noon);
    const auto state = shown();
    EXPECT_FALSE(state.part_grows_at);
    EXPECT_FALSE(state.places);
    EXPECT_EQ(state.requests_room.admits_at(60), noon + 1s);
}

TEST_F(DeploymentLeasesTest, AreNotWaitedForSoonAfterTheyWereFoundUsedUp)
{
    hold(0, 600, 4);
    const auto requests = one(Measure::requests);
    limits_.lease(requests, 0, 0, noon, RateLimits::Supply::short_of);
    EXPECT_EQ(shown(noon + 100ms).part_grows_at, noon + 100ms) << "others may give back";
    limits_.lease(requests, 0, 0, noon + 200ms, RateLimits::Supply::short_of);
    EXPECT_EQ(shown(noon + 300ms).part_grows_at, noon + 1s);
    EXPECT_EQ(shown(noon + 300ms).admits_at(wish), noon + 1s);
    EXPECT_EQ(shown(noon + 1s).part_grows_at, noon + 1s);
    limits_.lease(requests, 30, 0, noon + 300ms);
    EXPECT_LE(shown(noon + 300ms).admits_at(wish), noon + 300ms);
}

TEST_F(DeploymentLeasesTest, ShowPlacesThatOthersHold)
{
    hold(60, 600, 1);
    EXPECT_FALSE(shown().places) << "more can be asked for";
    limits_.lease(one(Measure::parallel), 1, 0, noon, RateLimits::Supply::short_of);
    EXPECT_EQ(shown(noon + 500ms).places, 1U);
}

TEST_F(DeploymentLeasesTest, AreNotAskedForWhileThereIsNobodyToAsk)
{
    hold(30, 600, 4);
    limits_.alone_of(2);
    EXPECT_EQ(shown().part_grows_at, noon + 1s);
    for (int i = 0; i < 4; ++i)
        limits_.leave(of_it_, *limits_.admit(of_it_, wish, noon), Tokens{0}, noon);
}

}  // namespace
}  // namespace spillway::guard
