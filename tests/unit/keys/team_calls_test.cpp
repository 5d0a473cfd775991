#include <gmock/gmock.h>

#include "calling.hpp"

namespace spillway::keys {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Office;

std::vector<std::string> members_of(const Office& office, const std::string& team)
{
    std::vector<std::string> out;
    for (const auto& member : office.catalog.team(team)->members)
        out.push_back(member.user_id + ":" + member.role);
    return out;
}

TEST(NewTeam, AnswersInLiteLlmsShapeAndMakesItsMembersUsers)
{
    Office office;
    office.post(CallName::user_new, R"({"user_id": "ann", "user_email": "ann@example.com",
                                        "auto_create_key": false})");
    const auto answer = office.post(CallName::team_new, R"({"team_id": "red", "team_alias": "Red",
        "models": ["gpt-4o"], "max_budget": 10, "budget_duration": "7d", "tpm_limit": 1000,
        "members_with_roles": [{"role": "admin", "user_email": "ann@example.com"},
                               {"role": "user", "user_id": "bob"}],
        "team_member_budget": 2, "model_aliases": {"best": "gpt-4o"}})");
    EXPECT_EQ(answer["team_id"], "red");
    EXPECT_EQ(answer["max_budget"], 10);
    EXPECT_EQ(answer["members_with_roles"][0]["user_id"], "ann");
    EXPECT_EQ(answer["members_with_roles"][1]["role"], "user");
    EXPECT_EQ(answer["team_member_budget_table"]["max_budget"], 2);
    EXPECT_EQ(answer["litellm_model_table"]["model_aliases"]["best"], "gpt-4o");
    EXPECT_THAT(members_of(office, "red"), ElementsAre("ann:admin", "bob:user"));
    EXPECT_THAT(office.catalog.user("ann")->teams, ElementsAre("red"));
    EXPECT_EQ(office.catalog.user("bob")->user_role, "internal_user");
    EXPECT_THAT(office.catalog.user("bob")->teams, ElementsAre("red"));
    const auto made = office.post(CallName::team_new, "{}");
    EXPECT_THAT(made["team_id"].get<std::string>(),
                ::testing::MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab].*"));
}

TEST(NewTeam, RefusesWhatCannotBe)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red"})");
    const std::pair<const char*, const char*> table[] = {
        {R"({"team_id": "red"})", "team_id"},
        {R"({"max_budget": -1})", "max_budget"},
        {R"({"models": ["gpt-5o"]})", "models"},
        {R"({"team_member_budget_duration": "x"})", "team_member_budget_duration"},
        {R"({"members_with_roles": [{"role": "king", "user_id": "a"}]})", "role"},
        {R"({"members_with_roles": [{"role": "user"}]})", "user_id"},
        {R"({"members_with_roles": ["ann"]})", "member"},
        {R"({"members_with_roles": [{"user_id": "a"}, {"user_id": "a"}]})", "member"},
        {R"({"team_alais": "x"})", "team_alais"},
    };
    for (const auto& [body, param] : table) {
        const auto error = office.refused(CallName::team_new, body);
        EXPECT_EQ(error.code(), Errc::invalid_request) << body;
        EXPECT_EQ(error.param(), param) << body << error.message();
    }
    EXPECT_EQ(office.catalog.users().size(), 0U);
}

TEST(NewTeam, TakesDefaults)
{
    Office office;
    office.rules.given.team_defaults = {{"max_budget", "7"}};
    EXPECT_EQ(office.post(CallName::team_new, "{}")["max_budget"], 7);
    EXPECT_EQ(office.post(CallName::team_new, R"({"max_budget": 8})")["max_budget"], 8);
}

TEST(UpdateTeam, ChangesWhatIsNamed)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red", "max_budget": 3, "rpm_limit": 5})");
    const auto answer =
        office.post(CallName::team_update, R"({"team_id": "red", "max_budget": 4})");
    EXPECT_EQ(answer["team_id"], "red");
    EXPECT_EQ(answer["data"]["max_budget"], 4);
    EXPECT_EQ(answer["data"]["rpm_limit"], 5);
    EXPECT_EQ(office.last_spends[0].object, "/data");
    EXPECT_EQ(office.refused(CallName::team_update, R"({"team_id": "blue"})").code(),
              Errc::unknown_record);
    EXPECT_EQ(office.refused(CallName::team_update, "{}").param(), "team_id");
    EXPECT_EQ(office
                  .refused(CallName::team_update,
                           R"({"team_id": "red", "members_with_roles": [{"user_id": "a"}]})")
                  .param(),
              "members_with_roles");
}

