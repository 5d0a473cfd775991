#include "spillway/keys/records.hpp"

#include <gtest/gtest.h>

namespace spillway::keys {
namespace {

constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};

Allowance full_allowance()
{
    Allowance out;
    out.max_budget = NanoUsd{10'000'000'000};
    out.soft_budget = NanoUsd{8'000'000'000};
    out.budget_duration = "30d";
    out.budget_limits = {{NanoUsd{1'000'000'000}, "1d"}};
    out.model_max_budget = {{"gpt-4o", {NanoUsd{5}, "1d"}}};
    out.tpm_limit = 1'000;
    out.rpm_limit = 10;
    out.max_parallel_requests = 0;
    out.model_rpm_limit = {{"gpt-4o", 3}};
    out.model_tpm_limit = {{"gpt-4o", 4}};
    return out;
}

Key full_key()
{
    Key key;
    key.token = std::string(64, 'a');
    key.account = std::string(64, 'b');
    key.key_name = "sk-...abcd";
    key.key_alias = "build \"server\"";
    key.user_id = "u-7";
    key.team_id = "research";
    key.budget_id = "small";
    key.allowance = full_allowance();
    key.temp_budget_increase = NanoUsd{3};
    key.temp_budget_expiry = noon;
    key.opening = chat::Opening{noon, NanoUsd{12}};
    key.models = {"gpt-4o", "auto"};
    key.aliases = {{"fast", "gpt-4o-mini"}};
    key.allowed_routes = {"/chat/completions"};
    key.key_type = "llm_api";
    key.tags = {"batch"};
    key.metadata = R"({"cost center":"Ⅻ"})";
    key.expires = noon;
    key.blocked = true;
    key.stay_local = true;
    key.former = {{std::string(64, 'c'), noon}};
    key.traces = {noon, "admin", noon, "u-7"};
    key.other = R"({"guardrails":["x"]})";
    key.version = 4;
    return key;
}

Result<Record> there_and_back(const Record& record)
{
    return decode(kind_of(record), id_of(record), version_of(record), encode(record));
}

class EachRecord : public ::testing::TestWithParam<Record> {};

TEST_P(EachRecord, IsTheSameAfterItWasStored)
{
    const auto back = there_and_back(GetParam());
    ASSERT_TRUE(back) << back.error().message();
    EXPECT_EQ(*back, GetParam());
}

Record full_team()
{
    Team team;
    team.team_id = "research";
    team.team_alias = "Research";
    team.allowance = full_allowance();
    team.each_member = full_allowance();
    team.opening = chat::Opening{noon, NanoUsd{1}};
    team.models = {"*"};
    team.model_aliases = {{"a", "b"}};
    Member member;
    member.user_id = "u-7";
    member.user_email = "u7@example.org";
    member.role = "admin";
    member.allowance.max_budget = NanoUsd{5};
    member.opening = chat::Opening{noon, NanoUsd{2}};
    team.members = {member, Member{}};
    team.tags = {"t"};
    team.metadata = "{}";
    team.blocked = true;
    team.stay_local = true;
    team.traces.created_at = noon;
    return team;
}

Record full_user()
{
    User user;
    user.user_id = "u-7";
    user.user_email = "u7@example.org";
    user.user_alias = "seven";
    user.user_role = "proxy_admin";
    user.budget_id = "b";
    user.allowance = full_allowance();
    user.opening = chat::Opening{noon, NanoUsd{1}};
    user.models = {"no-default-models"};
    user.teams = {"research"};
    user.metadata = "{}";
    user.other = "{}";
    return user;
}

Record full_customer()
{
    Customer customer;
    customer.user_id = "visitor";
    customer.alias = "Visitor";
    customer.allowance = full_allowance();
    customer.blocked = true;
    return customer;
}

Record full_row()
{
    BudgetRow row;
    row.budget_id = "small";
    row.allowance = full_allowance();
    row.traces.updated_by = "admin";
    return row;
}

Record full_tag()
{
    Tag tag;
    tag.name = "batch";
    tag.description = "at night";
    tag.models = {"m"};
    tag.allowance = full_allowance();
    return tag;
}

INSTANTIATE_TEST_SUITE_P(Records, EachRecord,
                         ::testing::Values(Record{full_key()}, full_team(), full_user(),
                                           full_customer(), full_row(), full_tag(), Record{Key{}},
                                           Record{Team{}}, Record{User{}}, Record{Customer{}},
                                           Record{BudgetRow{}}, Record{Tag{}}));

TEST(RecordsTest, AreWrittenWithoutWhatIsAtItsDefault)
{
    Key key;
    key.token = "t";
    EXPECT_EQ(encode(key), "{}");
}

TEST(RecordsTest, DoNotHoldTheirIdTwice)
{
    EXPECT_EQ(encode(full_key()).find(std::string(64, 'a')), std::string::npos);
}

TEST(RecordsTest, LeaveOutMembersThatTheyDoNotKnow)
{
    const auto record = decode(Kind::tag, "batch", 1, R"({"description":"d","colour":"red"})");
    ASSERT_TRUE(record);
    EXPECT_EQ(std::get<Tag>(*record).description, "d");
}

class Damaged : public ::testing::TestWithParam<const char*> {};

TEST_P(Damaged, IsAnErrorThatNamesTheRecordAndNotWhatItHolds)
{
    const auto record = decode(Kind::key, "abc", 1, GetParam());
    ASSERT_FALSE(record);
    EXPECT_EQ(record.error().code(), Errc::io_error);
    EXPECT_EQ(record.error().message(), "the stored key 'abc' is no record of this version");
}

INSTANTIATE_TEST_SUITE_P(Records, Damaged,
                         ::testing::Values("", "null", "[]", "{", R"({"models":"gpt-4o"})",
                                           R"({"blocked":1})", R"({"expires":"soon"})",
                                           R"({"allowance":{"rpm_limit":1.5}})",
                                           R"({"aliases":[["one"]]})"));

TEST(RecordsTest, NameTheirKindsAsTheStoreDoes)
{
    for (const auto kind :
         {Kind::key, Kind::team, Kind::user, Kind::customer, Kind::budget, Kind::tag})
        EXPECT_EQ(parse_kind(word(kind)), kind);
    EXPECT_FALSE(parse_kind("organization"));
}

}  // namespace
}  // namespace spillway::keys
