#include "spillway/instances/bank.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "spillway/base/clock.hpp"
#include "spillway/base/event_descriptor.hpp"
#include "unit/postgres/server.hpp"

namespace spillway::instances {
namespace {

using postgres::testing::PostgresServer;
using Hungry = Share::Hungry;

/// One instance's connection and its place at the bank.
class Place {
public:
    Place(const std::string& url, const std::string& id, const std::string& incarnation = "1")
        : pq_(*postgres::Library::load()), url_(*postgres::read_database_url(pq_, Secret(url)))
    {
        auto session = postgres::Session::connect(pq_, url_, stop_.descriptor());
        EXPECT_TRUE(session) << session.error().message;
        session_.emplace(std::move(*session));
        bank_.emplace(*session_, Identity{id, incarnation, "test"});
        const auto joined = bank_->join(Bank::Takeover::yes);
        EXPECT_TRUE(joined) << joined.error().message;
    }
    Bank* operator->() { return &*bank_; }
    postgres::Session& session() { return *session_; }

    /// The answer to one ask, which must be one.
    Answer ask(const Ask& wish)
    {
        const auto round = bank_->round({wish});
        EXPECT_TRUE(round) << round.error().message;
        return round ? round->answers.at(0) : Answer{};
    }

private:
    postgres::Library pq_;
    postgres::DatabaseUrl url_;
    EventDescriptor stop_;
    std::optional<postgres::Session> session_;
    std::optional<Bank> bank_;
};

class BankTest : public ::testing::Test {
protected:
    std::string value(const std::string& sql) { return server_.value(database_, sql); }
    static Ask wish(std::int64_t used = 0, std::int64_t refused = 0)
    {
        Ask ask;
        ask.window = {"key", "k'); --\"ü", "1d", began_};
        ask.ends = began_ + std::chrono::hours{24};
        ask.cap = 1000;
        ask.spent = used;
        ask.refused = ask.least = refused;
        return ask;
    }
    std::string granted() { return value("SELECT coalesce(sum(granted), 0) FROM spillway_leases"); }

