#include "spillway/keys/catalog.hpp"

#include <gmock/gmock.h>

namespace spillway::keys {
namespace {

Key key_of(const std::string& token, const std::string& team = {}, const std::string& user = {})
{
    Key key;
    key.token = token;
    key.team_id = team;
    key.user_id = user;
    return key;
}

Catalog after(const Catalog& before, std::vector<Change> changes)
{
    return before.with(changes, before.version() + 1);
}

std::vector<std::string> tokens(const std::vector<Catalog::Found<Key>>& keys)
{
    std::vector<std::string> out;
    for (const auto& key : keys)
        out.push_back(key->token);
    return out;
}

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(CatalogTest, FindsKeysByWhatTheyAreLookedForBy)
{
    auto one = key_of("t1", "red", "u1");
    one.key_alias = "one";
    one.account = "t0";
    one.former = {{"t00", WallTime{}}};
    const auto catalog = after({}, {Change::put(one), Change::put(key_of("t2", "red", "u2"))});
    EXPECT_EQ(catalog.key("t1")->key_alias, "one");
    EXPECT_EQ(catalog.key_by_alias("one")->token, "t1");
    EXPECT_EQ(catalog.key_by_any_token("t1")->token, "t1");
    EXPECT_EQ(catalog.key_by_any_token("t0")->token, "t1");
    EXPECT_EQ(catalog.key_by_any_token("t00")->token, "t1");
    EXPECT_EQ(catalog.key("t0"), nullptr);
    EXPECT_THAT(tokens(catalog.keys_of_team("red")), ElementsAre("t1", "t2"));
    EXPECT_THAT(tokens(catalog.keys_of_user("u2")), ElementsAre("t2"));
    EXPECT_THAT(tokens(catalog.keys_of_user("nobody")), IsEmpty());
}

TEST(CatalogTest, ForgetsWhatAKeyWasFoundByBefore)
{
    auto key = key_of("t1", "red", "u1");
    key.key_alias = "one";
    const auto before = after({}, {Change::put(key)});
    key.key_alias = "other";
    key.team_id = "blue";
    const auto catalog = after(before, {Change::put(key)});
    EXPECT_EQ(catalog.key_by_alias("one"), nullptr);
    EXPECT_EQ(catalog.key_by_alias("other")->token, "t1");
    EXPECT_THAT(tokens(catalog.keys_of_team("red")), IsEmpty());
    EXPECT_THAT(tokens(catalog.keys_of_team("blue")), ElementsAre("t1"));
    EXPECT_EQ(before.key_by_alias("one")->token, "t1");
}

TEST(CatalogTest, LetsAnAliasPassFromOneKeyToAnother)
{
    auto old = key_of("t1");
    old.key_alias = "server";
    const auto before = after({}, {Change::put(old)});
    auto fresh = key_of("t2");
    fresh.key_alias = "server";
    // Regenerated: the old one goes in the same commit.
    const auto catalog = after(before, {Change::put(fresh), Change::remove(Kind::key, "t1", 1)});
    EXPECT_EQ(catalog.key_by_alias("server")->token, "t2");
    EXPECT_EQ(catalog.key("t1"), nullptr);
    EXPECT_EQ(catalog.keys().size(), 1U);
}

TEST(CatalogTest, KeepsEveryKindOfRecord)
{
    Team team;
    team.team_id = "red";
    User user;
    user.user_id = "u1";
    Customer customer;
    customer.user_id = "visitor";
    BudgetRow row;
    row.budget_id = "small";
    Tag tag;
    tag.name = "batch";
    const auto catalog = after({}, {Change::put(team), Change::put(user), Change::put(customer),
                                    Change::put(row), Change::put(tag)});
    EXPECT_TRUE(catalog.team("red") && catalog.user("u1") && catalog.customer("visitor") &&
                catalog.budget("small") && catalog.tag("batch"));
    const auto less = after(
        catalog, {Change::remove(Kind::team, "red", 1), Change::remove(Kind::user, "u1", 1),
                  Change::remove(Kind::customer, "visitor", 1),
                  Change::remove(Kind::budget, "small", 1), Change::remove(Kind::tag, "batch", 1)});
    EXPECT_FALSE(less.team("red") || less.user("u1") || less.customer("visitor") ||
                 less.budget("small") || less.tag("batch"));
    EXPECT_EQ(less.version(), 2);
}

TEST(CatalogTest, TakesAChangeAtTheVersionItsRecordWasReadAt)
{
    auto key = key_of("t1");
    key.version = 7;
    EXPECT_EQ(Change::put(key).read, 7);
    EXPECT_EQ(Change::put(key).id, "t1");
    EXPECT_EQ(Change::put(key_of("t2")).read, 0);
}

}  // namespace
}  // namespace spillway::keys
