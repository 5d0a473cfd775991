#include "spillway/guard/budgets.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace spillway::guard {
namespace {

using chat::Cap;
using chat::ScopeKind;
using std::chrono::hours;
using std::chrono::seconds;

/// 2026-11-21, a Saturday, 12:00 UTC.
constexpr WallTime noon{seconds{1'795'262'400}};

constexpr ScopeName proxy{ScopeKind::proxy, ""};
constexpr ScopeName key{ScopeKind::key, "k1"};
constexpr ScopeName provider{ScopeKind::provider, "openai"};

NanoUsd usd(double dollars)
{
    return NanoUsd{static_cast<std::int64_t>(dollars * 1e9)};
}

chat::ScopeBudget cap(const ScopeName& scope, std::vector<Cap> hard)
{
    return {chat::Scope{scope.kind, std::string(scope.name)}, std::move(hard), {}};
}

class BudgetsOf : public ::testing::Test {
protected:
    auto reserve(std::vector<ScopeName> scopes, double amount, WallTime now = noon)
    {
        return budgets_.reserve(RequestId{1, ++id_}, scopes, usd(amount), now);
    }
    BudgetStanding standing(const ScopeName& scope, WallTime now = noon)
    {
        const std::vector<ScopeName> one{scope};
        return budgets_.look(one, now).at(0);
    }
    void hold(std::vector<chat::ScopeBudget> caps) { (void)budgets_.adopt(caps, noon); }

    Budgets budgets_;
    std::uint64_t id_ = 0;
};
using BudgetsTest = BudgetsOf;

TEST_F(BudgetsTest, SetAsideUpToTheCapAndNotBeyond)
{
    hold({cap(proxy, {{usd(10), "1d"}})});
    auto first = reserve({proxy}, 6);
    ASSERT_TRUE(first);
    EXPECT_FALSE(reserve({proxy}, 5));
    EXPECT_TRUE(reserve({proxy}, 4));
}

TEST_F(BudgetsTest, SetAsideInAllScopesOrInNone)
{
    hold({cap(proxy, {{usd(10), "1d"}}), cap(key, {{usd(1), "1d"}})});
    EXPECT_FALSE(reserve({proxy, key}, 2));
    EXPECT_EQ(standing(proxy).reserved, usd(0));
}

TEST_F(BudgetsTest, HoldEveryWindowOfAScope)
{
    hold({cap(key, {{usd(1), "1d"}, {usd(5), "1mo"}})});
    for (int day = 0; day < 5; ++day) {
        auto paid = reserve({key}, 1, noon + day * hours{24});
        ASSERT_TRUE(paid) << day;
        paid->settle(usd(1), Certainty::exact);
    }
    EXPECT_FALSE(reserve({key}, 0.1, noon + 5 * hours{24}));
}

TEST_F(BudgetsTest, GiveBackWhatWasNotUsed)
{
    hold({cap(proxy, {{usd(10), "1d"}})});
    auto paid = reserve({proxy}, 10);
    ASSERT_TRUE(paid);
    paid->settle(usd(1), Certainty::exact);
    EXPECT_EQ(standing(proxy).spent, usd(1));
    EXPECT_EQ(standing(proxy).reserved, usd(0));
}

TEST_F(BudgetsTest, NeverGiveBackWhenTheCostIsALowerBound)
{
    hold({cap(proxy, {{usd(10), "1d"}})});
    auto paid = reserve({proxy}, 4);
    paid->settle(usd(1), Certainty::at_least);
    EXPECT_EQ(standing(proxy).spent, usd(4));
    auto more = reserve({proxy}, 1);
    more->settle(usd(2), Certainty::at_least);
    EXPECT_EQ(standing(proxy).spent, usd(6));
}

TEST_F(BudgetsTest, ChargeAReservationThatIsForgotten)
{
    hold({cap(proxy, {{usd(10), "1d"}})});
    (void)reserve({proxy}, 4);
    EXPECT_EQ(standing(proxy).spent, usd(4));
    EXPECT_EQ(budgets_.open(), 0U);
}

TEST_F(BudgetsTest, ChargeNothingForWhatWasNeverSent)
{
    hold({cap(proxy, {{usd(10), "1d"}})});
    reserve({proxy}, 4)->release();
    EXPECT_EQ(standing(proxy).spent, usd(0));
    EXPECT_EQ(standing(proxy).left(), usd(10));
}

TEST_F(BudgetsTest, SettleOnceThoughMovedAndAskedTwice)
{
    hold({cap(proxy, {{usd(10), "1d"}})});
    auto paid = reserve({proxy}, 4);
    Reservation moved = *std::move(paid);
    moved.settle(usd(1), Certainty::exact);
    moved.settle(usd(1), Certainty::exact);
    moved.release();
    EXPECT_EQ(standing(proxy).spent, usd(1));
}

TEST_F(BudgetsTest, AreFullAgainWhenTheWindowEnds)
{
    hold({cap(proxy, {{usd(1), "1d"}})});
    reserve({proxy}, 1)->settle(usd(1), Certainty::exact);
    EXPECT_FALSE(reserve({proxy}, 1, noon + hours{12} - seconds{1}));
    EXPECT_TRUE(reserve({proxy}, 1, noon + hours{12}));
}

TEST_F(BudgetsTest, AreNotReopenedByAClockThatIsSetBack)
{
    hold({cap(proxy, {{usd(1), "1d"}})});
    reserve({proxy}, 1, noon + hours{12})->settle(usd(1), Certainty::exact);
    EXPECT_FALSE(reserve({proxy}, 1, noon));
    EXPECT_EQ(standing(proxy, noon).spent, usd(1));
}

TEST_F(BudgetsTest, ChargeTheLatestWindowWhenTheClockIsSetBack)
{
    hold({cap(proxy, {{usd(2), "1d"}})});
    reserve({proxy}, 1, noon + hours{12})->settle(usd(1), Certainty::exact);
    auto later = reserve({proxy}, 1, noon);
    ASSERT_TRUE(later);
    EXPECT_EQ(later->at(), noon + hours{12});
}

TEST_F(BudgetsTest, KeepTheRequestsOwnTimeWhereItsWindowStillRuns)
{
    hold({cap(proxy, {{usd(2), "1d"}})});
    (void)reserve({proxy}, 0.1, noon + seconds{5});
    EXPECT_EQ(reserve({proxy}, 0.1, noon)->at(), noon);
}

TEST_F(BudgetsTest, OfAWindowThatEndedDoNotBurdenTheNext)
{
    hold({cap(proxy, {{usd(1), "1d"}})});
    auto night = reserve({proxy}, 1, noon);
    ASSERT_TRUE(reserve({proxy}, 0.25, noon + hours{12}));
    night->settle(usd(1), Certainty::exact);
    EXPECT_EQ(standing(proxy, noon + hours{12}).spent, usd(0.25));
}

TEST_F(BudgetsTest, NameTheTightestScopeAndWhenItResets)
{
    hold({cap(proxy, {{usd(10), "1d"}}), cap(key, {{usd(1), "1mo"}})});
    const auto refused = reserve({proxy, key}, 20);
    ASSERT_FALSE(refused);
    ASSERT_EQ(refused.error().lacking.size(), 2U);
    EXPECT_EQ(refused.error().lacking[0].scope.kind, ScopeKind::key);
    const auto error = describe(refused.error(), noon);
    EXPECT_EQ(error.code(), Errc::budget_exceeded);
    EXPECT_EQ(error.message(),
              "Budget has been exceeded! Current cost: 0, Max budget: 1 (key budget per 1mo; this "
              "request may cost 20; resets at 2026-12-01T00:00:00Z)");
}

TEST_F(BudgetsTest, SayToTheSecondWhenAnotherTryMakesSense)
{
    hold({cap(provider, {{usd(1), "1h"}})});
    const auto refused = reserve({provider}, 2, noon + seconds{3'599});
    const auto error = describe(refused.error(), noon + seconds{3'590});
    EXPECT_EQ(error.retry_after(), Millis{10'000});
    EXPECT_EQ(error.message(),
              "No deployments available - crossed budget for provider: openai. Spend=0, Budget=1 "
              "(provider budget per 1h; this request may cost 2; resets at 2026-11-21T13:00:00Z)");
}

TEST_F(BudgetsTest, PromiseNothingWhenACapIsForEver)
{
    hold({cap(key, {{usd(1), ""}})});
    const auto refused = reserve({key}, 2);
    EXPECT_EQ(describe(refused.error(), noon).retry_after(), std::nullopt);
}

TEST_F(BudgetsTest, LetTheFreeAlwaysPass)
{
    hold({cap(proxy, {{usd(0), "1d"}})});
    EXPECT_TRUE(reserve({proxy}, 0));
}

TEST_F(BudgetsTest, KeepWhatTheyCountedWhenACapIsRaised)
{
    hold({cap(key, {{usd(1), "1d"}})});
    reserve({key}, 1)->settle(usd(1), Certainty::exact);
    hold({cap(key, {{usd(2), "1d"}})});
    EXPECT_FALSE(reserve({key}, 1.5));
    EXPECT_TRUE(reserve({key}, 1));
}

TEST_F(BudgetsTest, ThatComeLaterAskForWhatWasSpentAndCountWhatIsUnderWay)
{
    auto under_way = reserve({key}, 1);
    const std::vector<chat::ScopeBudget> late{cap(key, {{usd(3), "1d"}})};
    const auto adopted = budgets_.adopt(late, noon);
    ASSERT_EQ(adopted.unknown.size(), 1U);
    EXPECT_EQ(adopted.unknown[0].began, noon - hours{12});
    EXPECT_EQ(adopted.open, (std::vector<RequestId>{{1, 1}}));
    budgets_.know(adopted.unknown[0], usd(1), noon);
    EXPECT_FALSE(reserve({key}, 1.5));
    under_way->settle(usd(0.5), Certainty::exact);
    EXPECT_TRUE(reserve({key}, 1.5));
}

TEST_F(BudgetsTest, IgnoreTheSumOfAWindowThatHasEnded)
{
    const std::vector<chat::ScopeBudget> late{cap(key, {{usd(3), "1d"}})};
    const auto adopted = budgets_.adopt(late, noon);
    budgets_.know(adopted.unknown.at(0), usd(3), noon + hours{12});
    EXPECT_TRUE(reserve({key}, 3, noon + hours{12}));
}

TEST_F(BudgetsTest, TellASoftBudgetOncePerWindow)
{
    auto soft = cap(key, {{usd(10), "1d"}});
    soft.soft = usd(2);
    hold({soft});
    for (int i = 0; i < 3; ++i)
        reserve({key}, 1)->settle(usd(1), Certainty::exact);
    const auto news = budgets_.take_news();
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].kind, BudgetNews::Kind::soft_crossed);
    EXPECT_EQ(news[0].standing.spent, usd(2));
    for (int i = 0; i < 3; ++i)
        reserve({key}, 1, noon + hours{12})->settle(usd(1), Certainty::exact);
    EXPECT_EQ(budgets_.take_news().size(), 1U);
}

TEST_F(BudgetsTest, TellAtTheStartWhatWasCrossedBefore)
{
    auto soft = cap(key, {{usd(10), "1d"}});
    soft.soft = usd(2);
    const std::vector<chat::ScopeBudget> caps{soft};
    const auto adopted = budgets_.adopt(caps, noon);
    budgets_.know(adopted.unknown.at(0), usd(3), noon);
    const auto news = budgets_.take_news();
    ASSERT_EQ(news.size(), 1U) << "who tells it remembers";
    EXPECT_EQ(news[0].kind, BudgetNews::Kind::soft_crossed);
    reserve({key}, 1)->settle(usd(1), Certainty::exact);
    EXPECT_FALSE(budgets_.has_news());
}

TEST_F(BudgetsTest, GiveEveryEndUserTheDefaultCap)
{
    (void)budgets_.default_for_end_users({{usd(1), "1d"}});
    auto one = reserve({{ScopeKind::end_user, "ann"}}, 1);
    EXPECT_TRUE(one);
    EXPECT_FALSE(reserve({{ScopeKind::end_user, "ann"}}, 1));
    EXPECT_TRUE(reserve({{ScopeKind::end_user, "bob"}}, 1));
}

TEST_F(BudgetsTest, SaturateInsteadOfWrapping)
{
    hold({cap(proxy, {{NanoUsd{std::numeric_limits<std::int64_t>::max()}, "1d"}})});
    const auto huge = NanoUsd{std::numeric_limits<std::int64_t>::max() - 1};
    const std::vector<ScopeName> scopes{proxy};
    budgets_.reserve(RequestId{}, scopes, huge, noon)->settle(huge, Certainty::exact);
    budgets_.reserve(RequestId{}, scopes, huge, noon)->settle(huge, Certainty::exact);
    EXPECT_EQ(standing(proxy).spent, NanoUsd{std::numeric_limits<std::int64_t>::max()});
}

TEST(Budgets, HoldTheirCapWhenTwoThreadsReserve)
{
    Budgets budgets;
    const std::vector<chat::ScopeBudget> caps{cap(proxy, {{usd(1), "1d"}}),
                                              cap(key, {{usd(0.75), "1d"}})};
    (void)budgets.adopt(caps, noon);
    const auto hammer = [&budgets](std::uint64_t half) {
        const std::vector<ScopeName> scopes{proxy, key, provider};
        for (std::uint64_t i = 0; i < 5'000; ++i) {
            auto paid = budgets.reserve(RequestId{half, i}, scopes, NanoUsd{1'000'000}, noon);
            if (!paid)
                continue;
            if (i % 3 == 0)
                paid->release();
            else
                paid->settle(NanoUsd{500'000}, i % 3 == 1 ? Certainty::exact : Certainty::at_least);
        }
    };
    std::thread other(hammer, 1);
    hammer(2);
    other.join();
    const std::vector<ScopeName> both{proxy, key};
    for (const auto& at : budgets.look(both, noon)) {
        EXPECT_LE(at.spent, usd(0.75));
        EXPECT_EQ(at.reserved, usd(0));
    }
}

}  // namespace
}  // namespace spillway::guard
