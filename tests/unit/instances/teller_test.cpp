#include "spillway/instances/teller.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "unit/postgres/server.hpp"

namespace spillway::instances {
namespace {

using guard::Budgets;
using guard::LeaseDesk;
using guard::ScopeName;
using postgres::testing::PostgresServer;
using namespace std::chrono_literals;

constexpr Millis patience{20'000};
const std::vector<ScopeName> proxy{{chat::ScopeKind::proxy, {}}};

/// The part of a daemon that shares.
struct Instance {
    Instance(const std::string& url, const std::string& id, std::int64_t cap = 1000,
             std::optional<std::size_t> known = std::nullopt)
    {
        teller = std::make_unique<Teller>(
            Teller::Parts{Secret(url), Identity{id, id + "1", id}, budgets, rates, desk, clock,
                          known, 1, [this](std::size_t number) { remembered = number; }});
        budgets.share(teller->bell());
        rates.share(teller->bell());
        teller->settle(patience);
        const std::vector<chat::ScopeBudget> caps{
            {{chat::ScopeKind::proxy, {}}, {{NanoUsd{cap}, "30d"}}, {}}};
        for (const auto& unknown : budgets.adopt(caps, clock.wall()).unknown)
            budgets.know(unknown, NanoUsd{0}, clock.wall());
        teller->settle(patience);
    }
    /// As a request does: again after each answer, until the desk is closed or it took too long.
    std::optional<guard::Reservation> reserve(std::int64_t amount)
    {
        const auto until = std::chrono::steady_clock::now() + 3s;
        for (;;) {
            auto woken = std::make_shared<std::promise<void>>();
            auto wakes = woken->get_future();
            desk.wait([woken] { woken->set_value(); });
            auto taken = budgets.reserve(RequestId{}, proxy, NanoUsd{amount}, clock.wall());
            if (taken)
                return std::move(*taken);
            if (taken.error().lack == guard::BudgetRefusal::Lack::cap ||
                desk.state() != LeaseDesk::State::open ||
                wakes.wait_until(until) == std::future_status::timeout)
                return std::nullopt;
        }
    }
    std::int64_t spend(std::int64_t amount)
    {
        auto taken = reserve(amount);
        if (!taken)
            return 0;
        taken->settle(NanoUsd{amount}, guard::Certainty::exact);
        return amount;
    }
    [[nodiscard]] guard::BudgetStanding standing() const
    {
        return budgets.look(proxy, clock.wall()).at(0);
    }
    template <class Holds>
    [[nodiscard]] bool until(Holds holds) const
    {
        const auto deadline = std::chrono::steady_clock::now() + patience;
        while (!holds()) {
            if (std::chrono::steady_clock::now() > deadline)
                return false;
            teller->settle(Millis{100});
        }
        return true;
    }

    SharedClock clock;
    Budgets budgets;
    guard::RateLimits rates;
    LeaseDesk desk;
    std::atomic<std::size_t> remembered{0};
    std::unique_ptr<Teller> teller;
};

class TellerTest : public ::testing::Test {
protected:
    ~TellerTest() override { server_.thaw(); }
    std::string value(const std::string& sql) { return server_.value(database_, sql); }
    std::string granted() { return value("SELECT coalesce(sum(granted), 0) FROM spillway_leases"); }

    PostgresServer& server_ = PostgresServer::shared();
    std::string database_ = server_.make_database();
    std::string url_ = server_.url(database_);
};

TEST_F(TellerTest, ALoneInstanceSpendsTheWholeCapAndNoMore)
{
    Instance one(url_, "one");
    std::int64_t sum = 0;
    for (int i = 0; i < 15; ++i)
        sum += one.spend(100);
    EXPECT_EQ(sum, 1000);
    EXPECT_EQ(granted(), "1000");
}

TEST_F(TellerTest, TwoSpendACapTogether)
{
    Instance one(url_, "one");
    Instance two(url_, "two");
    const auto spree = [](Instance& instance) {
        std::int64_t sum = 0;
        for (int i = 0; i < 120; ++i)
            sum += instance.spend(10);
        return sum;
    };
    auto other = std::async(std::launch::async, [&] { return spree(two); });
    const auto mine = spree(one);
    const auto theirs = other.get();
    EXPECT_LE(mine + theirs, 1000);
    EXPECT_GE(mine + theirs, 900);
    ASSERT_TRUE(one.until([&] {
        return value(
                   "SELECT sum(used) FROM "
                   "spillway_leases") == std::to_string(mine + theirs);
    }));
}

TEST_F(TellerTest, ASoftBudgetIsCrossedByTheSumOfBoth)
{
    Instance one(url_, "one");
    Instance two(url_, "two");
    const std::vector<ScopeName> team{{chat::ScopeKind::team, "t"}};
    const std::vector<chat::ScopeBudget> soft{{{chat::ScopeKind::team, "t"}, {}, NanoUsd{500}}};
    for (auto* each : {&one, &two}) {
        for (const auto& unknown : each->budgets.adopt(soft, each->clock.wall()).unknown)
            each->budgets.know(unknown, NanoUsd{0}, each->clock.wall());
        auto paid = each->budgets.reserve(RequestId{}, team, NanoUsd{300}, each->clock.wall());
        ASSERT_TRUE(paid) << "it needs no lease";
        paid->settle(NanoUsd{300}, guard::Certainty::exact);
        each->teller->settle(patience);
    }
    ASSERT_TRUE(two.until([&] { return two.budgets.has_news(); }));
    const auto news = two.budgets.take_news();
    ASSERT_EQ(news.size(), 1U);
    EXPECT_EQ(news[0].kind, guard::BudgetNews::Kind::soft_crossed);
    EXPECT_EQ(news[0].standing.spent_by_all(), NanoUsd{600});
}

TEST_F(TellerTest, ADeploymentsPlacesAreLeasedLikeAllOthers)
{
    Instance one(url_, "one");
    Instance two(url_, "two");
    const guard::Limit limit{chat::ScopeKind::deployment, "d", {}, {}, {}, 2};
    const auto admit = [&limit](Instance& each) {
        return each.until([&] {
            return each.rates.admit(limit, {}, std::chrono::steady_clock::now()).has_value();
        });
    };
    EXPECT_TRUE(admit(one));
    EXPECT_TRUE(admit(two));
    for (auto* each : {&one, &two}) {
        EXPECT_FALSE(each->rates.admit(limit, {}, std::chrono::steady_clock::now()));
        each->teller->settle(patience);
        EXPECT_FALSE(each->rates.admit(limit, {}, std::chrono::steady_clock::now()));
    }
    one.rates.leave(limit, 0, {}, std::chrono::steady_clock::now());
    EXPECT_TRUE(admit(two)) << "what one gave back";
}

TEST_F(TellerTest, WhatOneHoldsUnusedTheOtherGets)
{
    Instance one(url_, "one");
    EXPECT_EQ(one.standing().lease, NanoUsd{500});
    Instance two(url_, "two");
    EXPECT_EQ(two.spend(900), 900);
    EXPECT_EQ(one.spend(200), 0);
    EXPECT_EQ(one.spend(100), 100);
}

TEST_F(TellerTest, WithoutTheDatabaseItSpendsItsLease)
{
    Instance one(url_, "one");
    server_.stop_at_once();
    ASSERT_TRUE(one.until([&] { return one.desk.state() == LeaseDesk::State::away; }));
    EXPECT_EQ(one.spend(400), 400);
    EXPECT_EQ(one.spend(200), 0);
    EXPECT_FALSE(one.teller->state().connected);
    EXPECT_FALSE(one.teller->state().last_error.empty());
    server_.start();
    ASSERT_TRUE(one.until([&] { return one.desk.state() == LeaseDesk::State::open; }));
    EXPECT_EQ(one.spend(200), 200);
    EXPECT_TRUE(one.teller->state().last_error.empty());
}

TEST_F(TellerTest, AServerThatIsSilentIsAwaySoon)
{
    Instance one(url_, "one");
    server_.freeze();
    const bool away = one.until([&] { return one.desk.state() == LeaseDesk::State::away; });
    const auto spent = one.spend(400);
    server_.thaw();
    EXPECT_TRUE(away);
    EXPECT_EQ(spent, 400);
    ASSERT_TRUE(one.until([&] { return one.desk.state() == LeaseDesk::State::open; }));
    EXPECT_EQ(one.spend(600), 600);
    EXPECT_EQ(one.spend(1), 0);
}

TEST_F(TellerTest, AnOrderlyEndGivesTheRestBack)
{
    {
        Instance one(url_, "one");
        EXPECT_EQ(one.spend(120), 120);
    }
    EXPECT_EQ(granted(), "120");
    EXPECT_EQ(value("SELECT count(*) FROM spillway_instances"), "0");
    Instance two(url_, "two");
    EXPECT_EQ(two.spend(880), 880);
    EXPECT_EQ(two.spend(1), 0);
}

TEST_F(TellerTest, WhatADeadOneHeldIsSpent)
{
    Instance two(url_, "two");
    value(
        "INSERT INTO spillway_leases (window_id, instance, granted, "
        "used, spent) SELECT id, 'dead', 300, 10, 10 FROM "
        "spillway_windows");
    std::int64_t sum = 0;
    for (int i = 0; i < 8; ++i)
        sum += two.spend(100);
    EXPECT_EQ(sum, 700);
}

TEST_F(TellerTest, ItsPlaceTakenItSpendsNothingMore)
{
    Instance one(url_, "one");
    EXPECT_EQ(one.spend(100), 100);
    value("UPDATE spillway_instances SET incarnation = 'another'");
    ASSERT_TRUE(one.until([&] { return one.desk.state() == LeaseDesk::State::away; }));
    EXPECT_EQ(one.spend(1), 0);
    EXPECT_EQ(one.standing().lease, NanoUsd{100});
}

/// How many of so many requests a limit admits, each asking again while there is somebody to ask.
std::int64_t admitted(Instance& instance, const guard::Limit& limit, int requests,
                      std::vector<guard::RateLimits::Taken>* keep = nullptr)
{
    std::int64_t sum = 0;
    const std::vector<guard::Limit> limits{limit};
    for (int i = 0; i < requests; ++i) {
        const auto until = std::chrono::steady_clock::now() + 2s;
        for (;;) {
            auto woken = std::make_shared<std::promise<void>>();
            auto wakes = woken->get_future();
            instance.desk.wait([woken] { woken->set_value(); });
            auto decision = instance.rates.take(limits, {}, instance.clock.now());
            if (!decision.refused) {
                ++sum;
                if (keep != nullptr)
                    keep->push_back(std::move(decision.taken));
                break;
            }
            if (decision.lack == guard::RateLimits::Decision::Lack::limit ||
                instance.desk.state() != LeaseDesk::State::open ||
                wakes.wait_until(until) == std::future_status::timeout ||
                std::chrono::steady_clock::now() > until)
                break;
        }
    }
    return sum;
}

TEST_F(TellerTest, PlacesAtOnceAreNeverMoreThanTheLimitOverBoth)
{
    Instance one(url_, "one");
    Instance two(url_, "two");
    guard::Limit limit;
    limit.kind = chat::ScopeKind::key;
    limit.name = "k";
    limit.parallel = 6;
    std::vector<guard::RateLimits::Taken> first;
    std::vector<guard::RateLimits::Taken> second;
    const auto ones = admitted(one, limit, 4, &first);
    const auto twos = admitted(two, limit, 4, &second);
    EXPECT_EQ(ones, 4);
    EXPECT_EQ(twos, 2);
    first.clear();
    EXPECT_EQ(admitted(two, limit, 3, &second), 3) << "what one gave back";
}

TEST_F(TellerTest, RequestsAMinuteAreNoMoreThanTheLimitOverBoth)
{
    Instance one(url_, "one");
    Instance two(url_, "two");
    guard::Limit limit;
    limit.kind = chat::ScopeKind::team;
    limit.name = "t";
    limit.model = "m";
    limit.requests = 30;
    const auto began = std::chrono::steady_clock::now();
    auto other = std::async(std::launch::async, [&] { return admitted(two, limit, 20); });
    const auto ones = admitted(one, limit, 20);
    const auto sum = ones + other.get();
    const auto refilled = (std::chrono::steady_clock::now() - began) / 2s;
    EXPECT_GE(sum, 28);
    EXPECT_LE(sum, 30 + refilled + 1);
}

TEST_F(TellerTest, WithoutTheDatabaseALimitIsSplitEvenly)
{
    Instance one(url_, "one");
    Instance two(url_, "two");
    ASSERT_TRUE(one.until([&] { return one.teller->state().live == 2; }));
    server_.stop_at_once();
    ASSERT_TRUE(one.until([&] { return one.desk.state() == LeaseDesk::State::away; }));
    guard::Limit limit;
    limit.parallel = 5;
    std::vector<guard::RateLimits::Taken> kept;
    EXPECT_EQ(admitted(one, limit, 5, &kept), 2);
    server_.start();
    ASSERT_TRUE(one.until([&] { return one.desk.state() == LeaseDesk::State::open; }));
    EXPECT_EQ(admitted(one, limit, 3, &kept), 3);
}

TEST_F(TellerTest, AStartWithoutTheDatabaseTakesThePartOfAsManyAsThereWere)
{
    server_.stop_at_once();
    Instance one(url_, "one", 1000, 3);
    guard::Limit limit;
    limit.parallel = 7;
    std::vector<guard::RateLimits::Taken> kept;
    EXPECT_EQ(admitted(one, limit, 7, &kept), 2);
    server_.start();
    ASSERT_TRUE(one.until([&] { return one.desk.state() == LeaseDesk::State::open; }));
    EXPECT_EQ(admitted(one, limit, 5, &kept), 5) << "it is alone";
    EXPECT_EQ(one.remembered, 0U) << "the others may be back within the hour";
}

TEST_F(TellerTest, RemembersHowManyThereAre)
{
    Instance one(url_, "one");
    Instance two(url_, "two");
    ASSERT_TRUE(one.until([&] { return one.remembered == 2U; }));
}

TEST_F(TellerTest, TheDatabasesClockIsEverybodys)
{
    Instance one(url_, "one");
    const auto apart = one.clock.wall() - SystemClock().wall();
    EXPECT_LT(std::abs(std::chrono::duration_cast<std::chrono::seconds>(apart).count()), 30);
    EXPECT_EQ(one.teller->state().live, 1u);
    EXPECT_EQ(one.teller->state().leases, 1u);
}

}  // namespace
}  // namespace spillway::instances
