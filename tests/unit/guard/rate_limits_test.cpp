#include "spillway/guard/rate_limits.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;
using chat::ScopeKind;
using chat::TokenWish;

const TimePoint noon{std::chrono::hours{1'000}};

Limit key_limit(std::optional<std::int64_t> requests, std::optional<std::int64_t> tokens = {},
                std::optional<std::int64_t> parallel = {}, std::string_view name = "key")
{
    return {ScopeKind::key, name, {}, requests, tokens, parallel};
}

TokenWish asks(std::int64_t prompt, std::int64_t answer)
{
    return {Tokens{prompt}, Tokens{answer}, TokenWish::Answer::asked};
}

class RateLimitsTest : public testing::Test {
protected:
    RateLimits::Decision take(std::vector<Limit> limits, const TokenWish& wish = {},
                              TimePoint now = noon)
    {
        return limits_.take(limits, wish, now);
    }
    RateLimits limits_;
};

TEST_F(RateLimitsTest, AdmitsAsManyRequestsAsTheLimitSays)
{
    for (int i = 0; i < 3; ++i)
        EXPECT_FALSE(take({key_limit(3)}).refused);
    const auto fourth = take({key_limit(3)});
    ASSERT_TRUE(fourth.refused);
    EXPECT_EQ(fourth.refused->measure, Measure::requests);
    EXPECT_EQ(fourth.refused->limit, 3);
    EXPECT_EQ(fourth.refused->wait, 20s);
    EXPECT_TRUE(fourth.taken.empty());
}

TEST_F(RateLimitsTest, TakesNothingOfAnyLimitWhenOneRefuses)
{
    const Limit team{ScopeKind::team, "team", {}, 1, {}, {}};
    EXPECT_FALSE(take({key_limit(10), team}).refused);
    for (int i = 0; i < 5; ++i)
        EXPECT_TRUE(take({key_limit(10), team}).refused);
    EXPECT_EQ(take({key_limit(10)}).left.requests->left, 8);
}

TEST_F(RateLimitsTest, KeepsTheScopesApart)
{
    EXPECT_FALSE(take({key_limit(1, {}, {}, "one")}).refused);
    EXPECT_FALSE(take({key_limit(1, {}, {}, "two")}).refused);
    EXPECT_FALSE(take({{ScopeKind::team, "one", {}, 1, {}, {}}}).refused);
    EXPECT_FALSE(take({{ScopeKind::key, "one", "m", 1, {}, {}}}).refused);
    EXPECT_TRUE(take({key_limit(1, {}, {}, "one")}).refused);
}

TEST_F(RateLimitsTest, SetsTheTokensAsideThatMayBeUsed)
{
    const auto first = take({key_limit({}, 1'000)}, asks(300, 400));
    EXPECT_FALSE(first.refused);
    EXPECT_EQ(first.left.tokens->left, 300);
    const auto second = take({key_limit({}, 1'000)}, asks(300, 400));
    ASSERT_TRUE(second.refused);
    EXPECT_EQ(second.refused->measure, Measure::tokens);
    EXPECT_EQ(second.refused->wanted, 700);
    EXPECT_EQ(second.refused->left, 300);
    EXPECT_EQ(second.refused->wait, 24s) << "400 tokens at 1000 a minute";
}

TEST_F(RateLimitsTest, CorrectsTheTokensByWhatWasUsedBothWays)
{
    auto small = take({key_limit({}, 1'000)}, asks(300, 400));
    small.taken.correct(Tokens{100}, noon);
    EXPECT_EQ(take({key_limit({}, 1'000)}, asks(0, 0)).left.tokens->left, 900);
    auto large = take({key_limit({}, 1'000)}, asks(100, 0));
    large.taken.correct(Tokens{500}, noon);
    EXPECT_EQ(take({key_limit({}, 1'000)}, asks(0, 0)).left.tokens->left, 400);
}

TEST_F(RateLimitsTest, CorrectsOnceOnly)
{
    auto request = take({key_limit({}, 1'000)}, asks(500, 0));
    request.taken.correct(Tokens{400}, noon);
    request.taken.correct(Tokens{0}, noon);
    EXPECT_EQ(take({key_limit({}, 1'000)}, asks(0, 0)).left.tokens->left, 600);
}

TEST_F(RateLimitsTest, KeepsWhatWasSetAsideForARequestThatTellsNothing)
{
    {
        const auto silent = take({key_limit({}, 1'000)}, asks(600, 0));
    }
    EXPECT_EQ(take({key_limit({}, 1'000)}, asks(0, 0)).left.tokens->left, 400);
}

TEST_F(RateLimitsTest, SaysThatARequestLargerThanTheLimitNeverFits)
{
    const auto huge = take({key_limit({}, 1'000)}, asks(900, 200));
    ASSERT_TRUE(huge.refused);
    EXPECT_FALSE(huge.refused->wait);
    EXPECT_EQ(huge.refused->wanted, 1'100);
    EXPECT_EQ(huge.refused->limit, 1'000);
}

TEST_F(RateLimitsTest, NeverRefusesForeverWhatOnlyOurAssumptionMakesTooLarge)
{
    const TokenWish wish{Tokens{900}, Tokens{1'024}, TokenWish::Answer::assumed};
    EXPECT_FALSE(take({key_limit({}, 1'000)}, wish).refused);
}

TEST_F(RateLimitsTest, AssumesAQuarterOfTheLimitAtMostForAnAnswer)
{
    const TokenWish wish{Tokens{10}, Tokens{1'024}, TokenWish::Answer::assumed};
    EXPECT_EQ(take({key_limit({}, 1'000)}, wish).left.tokens->left, 740);
}

TEST_F(RateLimitsTest, GivesAPlaceBackWhenTheRequestEnds)
{
    auto first = std::make_unique<RateLimits::Decision>(take({key_limit({}, {}, 1)}));
    const auto second = take({key_limit({}, {}, 1)});
    ASSERT_TRUE(second.refused);
    EXPECT_EQ(second.refused->measure, Measure::parallel);
    EXPECT_EQ(second.refused->wait, 1s);
    first.reset();
    EXPECT_FALSE(take({key_limit({}, {}, 1)}).refused);
}

TEST_F(RateLimitsTest, MovesAPlaceWithoutGivingItBackTwice)
{
    auto first = take({key_limit({}, {}, 1)});
    RateLimits::Taken moved(std::move(first.taken));
    EXPECT_TRUE(take({key_limit({}, {}, 1)}).refused);
    moved = RateLimits::Taken();
    EXPECT_FALSE(take({key_limit({}, {}, 1)}).refused);
    EXPECT_FALSE(take({key_limit({}, {}, 1)}).refused);
}

TEST_F(RateLimitsTest, TellsHowLongTheSlowestOfSeveralLimitsTakes)
{
    const Limit team{ScopeKind::team, "team", {}, 1, {}, {}};
    EXPECT_FALSE(take({key_limit(6), team}).refused);
    for (int i = 0; i < 5; ++i)
        EXPECT_FALSE(take({key_limit(6)}).refused);
    const auto both = take({key_limit(6), team});
    ASSERT_TRUE(both.refused);
    EXPECT_EQ(both.refused->kind, ScopeKind::team);
    EXPECT_EQ(both.refused->wait, 60s);
}

TEST_F(RateLimitsTest, ShowsTheLimitOfWhichLeastIsLeft)
{
    const Limit team{ScopeKind::team, "team", {}, 5, {}, {}};
    const auto left = take({key_limit(100), team}).left;
    ASSERT_TRUE(left.requests);
    EXPECT_EQ(left.requests->limit, 5);
    EXPECT_EQ(left.requests->left, 4);
    EXPECT_EQ(left.requests->full_in, 12s);
    EXPECT_FALSE(left.tokens);
}

TEST_F(RateLimitsTest, TellsWhatAKeyHasLeftOfAModel)
{
    const auto left =
        take({key_limit(100), {ScopeKind::key, "key", "m", 9, 500, {}}}, asks(20, 30));
    EXPECT_EQ(left.left.key_requests_of_model, 8);
    EXPECT_EQ(left.left.key_tokens_of_model, 450);
}

TEST_F(RateLimitsTest, HoldsAChangedLimitAtOnceAndGivesNoSecondBurst)
{
    for (int i = 0; i < 2; ++i)
        EXPECT_FALSE(take({key_limit(2)}).refused);
    const auto raised = take({key_limit(60)});
    ASSERT_TRUE(raised.refused);
    EXPECT_EQ(raised.refused->wait, 1s);
    EXPECT_TRUE(take({key_limit(1)}, {}, noon + 59s).refused);
}

TEST_F(RateLimitsTest, ForgetsScopesThatAreIdleAndFull)
{
    for (int i = 0; i < 1'000; ++i)
        (void)take({key_limit(60, {}, {}, "key" + std::to_string(i))}, {}, noon + i * 10s);
    EXPECT_LT(limits_.size(), 20U);
}

TEST_F(RateLimitsTest, RemembersScopesWhoseRequestsRun)
{
    std::vector<RateLimits::Decision> running;
    for (int i = 0; i < 50; ++i)
        running.push_back(
            take({key_limit({}, {}, 1, "key" + std::to_string(i))}, {}, noon + i * 1h));
    EXPECT_EQ(limits_.size(), 50U);
    EXPECT_TRUE(take({key_limit({}, {}, 1, "key0")}, {}, noon + 100h).refused);
}

TEST_F(RateLimitsTest, NeverLeaksAPlaceWhateverBecomesOfTheRequests)
{
    std::mt19937 random(11);
    constexpr int most = 5;
    std::vector<std::unique_ptr<RateLimits::Taken>> running;
    for (int step = 0; step < 20'000; ++step) {
        const bool ends = !running.empty() && random() % 2 == 0;
        if (ends) {
            const auto which = random() % running.size();
            if (random() % 3 == 0)
                running[which]->correct(Tokens{1}, noon);
            running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
            continue;
        }
        auto decision = take({key_limit({}, {}, most), {ScopeKind::team, "t", {}, {}, {}, 7}});
        ASSERT_EQ(decision.refused.has_value(), running.size() == most);
        if (!decision.refused)
            running.push_back(std::make_unique<RateLimits::Taken>(std::move(decision.taken)));
    }
    running.clear();
    for (int i = 0; i < most; ++i)
        running.push_back(
            std::make_unique<RateLimits::Taken>(take({key_limit({}, {}, most)}).taken));
    EXPECT_TRUE(take({key_limit({}, {}, most)}).refused);
}

TEST_F(RateLimitsTest, CountsExactlyFromSeveralThreads)
{
    constexpr int most = 1'000;
    std::atomic<int> admitted{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([&] {
            const std::vector<Limit> limits{key_limit(most, {}, 3)};
            for (int i = 0; i < most; ++i) {
                const auto decision = limits_.take(limits, {}, noon);
                admitted += decision.refused ? 0 : 1;
            }
        });
    }
    for (auto& thread : threads)
        thread.join();
    // Who met three others took nothing; one after the other takes the rest.
    while (!take({key_limit(most, {}, 3)}).refused)
        ++admitted;
    EXPECT_EQ(admitted, most);
}

}  // namespace
}  // namespace spillway::guard
