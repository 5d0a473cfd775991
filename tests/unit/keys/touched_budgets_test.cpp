// Which caps a change brings into force, and which it ends.

#include <gmock/gmock.h>

#include <algorithm>

#include "spillway/keys/grants.hpp"

namespace spillway::keys {
namespace {

using chat::Cap;
using chat::Scope;
using chat::ScopeBudget;
using chat::ScopeKind;
using ::testing::IsEmpty;

constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};
constexpr NanoUsd dollar{1'000'000'000};

class TouchedBudgetsTest : public ::testing::Test {
protected:
    /// Brings the changes into the catalog. @return The caps that they touch.
    std::vector<ScopeBudget> change(std::vector<Change> changes)
    {
        const auto before = catalog_;
        catalog_ = before.with(changes, before.version() + 1);
        return touched_budgets(before, catalog_, changes, defaults_);
    }
    static const ScopeBudget* of(const std::vector<ScopeBudget>& budgets, const Scope& scope)
    {
        const auto found = std::find_if(budgets.begin(), budgets.end(),
                                        [&](const auto& each) { return each.scope == scope; });
        return found == budgets.end() ? nullptr : &*found;
    }
    static Key key()
    {
        Key key;
        key.token = "t1";
        key.allowance.max_budget = dollar;
        key.allowance.budget_duration = "1d";
        return key;
    }

    Catalog catalog_;
    Defaults defaults_;
};

const Scope of_key{ScopeKind::key, "t1"};

TEST_F(TouchedBudgetsTest, HoldEveryWindowOfAKey)
{
    auto one = key();
    one.allowance.budget_limits = {{dollar, "1mo"}};
    one.allowance.soft_budget = NanoUsd{7};
    one.traces.created_at = noon;
    const auto budgets = change({Change::put(one)});
    const auto* found = of(budgets, of_key);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->hard, (std::vector<Cap>{{dollar, "1d"}, {dollar, "1mo"}}));
    EXPECT_EQ(found->soft, NanoUsd{7});
    EXPECT_EQ(found->opening, (chat::Opening{noon, NanoUsd{0}})) << "before it was made is nothing";
}

TEST_F(TouchedBudgetsTest, EndWithTheirKey)
{
    change({Change::put(key())});
    const auto budgets = change({Change::remove(Kind::key, "t1", 1)});
    const auto* found = of(budgets, of_key);
    ASSERT_TRUE(found);
    EXPECT_THAT(found->hard, IsEmpty());
}

TEST_F(TouchedBudgetsTest, StayWithAKeyThatIsRegenerated)
{
    change({Change::put(key())});
    auto fresh = key();
    fresh.token = "t2";
    fresh.account = "t1";
    const auto budgets = change({Change::remove(Kind::key, "t1", 1), Change::put(fresh)});
    const auto* found = of(budgets, of_key);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->hard.size(), 1U);
    EXPECT_FALSE(of(budgets, {ScopeKind::key, "t2"}));
}

TEST_F(TouchedBudgetsTest, RaiseTheFirstCapForAWhile)
{
    auto one = key();
    one.temp_budget_increase = dollar;
    one.temp_budget_expiry = noon;
    const auto budgets = change({Change::put(one)});
    ASSERT_TRUE(of(budgets, of_key));
    EXPECT_EQ(of(budgets, of_key)->hard.at(0).raise, (chat::Raise{dollar, noon}));
}

TEST_F(TouchedBudgetsTest, HoldAKeysModelsEachForItself)
{
    auto one = key();
    one.allowance.model_max_budget = {{"gpt-4o", {dollar, "1d"}}, {"o1", {dollar, "1d"}}};
    change({Change::put(one)});
    one.allowance.model_max_budget.pop_back();
    const auto budgets = change({Change::put(one)});
    ASSERT_TRUE(of(budgets, {ScopeKind::key_model, "t1/gpt-4o"}));
    EXPECT_EQ(of(budgets, {ScopeKind::key_model, "t1/gpt-4o"})->hard.size(), 1U);
    ASSERT_TRUE(of(budgets, {ScopeKind::key_model, "t1/o1"}));
    EXPECT_THAT(of(budgets, {ScopeKind::key_model, "t1/o1"})->hard, IsEmpty());
}

