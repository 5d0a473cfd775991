#include <gtest/gtest.h>

#include "spillway/guard/budgets.hpp"

namespace spillway::guard {
namespace {

using chat::ScopeKind;
using Lack = BudgetRefusal::Lack;

constexpr WallTime noon{std::chrono::seconds{1'780'315'200}};
const ScopeName proxy{ScopeKind::proxy, {}};
const std::vector<ScopeName> payers{proxy};

class BudgetsLeaseTest : public ::testing::Test {
protected:
    BudgetsLeaseTest()
    {
        budgets_.share([this] { ++rung_; });
        const std::vector<chat::ScopeBudget> caps{
            {{ScopeKind::proxy, {}}, {{NanoUsd{100}, "1h"}}, {}}};
        window_ = budgets_.adopt(caps, noon).unknown.at(0);
        budgets_.know(window_, NanoUsd{0}, noon);
        EXPECT_EQ(budgets_.take_demands(10, noon).size(), 1u) << "a new cap asks for its lease";
    }
    void lease(std::int64_t most, std::int64_t elsewhere = 0, std::int64_t low = 0)
    {
        budgets_.lease(window_, {NanoUsd{most}, NanoUsd{elsewhere}, NanoUsd{low}});
    }
    auto reserve(std::int64_t amount, WallTime now = noon)
    {
        return budgets_.reserve(RequestId{}, payers, NanoUsd{amount}, now);
    }
    Lack lack(std::int64_t amount, WallTime now = noon)
    {
        const auto taken = reserve(amount, now);
        EXPECT_FALSE(taken);
        return taken ? Lack::cap : taken.error().lack;
    }
    BudgetStanding standing(WallTime now = noon) { return budgets_.look(payers, now).at(0); }

    Budgets budgets_;
    Budgets::Unknown window_;
    int rung_ = 0;
};

TEST_F(BudgetsLeaseTest, SpendNothingBeforeThereIsALease)
{
    EXPECT_EQ(lack(10), Lack::lease);
    EXPECT_EQ(rung_, 1);
    EXPECT_TRUE(budgets_.affords(payers, NanoUsd{10}, noon)) << "it is there to be asked for";
    lease(10);
    EXPECT_TRUE(reserve(10));
}

TEST_F(BudgetsLeaseTest, SayWhatTheyHadToRefuse)
{
    EXPECT_EQ(lack(30), Lack::lease);
    EXPECT_EQ(lack(20), Lack::lease);
    const auto demands = budgets_.take_demands(10, noon);
    ASSERT_EQ(demands.size(), 1u);
    EXPECT_EQ(demands[0].refused, NanoUsd{50});
    EXPECT_EQ(demands[0].least, NanoUsd{20});
    EXPECT_EQ(demands[0].standing.began, window_.began);
    EXPECT_TRUE(budgets_.take_demands(10, noon).empty());
}

TEST_F(BudgetsLeaseTest, TellACapThatIsSpentFromALeaseThatIsShort)
{
    lease(40, 50);
    EXPECT_EQ(lack(50), Lack::lease);
    EXPECT_EQ(lack(51), Lack::cap);
    EXPECT_FALSE(budgets_.affords(payers, NanoUsd{51}, noon));
    EXPECT_EQ(standing().left(), NanoUsd{50});
    EXPECT_DOUBLE_EQ(standing().used(), 0.5);
}

TEST_F(BudgetsLeaseTest, RingBeforeACallIsRefused)
{
    lease(50, 0, 20);
    auto one = reserve(30);
    EXPECT_EQ(rung_, 0);
    auto two = reserve(1);
    EXPECT_EQ(rung_, 1);
    EXPECT_EQ(budgets_.take_demands(10, noon).at(0).refused, NanoUsd{0});
}

TEST_F(BudgetsLeaseTest, GiveBackOnlyWhatIsNotInUse)
{
    lease(50);
    auto open = reserve(30);
    EXPECT_EQ(budgets_.lower_lease(window_, NanoUsd{0}), NanoUsd{30});
    EXPECT_EQ(lack(1), Lack::lease);
    open->settle(NanoUsd{10}, Certainty::exact);
    EXPECT_TRUE(reserve(20)) << "what a call did not cost is still leased";
    EXPECT_EQ(budgets_.lower_lease(window_, NanoUsd{90}), NanoUsd{30}) << "it never raises";
}

TEST_F(BudgetsLeaseTest, BeginANewWindowWithoutALease)
{
    lease(50, 40);
    const auto later = noon + std::chrono::hours{1};
    EXPECT_EQ(lack(10, later), Lack::lease);
    EXPECT_EQ(standing(later).elsewhere, NanoUsd{0});
    lease(70);
    EXPECT_EQ(lack(10, later), Lack::lease) << "the lease was of the window before";
    EXPECT_EQ(budgets_.lower_lease(window_, NanoUsd{0}), std::nullopt);
    EXPECT_FALSE(budgets_.stand(window_));
}

TEST_F(BudgetsLeaseTest, LetNothingThroughWhileTheirPastIsNotKnown)
{
    lease(50);
    budgets_.close(window_);
    EXPECT_EQ(lack(10), Lack::cap);
    budgets_.know(window_, NanoUsd{20}, noon);
    EXPECT_TRUE(reserve(30));
    EXPECT_EQ(lack(40), Lack::lease);
}

TEST_F(BudgetsLeaseTest, TellWhatAllSpentAndNotWhatOthersReserved)
{
    budgets_.lease(window_, {NanoUsd{50}, NanoUsd{90}, NanoUsd{0}, NanoUsd{40}});
    reserve(10)->settle(NanoUsd{10}, Certainty::exact);
    EXPECT_FALSE(budgets_.has_news()) << "10 and 40 of 100";
    int hurried = 0;
    budgets_.when_others_bring_news([&hurried] { ++hurried; });
    budgets_.lease(window_, {NanoUsd{50}, NanoUsd{90}, NanoUsd{0}, NanoUsd{70}});
    EXPECT_EQ(hurried, 0) << "10 and 70";
    budgets_.lease(window_, {NanoUsd{50}, NanoUsd{90}, NanoUsd{0}, NanoUsd{80}});
    EXPECT_EQ(hurried, 1);
    const auto news = budgets_.take_news();
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].kind, BudgetNews::Kind::nearly_spent);
    EXPECT_EQ(news[0].standing.spent_by_all(), NanoUsd{90});
    budgets_.lease(window_, {NanoUsd{50}, NanoUsd{95}, NanoUsd{0}, NanoUsd{85}});
    EXPECT_EQ(hurried, 1) << "once";
}

TEST_F(BudgetsLeaseTest, SayWhatIsSpentOfASoftBudgetAndNeedNoLeaseForIt)
{
    const ScopeName team{ScopeKind::team, "t"};
    const std::vector<chat::ScopeBudget> caps{{{ScopeKind::team, "t"}, {}, NanoUsd{50}}};
    const auto window = budgets_.adopt(caps, noon).unknown.at(0);
    budgets_.know(window, NanoUsd{0}, noon);
    (void)budgets_.take_demands(10, noon);
    rung_ = 0;
    const std::vector<ScopeName> one{team};
    budgets_.reserve(RequestId{}, one, NanoUsd{20}, noon)->settle(NanoUsd{20}, Certainty::exact);
    EXPECT_EQ(rung_, 0);
    const auto demands = budgets_.take_demands(10, noon);
    ASSERT_EQ(demands.size(), 1U);
    EXPECT_EQ(demands[0].standing.spent, NanoUsd{20});
    EXPECT_TRUE(demands[0].standing.only_told);
    budgets_.lease(window, {NanoUsd{20}, NanoUsd{25}, NanoUsd{0}, NanoUsd{25}});
    budgets_.reserve(RequestId{}, one, NanoUsd{10}, noon)->settle(NanoUsd{10}, Certainty::exact);
    const auto news = budgets_.take_news();
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].kind, BudgetNews::Kind::soft_crossed);
}

TEST_F(BudgetsLeaseTest, SayWhyInWords)
{
    lease(5, 10);
    const auto taken = reserve(20);
    ASSERT_FALSE(taken);
    const auto held = describe(taken.error(), noon);
    EXPECT_EQ(held.code(), Errc::budget_exceeded);
    EXPECT_EQ(held.retry_after(), Millis{1'000});
    EXPECT_NE(held.message().find("is held by other instances"), std::string::npos);
    const auto away = describe_unreachable(taken.error());
    EXPECT_EQ(away.code(), Errc::database_unavailable);
    EXPECT_EQ(away.retry_after(), Millis{1'000});
}

}  // namespace
}  // namespace spillway::guard
