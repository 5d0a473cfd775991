#include <gmock/gmock.h>

#include "calling.hpp"
#include "spillway/base/secret.hpp"

namespace spillway::keys {
namespace {

using ::testing::ElementsAre;
using testing::Office;

TEST(NewUser, ComesWithAKey)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red"})");
    const auto answer = office.post(CallName::user_new, R"({"user_id": "ann",
        "user_email": "ann@example.com", "user_role": "proxy_admin", "max_budget": 5,
        "key_alias": "first", "duration": "1d",
        "teams": [{"team_id": "red", "max_budget_in_team": 1, "user_role": "admin"}]})");
    const auto key = office.stored(answer["key"].get<std::string>());
    ASSERT_TRUE(key);
    EXPECT_EQ(key->user_id, "ann");
    EXPECT_EQ(key->key_alias, "first");
    EXPECT_TRUE(key->expires);
    EXPECT_FALSE(key->allowance.max_budget);  // The user's budget holds.
    EXPECT_EQ(answer["user_id"], "ann");
    EXPECT_EQ(answer["max_budget"], 5);
    EXPECT_EQ(answer["teams"], Json::array({"red"}));
    EXPECT_EQ(office.catalog.team("red")->members.front().allowance.max_budget,
              NanoUsd{1'000'000'000});
    EXPECT_EQ(office.catalog.team("red")->members.front().role, "admin");
    const auto without = office.post(CallName::user_new, R"({"auto_create_key": false})");
    EXPECT_EQ(without["key"], "");
    EXPECT_EQ(without["user_role"], "internal_user");
    EXPECT_EQ(office.catalog.keys().size(), 1U);
}

TEST(NewUser, RefusesWhatCannotBe)
{
    Office office;
    office.post(CallName::user_new, R"({"user_id": "ann", "user_email": "a@x.org",
                                        "key_alias": "first"})");
    const std::pair<const char*, const char*> table[] = {
        {R"({"user_id": "ann"})", "user_id"},
        {R"({"user_email": "A@X.org"})", "user_email"},
        {R"({"user_role": "king"})", "user_role"},
        {R"({"max_budget": -2})", "max_budget"},
        {R"({"teams": ["none"]})", "teams"},
        {R"({"teams": [5]})", "teams"},
        {R"({"models": ["gpt-5o"]})", "models"},
        {R"({"duration": "x"})", "duration"},
        {R"({"key_alias": "first"})", "key_alias"},
        {R"({"auto_create_key": "no"})", "auto_create_key"},
    };
    for (const auto& [body, param] : table) {
        const auto error = office.refused(CallName::user_new, body);
        EXPECT_EQ(error.code(), Errc::invalid_request) << body;
        EXPECT_EQ(error.param(), param) << body << error.message();
    }
    EXPECT_EQ(office.catalog.users().size(), 1U);
}

TEST(UpdateUser, FindsByIdOrMail)
{
    Office office;
    office.post(CallName::user_new,
                R"({"user_id": "ann", "user_email": "a@x.org", "auto_create_key": false})");
    const auto answer = office.post(
        CallName::user_update, R"({"user_email": "a@x.org", "max_budget": 1, "password": "p"})");
    EXPECT_EQ(answer["user_id"], "ann");
    EXPECT_EQ(answer["data"]["max_budget"], 1);
    EXPECT_FALSE(answer["data"].contains("password"));
    EXPECT_EQ(office.refused(CallName::user_update, R"({"user_id": "bob"})").code(),
              Errc::unknown_record);
    EXPECT_EQ(
        office.refused(CallName::user_update, R"({"user_id": "ann", "teams": ["red"]})").param(),
        "teams");
}

TEST(UserInfo, HasKeysAndTeams)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red"})");
    office.post(CallName::user_new, R"({"user_id": "ann", "teams": ["red"]})");
    const auto info = office.get(CallName::user_info, {{"user_id", "ann"}});
    EXPECT_EQ(info["user_info"]["user_id"], "ann");
    EXPECT_EQ(info["keys"].size(), 1U);
    EXPECT_EQ(info["teams"][0]["team_id"], "red");
    EXPECT_EQ(office.last_spends.size(), 3U);
}

TEST(ListUsers, FiltersAndPages)
{
    Office office;
    office.post(CallName::user_new, R"({"user_id": "ann", "user_email": "ann@x.org"})");
    office.post(CallName::user_new, R"({"user_id": "bob", "user_role": "proxy_admin_viewer"})");
    const auto all = office.get(CallName::user_list, {{"page_size", "1"}});
    EXPECT_EQ(all["total"], 2);
    EXPECT_EQ(all["total_pages"], 2);
    EXPECT_EQ(all["users"].size(), 1U);
    const auto one = office.get(CallName::user_list, {{"user_ids", "ann, nobody"}});
    EXPECT_EQ(one["users"][0]["user_id"], "ann");
    EXPECT_EQ(one["users"][0]["key_count"], 1);
    EXPECT_EQ(office.get(CallName::user_list, {{"role", "proxy_admin_viewer"}})["total"], 1);
    EXPECT_EQ(office.get(CallName::user_list, {{"user_email", "ANN"}})["total"], 1);
}

TEST(DeleteUsers, TakesKeysAndMembershipsAlong)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red"})");
    const auto secret =
        office.post(CallName::user_new, R"({"user_id": "ann", "teams": ["red"]})")["key"]
            .get<std::string>();
    EXPECT_EQ(office.refused(CallName::user_delete, R"({"user_ids": ["ann", "bob"]})").code(),
              Errc::unknown_record);
    EXPECT_EQ(office.post(CallName::user_delete, R"({"user_ids": ["ann"]})"), 1);
    EXPECT_FALSE(office.stored(secret));
    EXPECT_TRUE(office.catalog.team("red")->members.empty());
    EXPECT_FALSE(office.catalog.user("ann"));
}

}  // namespace
}  // namespace spillway::keys
