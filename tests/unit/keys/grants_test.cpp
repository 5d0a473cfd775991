#include "spillway/keys/grants.hpp"

#include <gmock/gmock.h>

namespace spillway::keys {
namespace {

using chat::ScopeKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};

class GrantsTest : public ::testing::Test {
protected:
    GrantsTest()
    {
        key_.token = "t1";
        team_.team_id = "red";
        team_.team_alias = "Red";
        user_.user_id = "u1";
    }

    [[nodiscard]] Catalog catalog() const
    {
        const std::vector<Change> changes{Change::put(key_), Change::put(team_), Change::put(user_),
                                          Change::put(row_), Change::put(customer_)};
        return Catalog{}.with(changes, 1);
    }
    [[nodiscard]] chat::Grant grant(const std::string& token = "t1") const
    {
        const auto found = Grants::compile(catalog(), defaults_).find(token);
        return found ? *found : chat::Grant{};
    }

    Key key_;
    Team team_;
    User user_;
    BudgetRow row_;
    Customer customer_;
    Defaults defaults_;
};

TEST_F(GrantsTest, SayWhoAKeyBelongsTo)
{
    key_.key_alias = "server";
    key_.team_id = "red";
    key_.user_id = "u1";
    key_.expires = noon;
    const auto got = grant();
    EXPECT_EQ(got.key_hash, "t1");
    EXPECT_EQ(got.key_alias, "server");
    EXPECT_EQ(got.team_id, "red");
    EXPECT_EQ(got.team_alias, "Red");
    EXPECT_EQ(got.user_id, "u1");
    EXPECT_EQ(got.expires, noon);
    EXPECT_EQ(got.state, chat::Grant::State::active);
}

TEST_F(GrantsTest, AreNotGivenToKeysThatAreNone)
{
    EXPECT_EQ(Grants::compile(catalog(), defaults_).find("t2"), nullptr);
}

TEST_F(GrantsTest, SayThatAKeyOrItsTeamIsBlocked)
{
    key_.team_id = "red";
    team_.blocked = true;
    EXPECT_EQ(grant().state, chat::Grant::State::team_blocked);
    key_.blocked = true;
    EXPECT_EQ(grant().state, chat::Grant::State::blocked);
}

TEST_F(GrantsTest, CallARegeneratedKeyByItsFirstToken)
{
    key_.account = "t0";
    key_.former = {{"t0", noon}};
    EXPECT_EQ(grant().key_hash, "t0");
    EXPECT_FALSE(grant().expires);
    EXPECT_EQ(grant("t0").key_hash, "t0");
    EXPECT_EQ(grant("t0").expires, noon);
}

TEST_F(GrantsTest, NeedEveryListOfModelsThatThereIs)
{
    key_.team_id = "red";
    key_.user_id = "u1";
    key_.models = {"gpt-4o"};
    team_.models = {"gpt-*"};
    user_.models = {"other"};
    const auto got = grant();
    ASSERT_EQ(got.models.size(), 2U) << "a team's key is not held by its user's models";
    EXPECT_EQ(got.models[0].whose, ScopeKind::key);
    EXPECT_EQ(got.models[1].whose, ScopeKind::team);
    key_.team_id.clear();
    const auto personal = grant();
    ASSERT_EQ(personal.models.size(), 2U);
    EXPECT_EQ(personal.models[1].whose, ScopeKind::user);
}

TEST_F(GrantsTest, KnowLiteLlmsWordsForAllModels)
{
    key_.team_id = "red";
    for (const auto* all : {"*", "all-proxy-models", "all-team-models"}) {
        key_.models = {all};
        EXPECT_THAT(grant().models, IsEmpty()) << all;
    }
    key_.models = {"all-team-models", "gpt-4o"};
    team_.models = {"llama"};
    ASSERT_EQ(grant().models.size(), 1U);
    EXPECT_EQ(grant().models[0].whose, ScopeKind::team);
    key_.team_id.clear();
    key_.user_id = "u1";
    key_.models.clear();
    user_.models = {"no-default-models"};
    ASSERT_EQ(grant().models.size(), 1U);
}

TEST_F(GrantsTest, RenameByTheKeyFirst)
{
    key_.team_id = "red";
    key_.aliases = {{"fast", "a"}};
    team_.model_aliases = {{"fast", "b"}, {"slow", "c"}};
    const std::pair<std::string, std::string> first{"fast", "a"};
    const auto aliases = grant().aliases;
    ASSERT_EQ(aliases.size(), 3U);
    EXPECT_EQ(aliases[0], first);
}

TEST_F(GrantsTest, ReadMetadataThatSpeaksToTheGateway)
{
    key_.team_id = "red";
    key_.tags = {"a"};
    key_.metadata = R"({"tags":["b","a",7],"disable_fallbacks":true,"boundary":"local"})";
    team_.tags = {"c"};
    const auto got = grant();
    EXPECT_THAT(got.tags, ElementsAre("a", "b", "c"));
    EXPECT_TRUE(got.disable_fallbacks);
    EXPECT_TRUE(got.stay_local);
    EXPECT_EQ(got.metadata, key_.metadata);
}

TEST_F(GrantsTest, KeepLocalWhateverBoundaryIsNotAny)
{
    key_.team_id = "red";
    struct Case {
        const char* boundary;
        bool local;
    };
    const Case table[]{
        {R"("local")", true},   {R"("Local")", true}, {R"("LOCAL")", true}, {R"(" local")", true},
        {R"(["local"])", true}, {"true", true},       {R"("moon")", true},  {R"("any")", false},
        {R"(" Any ")", false},  {"null", false},      {R"("")", false},
    };
    for (const auto& each : table) {
        const auto metadata = R"({"boundary":)" + std::string(each.boundary) + "}";
        key_.metadata = metadata;
        team_.metadata.clear();
        EXPECT_EQ(grant().stay_local, each.local) << metadata;
        key_.metadata.clear();
        team_.metadata = metadata;
        EXPECT_EQ(grant().stay_local, each.local) << metadata;
    }
}

TEST_F(GrantsTest, KeepWhatMustStayLocalWhoeverSaysSo)
{
    key_.team_id = "red";
    EXPECT_FALSE(grant().stay_local);
    team_.metadata = R"({"no_fallback":true})";
    EXPECT_TRUE(grant().stay_local);
    for (const auto* yes : {R"("true")", R"("True")", "1", R"("1")", "2", R"("yes")", "{}"}) {
        team_.metadata = R"({"no_fallback":)" + std::string(yes) + "}";
        EXPECT_TRUE(grant().stay_local) << yes;
    }
    for (const auto* no : {"false", R"("False")", "0", R"("0")", R"("")", "null"}) {
        team_.metadata = R"({"no_fallback":)" + std::string(no) + "}";
        EXPECT_FALSE(grant().stay_local) << no;
    }
    team_.metadata = "no object";
    EXPECT_FALSE(grant().stay_local);
    key_.stay_local = true;
    EXPECT_TRUE(grant().stay_local);
    key_.stay_local = false;
    team_.stay_local = true;
    EXPECT_TRUE(grant().stay_local);
}

std::vector<ScopeKind> kinds(const std::vector<chat::ScopeBudget>& budgets)
{
    std::vector<ScopeKind> out;
    for (const auto& budget : budgets)
        out.push_back(budget.scope.kind);
    return out;
}

TEST_F(GrantsTest, ChargeATeamsKeyToTeamAndMemberAndAnotherToItsUser)
{
    const NanoUsd one{1'000'000'000};
    key_.user_id = "u1";
    key_.allowance.max_budget = one;
    team_.allowance.max_budget = one;
    team_.each_member.max_budget = one;
    team_.members.resize(1);
    team_.members[0].user_id = "u1";
    user_.allowance.max_budget = one;
    EXPECT_THAT(kinds(grant().budgets), ElementsAre(ScopeKind::key, ScopeKind::user));
    key_.team_id = "red";
    EXPECT_THAT(kinds(grant().budgets),
                ElementsAre(ScopeKind::key, ScopeKind::team, ScopeKind::member));
    EXPECT_EQ(grant().budgets[2].scope.name, "red/u1");
}

TEST_F(GrantsTest, TakeLimitsThatARowSaysWhereTheKeySaysNothing)
{
    row_.budget_id = "small";
    row_.allowance.rpm_limit = 10;
    row_.allowance.tpm_limit = 100;
    row_.allowance.max_budget = NanoUsd{5};
    row_.allowance.budget_duration = "1d";
    key_.budget_id = "small";
    key_.allowance.rpm_limit = 3;
    const auto got = grant();
    ASSERT_EQ(got.rates.size(), 1U);
    EXPECT_EQ(got.rates[0].requests_per_minute, 3);
    EXPECT_EQ(got.rates[0].tokens_per_minute, 100);
    ASSERT_EQ(got.budgets.size(), 1U);
    EXPECT_EQ(got.budgets[0].hard, (std::vector<chat::Cap>{{NanoUsd{5}, "1d"}}));
}

TEST_F(GrantsTest, LimitMemberUserAndTeamAtOnce)
{
    key_.team_id = "red";
    key_.user_id = "u1";
    team_.allowance.rpm_limit = 100;
    team_.each_member.rpm_limit = 10;
    team_.members.resize(1);
    team_.members[0].user_id = "u1";
    user_.allowance.tpm_limit = 7;
    const auto rates = grant().rates;
    ASSERT_EQ(rates.size(), 3U);
    EXPECT_EQ(rates[0].scope.kind, ScopeKind::team);
    EXPECT_EQ(rates[1].scope.kind, ScopeKind::member);
    EXPECT_EQ(rates[2].scope.kind, ScopeKind::user);
}

TEST_F(GrantsTest, ReadAKeysTypeAsPaths)
{
    key_.key_type = "llm_api";
    EXPECT_THAT(grant().paths, ElementsAre("llm_api_routes"));
    key_.key_type = "management";
    EXPECT_THAT(grant().paths, ElementsAre("management_routes"));
    key_.key_type = "read_only";
    EXPECT_THAT(grant().paths, ElementsAre("info_routes"));
    key_.key_type = "default";
    EXPECT_THAT(grant().paths, IsEmpty());
}

TEST_F(GrantsTest, GiveAdminsRightsByTheirRole)
{
    key_.user_id = "u1";
    EXPECT_EQ(grant().admin, chat::AdminRights::none);
    user_.user_role = "proxy_admin_viewer";
    EXPECT_EQ(grant().admin, chat::AdminRights::read);
    user_.user_role = "proxy_admin";
    EXPECT_EQ(grant().admin, chat::AdminRights::all);
}

TEST_F(GrantsTest, KnowEndUsers)
{
    customer_.user_id = "visitor";
    customer_.blocked = true;
    customer_.allowance.rpm_limit = 1;
    const auto grants = Grants::compile(catalog(), defaults_);
    const auto patron = grants.end_user("visitor");
    ASSERT_TRUE(patron);
    EXPECT_TRUE(patron->blocked);
    ASSERT_EQ(patron->rates.size(), 1U);
    EXPECT_EQ(patron->rates[0].scope.name, "visitor");
    EXPECT_FALSE(grants.end_user("stranger"));
}

TEST_F(GrantsTest, GiveEveryEndUserTheDefaultBudgetsLimits)
{
    defaults_.end_user_budget = row_.budget_id = "small";
    row_.allowance.rpm_limit = 10;
    row_.allowance.tpm_limit = 100;
    customer_.user_id = "visitor";
    customer_.allowance.rpm_limit = 20;
    const auto grants = Grants::compile(catalog(), defaults_);
    const auto stranger = grants.end_user("stranger");
    ASSERT_TRUE(stranger);
    EXPECT_FALSE(stranger->blocked);
    ASSERT_EQ(stranger->rates.size(), 1U);
    EXPECT_EQ(stranger->rates[0].scope, (chat::Scope{ScopeKind::end_user, "stranger"}));
    EXPECT_EQ(stranger->rates[0].requests_per_minute, 10);
    const auto patron = grants.end_user("visitor");
    ASSERT_EQ(patron->rates.size(), 1U);
    EXPECT_EQ(patron->rates[0].requests_per_minute, 20) << "its own";
    EXPECT_EQ(patron->rates[0].tokens_per_minute, 100) << "what its own leaves open";
}

TEST_F(GrantsTest, FollowTheDefaultBudgetOfEndUsers)
{
    defaults_.end_user_budget = "small";
    const auto before = catalog();
    const auto grants = Grants::compile(before, defaults_);
    EXPECT_FALSE(grants.end_user("stranger")) << "there is no such budget yet";
    row_.budget_id = "small";
    row_.allowance.rpm_limit = 10;
    const std::vector<Change> made{Change::put(row_)};
    const auto with = before.with(made, 2);
    const auto later = grants.with(before, with, made, defaults_);
    ASSERT_TRUE(later.end_user("stranger"));
    const std::vector<Change> gone{Change::remove(Kind::budget, "small", 2)};
    EXPECT_FALSE(later.with(with, with.with(gone, 3), gone, defaults_).end_user("stranger"));
}

TEST_F(GrantsTest, FollowEveryChangeOfWhatTheyAreMadeOf)
{
    key_.team_id = "red";
    key_.user_id = "u1";
    key_.budget_id = "small";
    row_.budget_id = "small";
    customer_.user_id = "visitor";
    const auto before = catalog();
    const auto grants = Grants::compile(before, defaults_);
    const auto changed = [&](std::vector<Change> changes) {
        const auto after = before.with(changes, 2);
        const auto found = grants.with(before, after, changes, defaults_).find("t1");
        return found ? *found : chat::Grant{};
    };
    team_.blocked = true;
    EXPECT_EQ(changed({Change::put(team_)}).state, chat::Grant::State::team_blocked);
    user_.user_role = "proxy_admin";
    EXPECT_EQ(changed({Change::put(user_)}).admin, chat::AdminRights::all);
    row_.allowance.rpm_limit = 1;
    EXPECT_EQ(changed({Change::put(row_)}).rates.size(), 1U);
    key_.blocked = true;
    EXPECT_EQ(changed({Change::put(key_)}).state, chat::Grant::State::blocked);
    EXPECT_EQ(changed({Change::remove(Kind::key, "t1", 1)}), chat::Grant{});
    customer_.blocked = true;
    const std::vector<Change> blocks{Change::put(customer_)};
    const auto after = before.with(blocks, 2);
    EXPECT_TRUE(grants.with(before, after, blocks, defaults_).end_user("visitor")->blocked);
    EXPECT_FALSE(grants.end_user("visitor")->blocked);
}

}  // namespace
}  // namespace spillway::keys
