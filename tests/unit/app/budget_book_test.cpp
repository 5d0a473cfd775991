#include "spillway/app/budget_book.hpp"

#include <nlohmann/json.hpp>

#include "spillway/app/budget_alert.hpp"
#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::app {
namespace {

using chat::ScopeKind;
using std::chrono::hours;

constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};

struct StoppedClock final : Clock {
    [[nodiscard]] TimePoint now() const override { return {}; }
    [[nodiscard]] WallTime wall() const override { return noon; }
};

config::Budget per_day(std::int64_t nano)
{
    return {NanoUsd{nano}, *config::parse_budget_period("1d")};
}

class BudgetBookTest : public ::testing::Test {
protected:
    void spend(std::int64_t cost, WallTime at = noon)
    {
        auto store = ledger::Store::open(ledger::testing::settings_for(path_));
        ASSERT_TRUE(store);
        auto record = ledger::testing::full_record(ids_, at);
        record.cost = NanoUsd{cost};
        record.charged.reset();
        record.charged_at.reset();
        const std::vector<const ledger::SpendRecord*> records{&record};
        ASSERT_TRUE((*store)->append(records));
    }
    NanoUsd spent(const guard::ScopeName& scope)
    {
        const std::vector<guard::ScopeName> one{scope};
        const auto found = budgets_.look(one, noon);
        return found.empty() ? NanoUsd{-1} : found[0].spent;
    }

    ledger::testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    RequestIdMaker ids_{7};
    StoppedClock clock_;
    guard::Budgets budgets_;
    BudgetBook book_{path_, budgets_, clock_};
};