TEST(TeamMembers, ComeChangeAndGoWithTheirKeys)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red"})");
    const auto added = office.post(CallName::team_member_add,
                                   R"({"team_id": "red", "max_budget_in_team": 2,
                                       "member": [{"role": "user", "user_id": "ann"},
                                                  {"role": "admin", "user_email": "bob@x.org"}]})");
    EXPECT_EQ(added["updated_users"].size(), 2U);
    EXPECT_EQ(added["updated_team_memberships"][0]["litellm_budget_table"]["max_budget"], 2);
    const auto bob = office.catalog.team("red")->members[1].user_id;
    EXPECT_EQ(office.catalog.user(bob)->user_email, "bob@x.org");
    EXPECT_EQ(office
                  .refused(CallName::team_member_add,
                           R"({"team_id": "red", "member": {"user_id": "ann"}})")
                  .param(),
              "member");
    EXPECT_EQ(office.refused(CallName::team_member_add, R"({"team_id": "red"})").param(), "member");

    const auto changed = office.post(CallName::team_member_update,
                                     R"({"team_id": "red", "user_email": "bob@x.org",
                                         "role": "user", "max_budget_in_team": 3})");
    EXPECT_EQ(changed["max_budget_in_team"], 3);
    EXPECT_EQ(changed["user_id"], bob);
    EXPECT_THAT(members_of(office, "red"), ElementsAre("ann:user", bob + ":user"));
    EXPECT_EQ(office
                  .refused(CallName::team_member_update,
                           R"({"team_id": "red", "user_id": "ann", "max_budget_in_team": -1})")
                  .param(),
              "max_budget_in_team");

    const auto in_team = office.key(R"({"user_id": "ann", "team_id": "red"})");
    const auto own = office.key(R"({"user_id": "ann"})");
    office.post(CallName::team_member_delete, R"({"team_id": "red", "user_id": "ann"})");
    EXPECT_FALSE(office.stored(in_team));
    EXPECT_TRUE(office.stored(own));
    EXPECT_TRUE(office.catalog.user("ann")->teams.empty());
    EXPECT_EQ(
        office.refused(CallName::team_member_delete, R"({"team_id": "red", "user_id": "ann"})")
            .param(),
        "user_id");
}

TEST(TeamInfo, HasKeysAndMemberships)
{
    Office office;
    office.post(CallName::team_new,
                R"({"team_id": "red", "members_with_roles": [{"user_id": "ann"}]})");
    office.key(R"({"team_id": "red", "user_id": "ann"})");
    const auto info = office.get(CallName::team_info, {{"team_id", "red"}});
    EXPECT_EQ(info["team_id"], "red");
    EXPECT_EQ(info["team_info"]["team_id"], "red");
    EXPECT_EQ(info["keys"][0]["team_id"], "red");
    EXPECT_EQ(info["team_memberships"][0]["user_id"], "ann");
    std::vector<std::string> places;
    for (const auto& place : office.last_spends)
        places.push_back(place.object + " " + place.scope.name.substr(0, 7));
    EXPECT_THAT(places, ElementsAre("/team_info red", HasSubstr("/keys/0 "),
                                    "/team_memberships/0 red/ann"));
    const auto list = office.get(CallName::team_list, {{"user_id", "ann"}});
    ASSERT_EQ(list.size(), 1U);
    EXPECT_EQ(list[0]["keys"].size(), 1U);
    EXPECT_EQ(office.get(CallName::team_list, {{"user_id", "bob"}}).size(), 0U);
}

TEST(DeleteTeams, TakesKeysAndMembershipsAlong)
{
    Office office;
    office.post(CallName::team_new,
                R"({"team_id": "red", "members_with_roles": [{"user_id": "ann"}]})");
    const auto secret = office.key(R"({"team_id": "red"})");
    EXPECT_EQ(office.refused(CallName::team_delete, R"({"team_ids": ["red", "blue"]})").code(),
              Errc::unknown_record);
    EXPECT_TRUE(office.stored(secret));
    const auto answer = office.post(CallName::team_delete, R"({"team_ids": ["red"]})");
    EXPECT_EQ(answer["deleted_teams"], Json::array({"red"}));
    EXPECT_FALSE(office.catalog.team("red"));
    EXPECT_FALSE(office.stored(secret));
    EXPECT_TRUE(office.catalog.user("ann")->teams.empty());
}

TEST(BlockTeam, BlocksAndUnblocks)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red"})");
    EXPECT_EQ(office.post(CallName::team_block, R"({"team_id": "red"})")["blocked"], true);
    EXPECT_TRUE(office.catalog.team("red")->blocked);
    EXPECT_EQ(office.post(CallName::team_unblock, R"({"team_id": "red"})")["blocked"], false);
}

}  // namespace
}  // namespace spillway::keys
