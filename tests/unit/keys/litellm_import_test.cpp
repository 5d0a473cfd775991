#include "spillway/keys/litellm_import.hpp"

#include <gmock/gmock.h>

#include "spillway/base/secret.hpp"

namespace spillway::keys::litellm {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::chrono_literals;

const WallTime now{1'764'547'200s};

std::string micros(WallTime time)
{
    return std::to_string(time.time_since_epoch().count());
}

TableRow key_row(const std::string& secret, TableRow more = {})
{
    more.emplace("token", sha256_hex(secret));
    more.emplace("key_name", "sk-..." + secret.substr(secret.size() - 4));
    return more;
}

Imported records(const Tables& tables)
{
    auto imported = records_of(tables, now);
    EXPECT_TRUE(imported) << imported.error().message();
    return imported ? *std::move(imported) : Imported{};
}

template <class R>
R only(const Imported& imported)
{
    for (const auto& record : imported.records)
        if (const auto* found = std::get_if<R>(&record))
            return *found;
    ADD_FAILURE() << "there is none";
    return {};
}

TEST(LitellmRecords, AKeyKeepsAllThatItHas)
{
    Tables tables;
    tables.keys = {key_row(
        "sk-1234",
        {{"key_alias", "app"},
         {"spend", "1.5e-05"},
         {"expires", micros(now + 24h)},
         {"models", R"(["gpt-4o", "openai/*"])"},
         {"aliases", R"({"best": "gpt-4o"})"},
         {"user_id", "ann"},
         {"team_id", "red"},
         {"max_budget", "12.5"},
         {"budget_duration", "30d"},
         {"budget_limits", R"([{"budget_duration": "1d", "max_budget": 2, "reset_at": "x"}])"},
         {"model_max_budget", R"({"gpt-4o": {"budget_limit": 5, "time_period": "1d"}})"},
         {"rpm_limit", "60"},
         {"blocked", "true"},
         {"allowed_routes", R"(["/chat/completions"])"},
         {"metadata",
          R"({"tags": ["a"], "model_rpm_limit": {"gpt-4o": 3}, "x": 1,
              "temp_budget_increase": 4, "temp_budget_expiry": "2026-01-01T00:00:00+00:00"})"},
         {"permissions", R"({"p": true})"},
         {"created_at", micros(now - 24h)}})};
    const auto imported = records(tables);
    const auto key = only<Key>(imported);
    EXPECT_EQ(key.token, sha256_hex("sk-1234"));
    EXPECT_EQ(key.allowance.max_budget, NanoUsd{12'500'000'000});
    EXPECT_THAT(key.allowance.budget_limits, ElementsAre(chat::Cap{NanoUsd{2'000'000'000}, "1d"}));
    EXPECT_EQ(key.allowance.model_max_budget.front().cap,
              (chat::Cap{NanoUsd{5'000'000'000}, "1d"}));
    EXPECT_THAT(key.allowance.model_rpm_limit, ElementsAre(std::pair("gpt-4o", 3)));
    EXPECT_EQ(key.temp_budget_increase, NanoUsd{4'000'000'000});
    EXPECT_EQ(key.opening, (chat::Opening{now, NanoUsd{15'000}}));
    EXPECT_EQ(key.expires, now + 24h);
    EXPECT_THAT(key.models, ElementsAre("gpt-4o", "openai/*"));
    EXPECT_THAT(key.tags, ElementsAre("a"));
    EXPECT_EQ(key.metadata, R"({"x":1})");
    EXPECT_TRUE(key.blocked);
    EXPECT_EQ(key.traces.created_at, now - 24h);
    EXPECT_EQ(key.other, R"({"permissions":{"p":true}})");
    EXPECT_EQ(imported.without_effect.at("permissions"), 1U);
}

TEST(LitellmRecords, SpendOfAWindowThatEndedIsOver)
{
    Tables tables;
    tables.budgets = {{{"budget_id", "b"}, {"budget_reset_at", micros(now - 1h)}}};
    tables.keys = {
        key_row("sk-1", {{"spend", "5"}, {"budget_reset_at", micros(now - 1s)}}),
        key_row("sk-2", {{"spend", "5"}, {"budget_reset_at", micros(now + 1s)}}),
    };
    tables.customers = {{{"user_id", "c"}, {"spend", "5"}, {"budget_id", "b"}}};
    const auto imported = records(tables);
    EXPECT_FALSE(only<Customer>(imported).opening);
    std::vector<bool> opened;
    for (const auto& record : imported.records)
        if (const auto* key = std::get_if<Key>(&record))
            opened.push_back(key->opening.has_value());
    EXPECT_THAT(opened, ElementsAre(false, true));
}

TEST(LitellmRecords, ATeamHasItsMembersWithTheirBudgets)
{
    Tables tables;
    tables.budgets = {{{"budget_id", "each"}, {"max_budget", "3"}}};
    tables.memberships = {
        {{"team_id", "red"}, {"user_id", "ann"}, {"spend", "1"}, {"budget_id", "each"}}};
    tables.model_aliases = {{{"id", "7"}, {"aliases", R"({"best": "m"})"}}};
    tables.teams = {{{"team_id", "red"},
                     {"model_id", "7"},
                     {"members_with_roles", R"([{"role": "admin", "user_id": "ann"}])"},
                     {"members", R"(["ann", "bob"])"},
                     {"metadata", R"({"team_member_budget_id": "each"})"}}};
    const auto team = only<Team>(records(tables));
    ASSERT_EQ(team.members.size(), 2U);
    EXPECT_EQ(team.members[0].role, "admin");
    EXPECT_EQ(team.members[0].budget_id, "each");
    EXPECT_EQ(team.members[0].opening, (chat::Opening{now, NanoUsd{1'000'000'000}}));
    EXPECT_EQ(team.members[1].role, "user");
    EXPECT_EQ(team.each_member.max_budget, NanoUsd{3'000'000'000});
    EXPECT_EQ(team.metadata, "");
    EXPECT_THAT(team.model_aliases, ElementsAre(std::pair("best", "m")));
}

TEST(LitellmRecords, NamesTableRowAndColumnOfAValueThatCannotBeRead)
{
    const std::pair<const char*, const char*> bad[] = {{"max_budget", "NaN"},
                                                       {"max_budget", "-1"},
                                                       {"spend", "Infinity"},
                                                       {"rpm_limit", "1.5"},
                                                       {"budget_duration", "x"},
                                                       {"models", "{}"},
                                                       {"metadata", "["},
                                                       {"aliases", "[]"},
                                                       {"budget_limits", R"([{"a": 1}])"},
                                                       {"model_max_budget", "\"x\""}};
    for (const auto& [column, value] : bad) {
        Tables tables;
        tables.keys = {key_row("sk-1234", {{column, value}})};
        const auto imported = records_of(tables, now);
        ASSERT_FALSE(imported) << column << " " << value;
        EXPECT_THAT(imported.error().message(),
                    HasSubstr("LiteLLM_VerificationToken, key_name sk-...1234, column " +
                              std::string(column)));
    }
}

TEST(LitellmRecords, LeavesOutWhatHasNoMeaning)
{
    Tables tables;
    tables.organizations = {{{"organization_id", "org"}}};
    tables.keys = {key_row("sk-1", {{"team_id", "litellm-dashboard"}}),
                   {{"token", "sk-in-the-clear"}, {"key_name", "k"}}};
    const auto imported = records(tables);
    EXPECT_TRUE(imported.records.empty());
    EXPECT_EQ(imported.left_out.size(), 3U);
}

/// A catalog that has taken a plan over.
Catalog after(const Plan& plan, const Catalog& before)
{
    return before.with(plan.changes, before.version() + 1);
}

TEST(LitellmPlan, ASecondTimeNothingChanges)
{
    Tables tables;
    tables.keys = {key_row("sk-1", {{"spend", "5"}}), key_row("sk-2")};
    tables.teams = {{{"team_id", "red"}, {"spend", "1"}}};
    const auto served = ModelNames::everything();
    const auto first = plan_import(records(tables), {}, served, now);
    EXPECT_EQ(first.counts.at(Kind::key).added, 2U);
    const auto catalog = after(first, {});
    const auto later = now + 1h;
    const auto again = plan_import(*records_of(tables, later), catalog, served, later);
    EXPECT_TRUE(again.changes.empty());
    EXPECT_EQ(again.counts.at(Kind::key).same, 2U);
    // What was spent there since counts from the same beginning.
    tables.keys[0]["spend"] = "7";
    const auto third = plan_import(*records_of(tables, later), catalog, served, later);
    ASSERT_EQ(third.changes.size(), 1U);
    EXPECT_EQ(std::get<Key>(*third.changes[0].record).opening,
              (chat::Opening{now, NanoUsd{7'000'000'000}}));
    EXPECT_EQ(third.changes[0].read, catalog.key(sha256_hex("sk-1"))->version);
}

TEST(LitellmPlan, KeepsAliasesUniqueAndRegeneratedKeysAsTheyAre)
{
    Key here;
    here.token = sha256_hex("sk-new");
    here.account = sha256_hex("sk-1");
    here.key_alias = "mine";
    const std::vector<Change> changes{Change::put(here)};
    const auto catalog = Catalog().with(changes, 1);
    Tables tables;
    tables.keys = {key_row("sk-1"), key_row("sk-2", {{"key_alias", "mine"}}),
                   key_row("sk-3", {{"key_alias", "twice"}}),
                   key_row("sk-4", {{"key_alias", "twice"}})};
    const auto plan = plan_import(records(tables), catalog, ModelNames::everything(), now);
    EXPECT_EQ(plan.counts.at(Kind::key).added, 3U);
    EXPECT_EQ(plan.left_out.size(), 3U);
    const auto result = after(plan, catalog);
    EXPECT_EQ(result.key(sha256_hex("sk-2"))->key_alias, "");
    EXPECT_EQ(result.key(sha256_hex("sk-3"))->key_alias, "twice");
    EXPECT_FALSE(result.key(sha256_hex("sk-1")));
}

TEST(LitellmPlan, SaysWhichModelsNobodyServes)
{
    Tables tables;
    tables.keys = {key_row("sk-1", {{"models", R"(["a", "all-team-models"])"}}),
                   key_row("sk-2", {{"models", R"(["a"])"}})};
    const auto plan = plan_import(records(tables), {}, {}, now);
    EXPECT_THAT(plan.unserved, ElementsAre(std::pair("a", 2U)));
}

}  // namespace
}  // namespace spillway::keys::litellm