TEST_F(TouchedBudgetsTest, HoldATeamAndItsMembers)
{
    Team team;
    team.team_id = "red";
    team.allowance.max_budget = dollar;
    team.each_member.max_budget = NanoUsd{5};
    team.members.resize(2);
    team.members[0].user_id = "u1";
    team.members[1].user_id = "u2";
    team.members[1].allowance.max_budget = NanoUsd{9};
    auto budgets = change({Change::put(team)});
    EXPECT_EQ(of(budgets, {ScopeKind::team, "red"})->hard.at(0).most, dollar);
    EXPECT_EQ(of(budgets, {ScopeKind::member, "red/u1"})->hard.at(0).most, NanoUsd{5});
    EXPECT_EQ(of(budgets, {ScopeKind::member, "red/u2"})->hard.at(0).most, NanoUsd{9});
    team.members.pop_back();
    budgets = change({Change::put(team)});
    EXPECT_THAT(of(budgets, {ScopeKind::member, "red/u2"})->hard, IsEmpty());
    EXPECT_EQ(of(budgets, {ScopeKind::member, "red/u1"})->hard.size(), 1U);
}

TEST_F(TouchedBudgetsTest, HoldUsersThatHaveNoneByTheDefault)
{
    defaults_.internal_user = {{dollar, "30d"}};
    auto one = key();
    one.user_id = "u1";
    auto budgets = change({Change::put(one)});
    ASSERT_TRUE(of(budgets, {ScopeKind::user, "u1"})) << "also one that nobody has described";
    EXPECT_EQ(of(budgets, {ScopeKind::user, "u1"})->hard, defaults_.internal_user);
    User user;
    user.user_id = "u1";
    user.allowance.max_budget = NanoUsd{5};
    budgets = change({Change::put(user)});
    EXPECT_EQ(of(budgets, {ScopeKind::user, "u1"})->hard, (std::vector<Cap>{{NanoUsd{5}, ""}}));
    user.allowance.max_budget.reset();
    user.user_role = "proxy_admin";
    budgets = change({Change::put(user)});
    EXPECT_THAT(of(budgets, {ScopeKind::user, "u1"})->hard, IsEmpty());
}

TEST_F(TouchedBudgetsTest, FollowARowThatSeveralGoBy)
{
    BudgetRow row;
    row.budget_id = "small";
    row.allowance.max_budget = dollar;
    auto one = key();
    one.allowance = {};
    one.budget_id = "small";
    Customer customer;
    customer.user_id = "visitor";
    customer.budget_id = "small";
    Tag tag;
    tag.name = "batch";
    tag.budget_id = "small";
    Team team;
    team.team_id = "red";
    team.members.resize(1);
    team.members[0].user_id = "u1";
    team.members[0].budget_id = "small";
    change({Change::put(row), Change::put(one), Change::put(customer), Change::put(tag),
            Change::put(team)});
    row.allowance.max_budget = NanoUsd{5};
    const auto budgets = change({Change::put(row)});
    for (const auto& scope : {of_key, Scope{ScopeKind::end_user, "visitor"},
                              Scope{ScopeKind::tag, "batch"}, Scope{ScopeKind::member, "red/u1"}}) {
        ASSERT_TRUE(of(budgets, scope)) << scope.name;
        EXPECT_EQ(of(budgets, scope)->hard, (std::vector<Cap>{{NanoUsd{5}, ""}})) << scope.name;
    }
}

TEST_F(TouchedBudgetsTest, HoldEndUsersWithoutTheirOwnByTheDefaultBudget)
{
    const Scope anybody{ScopeKind::end_user, ""};
    defaults_.end_user_budget = "visitors";
    BudgetRow row;
    row.budget_id = "visitors";
    row.allowance.max_budget = dollar;
    row.allowance.budget_duration = "1d";
    const auto made = change({Change::put(row)});
    ASSERT_TRUE(of(made, anybody));
    EXPECT_EQ(of(made, anybody)->hard, (std::vector<Cap>{{dollar, "1d"}}));
    const auto gone = change({Change::remove(Kind::budget, "visitors", 1)});
    ASSERT_TRUE(of(gone, anybody));
    EXPECT_THAT(of(gone, anybody)->hard, IsEmpty());
}

}  // namespace
}  // namespace spillway::keys
