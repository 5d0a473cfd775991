// Openings, temporary raises and caps of single scopes: what keys bring to budgets.

#include <gtest/gtest.h>

#include "spillway/guard/budgets.hpp"

namespace spillway::guard {
namespace {

using chat::ScopeKind;
using std::chrono::hours;
using std::chrono::seconds;

/// 2026-11-21, a Saturday, 12:00 UTC.
constexpr WallTime noon{seconds{1'795'262'400}};
constexpr WallTime midnight = noon - hours{12};
constexpr ScopeName key{ScopeKind::key, "k1"};
constexpr ScopeName visitor{ScopeKind::end_user, "visitor"};

class BudgetOpenings : public ::testing::Test {
protected:
    /// A cap of 100 on the key.
    Budgets::Adopted hold(std::optional<chat::Opening> opening, WallTime now = noon,
                          std::string period = "1d")
    {
        const std::vector<chat::ScopeBudget> caps{
            {{ScopeKind::key, "k1"}, {{NanoUsd{100}, std::move(period)}}, {}, opening}};
        return budgets_.adopt(caps, now);
    }
    auto reserve(std::int64_t amount, WallTime now = noon, ScopeName scope = key)
    {
        const std::vector<ScopeName> one{scope};
        return budgets_.reserve(RequestId{1, ++id_}, one, NanoUsd{amount}, now);
    }
    void pay(std::int64_t amount, WallTime now = noon)
    {
        auto taken = reserve(amount, now);
        ASSERT_TRUE(taken);
        taken->settle(NanoUsd{amount}, Certainty::exact);
    }
    std::int64_t spent(WallTime now = noon)
    {
        const std::vector<ScopeName> one{key};
        return count(budgets_.look(one, now).at(0).spent);
    }

    Budgets budgets_;
    std::uint64_t id_ = 0;
};

TEST_F(BudgetOpenings, AreWhatAWindowBeginsWith)
{
    const auto adopted = hold(chat::Opening{noon - hours{1}, NanoUsd{40}});
    EXPECT_EQ(spent(), 40);
    ASSERT_EQ(adopted.unknown.size(), 1U);
    EXPECT_EQ(adopted.unknown[0].began, noon - hours{1}) << "earlier charges are in it";
    budgets_.know(adopted.unknown[0], NanoUsd{5}, noon);
    EXPECT_EQ(spent(), 45);
}

TEST_F(BudgetOpenings, OfAnEarlierWindowAreForgotten)
{
    const auto adopted = hold(chat::Opening{midnight - hours{1}, NanoUsd{40}});
    EXPECT_EQ(spent(), 0);
    ASSERT_EQ(adopted.unknown.size(), 1U);
    EXPECT_EQ(adopted.unknown[0].began, midnight);
}

TEST_F(BudgetOpenings, EndWithTheirWindow)
{
    (void)hold(chat::Opening{noon, NanoUsd{40}});
    EXPECT_EQ(spent(noon + hours{12}), 0);
}

TEST_F(BudgetOpenings, LastInAWindowThatNeverEnds)
{
    const auto adopted = hold(chat::Opening{noon - hours{1'000}, NanoUsd{40}}, noon, "");
    EXPECT_EQ(spent(), 40);
    EXPECT_EQ(adopted.unknown.at(0).began, noon - hours{1'000});
}

TEST_F(BudgetOpenings, ResetAWindowThatRuns)
{
    (void)hold({});
    pay(30);
    const auto adopted = hold(chat::Opening{noon + seconds{1}, NanoUsd{0}}, noon + seconds{1});
    EXPECT_EQ(spent(noon + seconds{1}), 0);
    ASSERT_EQ(adopted.unknown.size(), 1U) << "what other instances charged since";
    pay(7, noon + seconds{2});
    EXPECT_EQ(spent(noon + seconds{2}), 7);
}

TEST_F(BudgetOpenings, AreTakenOnce)
{
    const chat::Opening opening{noon, NanoUsd{40}};
    (void)hold(opening);
    pay(7, noon + seconds{1});
    EXPECT_TRUE(hold(opening, noon + seconds{2}).unknown.empty());
    EXPECT_EQ(spent(noon + seconds{2}), 47);
}

TEST_F(BudgetOpenings, LeaveCallsUnderWayToWhatWasBefore)
{
    (void)hold({});
    auto call = reserve(30);
    ASSERT_TRUE(call);
    (void)hold(chat::Opening{noon + seconds{1}, NanoUsd{0}}, noon + seconds{1});
    EXPECT_TRUE(reserve(100, noon + seconds{1})) << "it is set aside no more";
    call->settle(NanoUsd{30}, Certainty::exact);
    // As after a restart: its record's moment lies before the opening.
    EXPECT_EQ(spent(noon + seconds{1}), 100);
}

TEST_F(BudgetOpenings, ChargeALateReservationBehindThem)
{
    (void)hold({});
    (void)hold(chat::Opening{noon + seconds{5}, NanoUsd{0}}, noon + seconds{5});
    // It arrived before the reset and is sent after it.
    auto call = reserve(30, noon);
    ASSERT_TRUE(call);
    EXPECT_EQ(call->at(), noon + seconds{5});
    call->settle(NanoUsd{30}, Certainty::exact);
    EXPECT_EQ(spent(noon + seconds{5}), 30);
}

TEST_F(BudgetOpenings, OfAClockThatIsAheadLetNothingPass)
{
    const auto adopted = hold(chat::Opening{noon + hours{5}, NanoUsd{40}});
    EXPECT_EQ(adopted.unknown.at(0).began, noon);
    pay(7, noon + seconds{1});
    EXPECT_EQ(spent(noon + seconds{1}), 47);
}

TEST_F(BudgetOpenings, OfANewKeyNeedNoLookIntoTheLedger)
{
    (void)budgets_.adopt({}, noon);
    EXPECT_TRUE(
        hold(chat::Opening{noon + seconds{1}, NanoUsd{0}}, noon + seconds{1}).unknown.empty());
}

TEST_F(BudgetOpenings, OfAKeyThatHasPaidNeedOne)
{
    (void)budgets_.adopt({}, noon);
    pay(3, noon + seconds{1});
    EXPECT_EQ(hold(chat::Opening{noon + seconds{1}, NanoUsd{0}}, noon + seconds{2}).unknown.size(),
              1U);
}

TEST_F(BudgetOpenings, RaiseACapUntilTheRaiseEnds)
{
    const chat::Raise raise{NanoUsd{50}, noon + hours{1}};
    const std::vector<chat::ScopeBudget> caps{
        {{ScopeKind::key, "k1"}, {{NanoUsd{100}, "1d", raise}}, {}, {}}};
    (void)budgets_.adopt(caps, noon);
    pay(140);
    const std::vector<ScopeName> one{key};
    EXPECT_TRUE(budgets_.affords(one, NanoUsd{10}, noon));
    EXPECT_FALSE(budgets_.affords(one, NanoUsd{10}, noon + hours{1}));
    EXPECT_EQ(budgets_.look(one, noon + hours{1}).at(0).cap, NanoUsd{100});
    EXPECT_FALSE(reserve(1, noon + hours{1}));
}

TEST_F(BudgetOpenings, DoNotRaiseWhatHasEnded)
{
    const chat::Raise raise{NanoUsd{50}, noon};
    const std::vector<chat::ScopeBudget> caps{
        {{ScopeKind::key, "k1"}, {{NanoUsd{100}, "1d", raise}}, {}, {}}};
    (void)budgets_.adopt(caps, noon);
    EXPECT_FALSE(reserve(101));
}

TEST_F(BudgetOpenings, GiveAnEndUserItsOwnCapAndBackTheDefault)
{
    EXPECT_TRUE(budgets_.default_for_end_users({{NanoUsd{10}, "1d"}}).empty());
    const chat::Scope scope{ScopeKind::end_user, "visitor"};
    const std::vector<chat::ScopeBudget> own{{scope, {{NanoUsd{50}, "1d"}}, {}, {}}};
    (void)budgets_.adopt(own, noon);
    reserve(40, noon, visitor)->settle(NanoUsd{40}, Certainty::exact);
    // The default changes, and is not this one's business.
    EXPECT_TRUE(budgets_.default_for_end_users({{NanoUsd{11}, "1d"}}).empty());
    EXPECT_TRUE(reserve(10, noon, visitor));
    const std::vector<chat::ScopeBudget> none{{scope, {}, {}, {}}};
    (void)budgets_.adopt(none, noon);
    EXPECT_FALSE(reserve(1, noon, visitor)) << "the default holds, and what was spent counts";
}

TEST_F(BudgetOpenings, DoNotCountAKeysModelThatHasNoCap)
{
    const ScopeName model{ScopeKind::key_model, "k1/gpt-4o"};
    EXPECT_TRUE(reserve(1, noon, model));
    const std::vector<ScopeName> one{model};
    EXPECT_FALSE(budgets_.capped(one));
    EXPECT_TRUE(budgets_.look(one, noon).empty());
}

TEST_F(BudgetOpenings, SayWhichModelOfAKeyIsSpent)
{
    const std::vector<chat::ScopeBudget> caps{
        {{ScopeKind::key_model, "k1/gpt-4o"}, {{NanoUsd{1'000'000'000}, "1d"}}, {}, {}}};
    (void)budgets_.adopt(caps, noon);
    const auto refused = reserve(2'000'000'000, noon, {ScopeKind::key_model, "k1/gpt-4o"});
    ASSERT_FALSE(refused);
    EXPECT_TRUE(describe(refused.error(), noon)
                    .message()
                    .starts_with("LiteLLM Virtual Key: k1, exceeded budget for model=gpt-4o."));
}

TEST_F(BudgetOpenings, TellASoftBudgetThatNoCapStandsBeside)
{
    const std::vector<chat::ScopeBudget> caps{
        {{ScopeKind::key, "k1"}, {}, NanoUsd{50}, chat::Opening{noon, NanoUsd{20}}, "1d"}};
    (void)budgets_.adopt(caps, noon);
    pay(20, noon + seconds{1});
    EXPECT_FALSE(budgets_.has_news());
    pay(10, noon + seconds{1});
    const auto news = budgets_.take_news();
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].kind, BudgetNews::Kind::soft_crossed);
    EXPECT_EQ(news[0].standing.spent, NanoUsd{50});
    const std::vector<ScopeName> one{key};
    EXPECT_FALSE(budgets_.capped(one));
    EXPECT_TRUE(budgets_.look(one, noon).empty());
    // A cap that comes later has what was counted.
    (void)hold({});
    EXPECT_TRUE(budgets_.capped(one));
    EXPECT_EQ(spent(noon + seconds{1}), 50);
    EXPECT_FALSE(reserve(51, noon + seconds{1}));
}

}  // namespace
}  // namespace spillway::guard