TEST_F(BudgetBookTest, BringsCapsIntoForceWithWhatWasSpentBefore)
{
    spend(100);
    spend(7, noon - hours{24});
    config::Config config;
    config.general.budget = per_day(1'000);
    config.router.provider_budgets["openai"] = per_day(500);
    ASSERT_TRUE(book_.follow(config));
    EXPECT_EQ(spent({ScopeKind::proxy, ""}), NanoUsd{100});
    EXPECT_EQ(spent({ScopeKind::provider, "openai"}), NanoUsd{100});
}

TEST_F(BudgetBookTest, DropsCapsThatTheFileNoLongerNames)
{
    spend(1);
    config::Config config;
    config.general.budget = per_day(1'000);
    ASSERT_TRUE(book_.follow(config));
    ASSERT_TRUE(book_.follow(config::Config{}));
    EXPECT_EQ(spent({ScopeKind::proxy, ""}), NanoUsd{-1});
}

TEST_F(BudgetBookTest, HoldsAKeyByWhatItHasSpentSinceItsOpening)
{
    spend(100, noon - hours{3});
    spend(7, noon - hours{1});
    const auto key = ledger::testing::full_record(ids_, noon).key_hash;
    const std::vector<chat::ScopeBudget> caps{{{ScopeKind::key, key},
                                               {{NanoUsd{1'000}, ""}, {NanoUsd{1'000}, "1d"}},
                                               {},
                                               chat::Opening{noon - hours{2}, NanoUsd{40}}}};
    ASSERT_TRUE(book_.hold(caps));
    const std::vector<guard::ScopeName> one{{ScopeKind::key, key}};
    for (const auto& standing : budgets_.look(one, noon))
        EXPECT_EQ(standing.spent, NanoUsd{47}) << config::text_of(standing.period);
}

TEST_F(BudgetBookTest, HoldsATagByTheFileAndByItsRecord)
{
    spend(3);
    config::Config config;
    config.router.tag_budgets["batch"] = per_day(500);
    ASSERT_TRUE(book_.follow(config));
    const chat::Scope tag{ScopeKind::tag, "batch"};
    const std::vector<guard::ScopeName> one{{ScopeKind::tag, "batch"}};
    const auto caps = [&] {
        std::vector<std::int64_t> out;
        for (const auto& standing : budgets_.look(one, noon))
            out.push_back(count(standing.cap));
        return out;
    };
    const std::vector<chat::ScopeBudget> own{
        {tag, {{NanoUsd{200}, "1d"}, {NanoUsd{900}, ""}}, {}, chat::Opening{noon, NanoUsd{0}}}};
    ASSERT_TRUE(book_.hold(own));
    EXPECT_EQ(caps(), (std::vector<std::int64_t>{200, 900}));
    EXPECT_EQ(spent(one[0]), NanoUsd{3}) << "the file's cap was there before the record";
    ASSERT_TRUE(book_.follow(config::Config{}));
    EXPECT_EQ(caps(), (std::vector<std::int64_t>{200, 900}));
    ASSERT_TRUE(book_.follow(config));
    const std::vector<chat::ScopeBudget> none{{tag, {}, {}, {}}};
    ASSERT_TRUE(book_.hold(none));
    EXPECT_EQ(caps(), (std::vector<std::int64_t>{500}));
}

TEST_F(BudgetBookTest, KnowsWhatEachEndUserHasSpent)
{
    spend(100);
    config::Config config;
    config.budgets.end_users.windows.push_back(per_day(150));
    ASSERT_TRUE(book_.follow(config));
    EXPECT_EQ(spent({ScopeKind::end_user, "anna"}), NanoUsd{100});
}

TEST_F(BudgetBookTest, MovesEndUsersToOtherCapsAndCountsOnceHoweverOftenItIsRead)
{
    spend(100);
    config::Config config;
    config.budgets.end_users.windows.push_back(per_day(150));
    ASSERT_TRUE(book_.follow(config));
    ASSERT_TRUE(book_.follow(config));
    EXPECT_EQ(spent({ScopeKind::end_user, "anna"}), NanoUsd{100});
    config.budgets.end_users.windows = {{NanoUsd{500}, *config::parse_budget_period("1mo")}};
    ASSERT_TRUE(book_.follow(config));
    EXPECT_EQ(spent({ScopeKind::end_user, "anna"}), NanoUsd{100});
}

TEST_F(BudgetBookTest, AsksForThePastOfACapThatComesLater)
{
    spend(100);
    ASSERT_TRUE(book_.follow(config::Config{}));
    const std::vector<chat::ScopeBudget> late{
        {{ScopeKind::team, "research"}, {{NanoUsd{150}, "1d"}}, {}}};
    ASSERT_TRUE(book_.hold(late));
    EXPECT_EQ(spent({ScopeKind::team, "research"}), NanoUsd{100});
}

TEST_F(BudgetBookTest, HoldsEndUsersByTheFileAndByTheDefaultBudget)
{
    spend(100);
    const auto name = ledger::testing::full_record(ids_, noon).end_user;
    ASSERT_FALSE(name.empty());
    const std::vector<guard::ScopeName> user{{ScopeKind::end_user, name}};
    config::Config config;
    config.budgets.end_users.windows.push_back(per_day(1'000));
    ASSERT_TRUE(book_.follow(config));
    const auto by_default = [this](std::int64_t most) {
        const std::vector<chat::ScopeBudget> caps{
            {{ScopeKind::end_user, ""}, {{NanoUsd{most}, "1d"}}, {}}};
        ASSERT_TRUE(book_.hold(caps));
    };
    by_default(120);
    EXPECT_EQ(spent(user[0]), NanoUsd{100}) << "what it spent before counts";
    EXPECT_FALSE(budgets_.reserve({}, user, NanoUsd{21}, noon));
    by_default(2'000);
    ASSERT_TRUE(budgets_.reserve({}, user, NanoUsd{900}, noon)) << "the file's holds";
    EXPECT_FALSE(budgets_.reserve({}, user, NanoUsd{901}, noon));
    ASSERT_TRUE(book_.follow(config::Config{}));
    EXPECT_TRUE(budgets_.reserve({}, user, NanoUsd{901}, noon)) << "the file's is gone";
}

TEST_F(BudgetBookTest, LetsNothingThroughWhileThePastIsNotKnown)
{
    const std::vector<chat::ScopeBudget> caps{
        {{ScopeKind::team, "research"}, {{NanoUsd{150}, "1d"}}, {}}};
    ASSERT_FALSE(book_.hold(caps));
    const std::vector<guard::ScopeName> team{{ScopeKind::team, "research"}};
    EXPECT_FALSE(budgets_.reserve({}, team, NanoUsd{1}, noon));
    spend(100);
    ASSERT_TRUE(book_.hold(caps));
    EXPECT_TRUE(budgets_.reserve({}, team, NanoUsd{50}, noon));
}

TEST(BudgetAlert, HasTheShapeOfLiteLlmsWebhook)
{
    guard::BudgetNews news;
    news.kind = guard::BudgetNews::Kind::soft_crossed;
    news.standing.scope = {ScopeKind::team, "research"};
    news.standing.spent = NanoUsd{2'000'000'000};
    news.standing.spent_elsewhere = NanoUsd{500'000'000};
    news.standing.cap = NanoUsd{10'000'000'000};
    news.standing.period = *config::parse_budget_period("1d");
    news.standing.resets = noon;
    news.soft = NanoUsd{2'000'000'000};
    const auto json = nlohmann::json::parse(alert_json(news));
    EXPECT_EQ(json["spend"], 2.5);
    EXPECT_EQ(json["max_budget"], 10.0);
    EXPECT_EQ(json["event"], "soft_budget_crossed");
    EXPECT_EQ(json["event_group"], "team");
    EXPECT_EQ(json["team_id"], "research");
    EXPECT_EQ(json["token"], nullptr);
    EXPECT_EQ(json["event_message"], "team research budget: Soft Budget Crossed");
    EXPECT_EQ(alert_line(news),
              "team research budget: Soft Budget Crossed, spent 2.5 of 10 USD, soft budget 2, "
              "resets at 2026-11-21T12:00:00.000000Z");
}

}  // namespace
}  // namespace spillway::app