    static inline const WallTime began_ = SystemClock().wall() - std::chrono::hours{1};
    PostgresServer& server_ = PostgresServer::shared();
    std::string database_ = server_.make_database();
    std::string url_ = server_.url(database_);
};

TEST_F(BankTest, GrantsAPartAndThenMoreUntilTheCapIsGone)
{
    Place one(url_, "one");
    EXPECT_EQ(one.ask(wish()).usable, 500);
    EXPECT_EQ(one.ask(wish(450)).usable, 700);
    const auto last = one.ask(wish(600, 400));
    EXPECT_EQ(last.usable, 1000);
    EXPECT_EQ(last.low, 0);
    EXPECT_EQ(one.ask(wish(1000, 1)).hungry, Hungry::yes);
    EXPECT_EQ(granted(), "1000");
}

TEST_F(BankTest, TheSumOverInstancesIsHeld)
{
    Place one(url_, "one");
    Place two(url_, "two");
    EXPECT_EQ(one.ask(wish(0, 700)).usable, 700);
    const auto second = two.ask(wish(0, 400));
    EXPECT_EQ(second.usable, 0);
    EXPECT_EQ(second.hungry, Hungry::yes);
    EXPECT_EQ(two.ask(wish(0, 300)).usable, 300);
    (void)one.ask(wish(650));
    auto theirs = wish(650);
    theirs.reserved = 20;
    (void)one.ask(theirs);
    const auto answer = two.ask(wish(10));
    EXPECT_EQ(answer.elsewhere, 670);
    EXPECT_EQ(answer.spent_elsewhere, 650);
}

TEST_F(BankTest, WhoWaitsIsHeardAndFed)
{
    Place one(url_, "one");
    Place two(url_, "two");
    (void)one.ask(wish(100, 900));
    EXPECT_EQ(two.ask(wish(0, 300)).hungry, Hungry::yes);
    EXPECT_TRUE(one.session().alive());
    auto wanted = one->wanted_elsewhere();
    ASSERT_TRUE(wanted);
    ASSERT_EQ(wanted->size(), 1u);
    EXPECT_EQ(wanted->front(), wish().window);
    EXPECT_TRUE(two->wanted_elsewhere()->empty()) << "its own hunger";
    auto giving = wish(100);
    giving.lost = 0;
    giving.keep = 100;
    EXPECT_EQ(one.ask(giving).usable, 100);
    EXPECT_TRUE(one->wanted_elsewhere()->empty());
    EXPECT_GE(two.ask(wish(0, 300)).usable, 300);
}

TEST_F(BankTest, TellsTheOthersThatSomebodyWaits)
{
    Place one(url_, "one");
    Place two(url_, "two");
    (void)one.ask(wish(0, 1000));
    (void)two.ask(wish(0, 300));
    ASSERT_TRUE(one.session().run("SELECT 1"));
    EXPECT_THAT(one.session().take_notifications(), ::testing::ElementsAre("two"));
}

TEST_F(BankTest, ARestartWithTheSameLedgerFindsItsLease)
{
    {
        Place before(url_, "one");
        EXPECT_EQ(before.ask(wish(200, 600)).usable, 800);
    }
    Place two(url_, "two");
    EXPECT_EQ(two.ask(wish(0, 300)).hungry, Hungry::yes) << "what a dead one held counts as spent";
    Place after(url_, "one", "2");
    EXPECT_EQ(after.ask(wish(250)).usable, 800);
}

TEST_F(BankTest, WhatAnOlderLedgerForgotStaysSpent)
{
    {
        Place before(url_, "one");
        (void)before.ask(wish(700));
    }
    Place after(url_, "one", "2");
    const auto first = after.ask(wish(100));
    EXPECT_EQ(first.lost, 600);
    EXPECT_EQ(first.granted, 850);
    EXPECT_EQ(first.usable, 250);
    auto later = wish(200);
    later.lost = first.lost;
    EXPECT_EQ(after.ask(later).lost, 600);
    EXPECT_EQ(value("SELECT spent FROM spillway_leases"), "800");
}

TEST_F(BankTest, ARateThatADeadOneHeldIsFreeAgain)
{
    Place one(url_, "one");
    Place two(url_, "two");
    auto rate = wish(0, 900);
    rate.ends.reset();
    rate.tenure = Tenure::expiring;
    EXPECT_EQ(one.ask(rate).usable, 900);
    rate.refused = rate.least = 500;
    EXPECT_EQ(two.ask(rate).hungry, Hungry::yes);
    value("UPDATE spillway_instances SET renewed_at = now() - interval '11 s' WHERE id = 'one'");
    EXPECT_EQ(two.ask(rate).usable, 500);
    rate.refused = rate.least = 0;
    EXPECT_EQ(one.ask(rate).usable, 500) << "what is left when it comes back";
}

TEST_F(BankTest, ACopyOfALedgerIsNoticed)
{
    Place one(url_, "one");
    (void)one.ask(wish());
    Place copy(url_, "one", "2");
    const auto round = one->round({wish()});
    ASSERT_FALSE(round);
    EXPECT_EQ(round.error().sqlstate, Bank::lost_identity);
    (void)one.session().run("ROLLBACK");
    EXPECT_TRUE(one->join(Bank::Takeover::no));
    EXPECT_FALSE(one->round({}));
    EXPECT_TRUE(copy->round({}));
}

TEST_F(BankTest, GrantsNothingOfAWindowThatIsNotThatOfTheDatabasesClock)
{
    Place one(url_, "one");
    auto ahead = wish(0, 10);
    ahead.window.began = SystemClock().wall() + std::chrono::hours{1};
    ahead.ends = ahead.window.began + std::chrono::hours{24};
    EXPECT_EQ(one.ask(ahead).usable, 0);
    auto over = wish(0, 10);
    over.ends = SystemClock().wall() - std::chrono::minutes{5};
    EXPECT_EQ(one.ask(over).usable, 0);
    const auto round = one->round({});
    ASSERT_TRUE(round);
    const auto apart = round->database - SystemClock().wall();
    EXPECT_LT(std::abs(std::chrono::duration_cast<std::chrono::seconds>(apart).count()), 30);
}

TEST_F(BankTest, CountsTheLivingAndForgetsWhoLeft)
{
    Place one(url_, "one");
    Place two(url_, "two");
    EXPECT_EQ(one->round({})->live, 2u);
    value("UPDATE spillway_instances SET renewed_at = now() - interval '11 s' WHERE id = 'two'");
    EXPECT_EQ(one->round({})->live, 1u);
    EXPECT_EQ(two->round({})->live, 2u);
    ASSERT_TRUE(two->leave());
    EXPECT_EQ(one->round({})->live, 1u);
}

TEST_F(BankTest, SweepsWhatIsLongOver)
{
    Place one(url_, "one");
    (void)one.ask(wish());
    auto old = wish();
    old.window.began = SystemClock().wall() - std::chrono::hours{50};
    old.ends = SystemClock().wall() - std::chrono::hours{26};
    (void)one.ask(old);
    value(
        "INSERT INTO spillway_instances (id, incarnation, name, renewed_at) "
        "VALUES ('gone', '', '', now() - interval '2 days')");
    ASSERT_TRUE(one->sweep());
    EXPECT_EQ(value("SELECT count(*) FROM spillway_windows"), "1");
    EXPECT_EQ(value("SELECT count(*) FROM spillway_leases"), "1");
    EXPECT_EQ(value("SELECT string_agg(id, ',') FROM spillway_instances"), "one");
}

TEST_F(BankTest, WritesNothingWhereNothingMayBeWritten)
{
    Place one(url_, "one");
    (void)one.ask(wish());
    ASSERT_TRUE(one.session().run("SET default_transaction_read_only = on"));
    EXPECT_FALSE(one->round({wish(0, 900)}));
    EXPECT_EQ(granted(), "500");
}

TEST_F(BankTest, TwoThatAskAtOnceNeverPassACap)
{
    constexpr int windows = 3;
    const auto hammer = [this](const std::string& id) {
        Place place(url_, id);
        std::vector<std::int64_t> used(windows, 0);
        std::vector<std::int64_t> held(windows, 0);
        for (int turn = 0; turn < 60; ++turn) {
            std::vector<Ask> asks;
            for (int i = 0; i < windows; ++i) {
                auto ask = wish(used[i], 7);
                ask.window.name = "w" + std::to_string(id == "a" ? i : windows - 1 - i);
                ask.lost = 0;
                // Now and then it gives back what it does not use.
                if (turn % 5 == 4)
                    ask.keep = used[i];
                asks.push_back(ask);
            }
            const auto round = place->round(asks);
            ASSERT_TRUE(round) << round.error().message;
            for (int i = 0; i < windows; ++i) {
                held[i] = round->answers[i].usable;
                used[i] = std::min(held[i], used[i] + 9);
            }
        }
    };
    {
        Place first(url_, "a");
    }
    std::thread other(hammer, "b");
    hammer("a");
    other.join();
    EXPECT_EQ(value("SELECT count(*) FROM (SELECT window_id FROM spillway_leases GROUP BY "
                    "window_id HAVING sum(granted) > 1000) passed"),
              "0");
    EXPECT_EQ(value("SELECT count(*) FROM spillway_leases"), "6");
}

}  // namespace
}  // namespace spillway::instances
