#include <gmock/gmock.h>

#include "calling.hpp"

namespace spillway::keys {
namespace {

using ::testing::HasSubstr;
using testing::Office;

TEST(Customers, AreMadeChangedListedBlockedAndDeleted)
{
    Office office;
    office.post(CallName::budget_new, R"({"budget_id": "free", "max_budget": 1,
                                          "budget_duration": "1d"})");
    const auto made = office.post(CallName::customer_new,
                                  R"({"user_id": "c1", "alias": "Acme", "budget_id": "free",
                                      "default_model": "gpt-4o"})");
    EXPECT_EQ(made["user_id"], "c1");
    EXPECT_EQ(made["blocked"], false);
    EXPECT_EQ(made["default_model"], "gpt-4o");
    EXPECT_EQ(made["litellm_budget_table"]["max_budget"], 1);
    EXPECT_EQ(office.last_spends[0].period, "1d");
    const auto own = office.post(CallName::customer_update,
                                 R"({"user_id": "c1", "max_budget": 3, "budget_duration": "7d"})");
    EXPECT_EQ(own["budget_id"], nullptr);
    EXPECT_EQ(own["litellm_budget_table"]["max_budget"], 3);
    EXPECT_EQ(office.get(CallName::customer_info, {{"end_user_id", "c1"}})["alias"], "Acme");
    // Who never asked for anything can be blocked, too.
    const auto blocked =
        office.post(CallName::customer_block, R"({"user_ids": ["c1", "stranger"]})");
    EXPECT_EQ(blocked["blocked_users"].size(), 2U);
    EXPECT_TRUE(office.catalog.customer("stranger")->blocked);
    EXPECT_EQ(office.post(CallName::customer_unblock, R"({"user_ids": ["c1"]})")["blocked_users"],
              Json::array({"stranger"}));
    EXPECT_EQ(office.get(CallName::customer_list, {}).size(), 2U);
    const auto gone = office.post(CallName::customer_delete, R"({"user_ids": ["c1"]})");
    EXPECT_EQ(gone["deleted_customers"], 1);
    EXPECT_FALSE(office.catalog.customer("c1"));
}

TEST(Customers, AreRefusedWhatCannotBe)
{
    Office office;
    office.post(CallName::customer_new, R"({"user_id": "c1"})");
    office.post(CallName::budget_new, R"({"budget_id": "free"})");
    const std::pair<const char*, const char*> table[] = {
        {R"({})", "user_id"},
        {R"({"user_id": "c1"})", "user_id"},
        {R"({"user_id": "c2", "budget_id": "none"})", "budget_id"},
        {R"({"user_id": "c2", "budget_id": "free", "max_budget": 1})", "max_budget"},
        {R"({"user_id": "c2", "max_budget": -1})", "max_budget"},
        {R"({"user_id": 5})", "user_id"},
    };
    for (const auto& [body, param] : table)
        EXPECT_EQ(office.refused(CallName::customer_new, body).param(), param) << body;
    EXPECT_EQ(office.refused(CallName::customer_update, R"({"user_id": "c3"})").code(),
              Errc::unknown_record);
    EXPECT_EQ(office.refused(CallName::customer_delete, R"({"user_ids": ["c1", "c3"]})").code(),
              Errc::unknown_record);
    EXPECT_EQ(office.refused(CallName::customer_unblock, R"({"user_ids": ["c3"]})").code(),
              Errc::unknown_record);
}

TEST(Budgets, AreMadeChangedShownAndKeptWhileUsed)
{
    Office office;
    const auto made = office.post(CallName::budget_new,
                                  R"({"budget_id": "gold", "max_budget": 100, "rpm_limit": 10})");
    EXPECT_EQ(made["budget_id"], "gold");
    EXPECT_EQ(made["max_budget"], 100);
    EXPECT_EQ(office.refused(CallName::budget_new, R"({"budget_id": "gold"})").param(),
              "budget_id");
    EXPECT_EQ(office.refused(CallName::budget_new, R"({"max_budget": -1})").param(), "max_budget");
    EXPECT_EQ(office.post(CallName::budget_update,
                          R"({"budget_id": "gold", "max_budget": 50})")["max_budget"],
              50);
    EXPECT_EQ(office.refused(CallName::budget_update, R"({"budget_id": "tin"})").code(),
              Errc::unknown_record);
    const auto info = office.post(CallName::budget_info, R"({"budgets": ["gold", "tin"]})");
    ASSERT_EQ(info.size(), 1U);
    EXPECT_EQ(info[0]["rpm_limit"], 10);
    EXPECT_EQ(office.get(CallName::budget_list, {}).size(), 1U);
    const auto settings = office.get(CallName::budget_settings, {{"budget_id", "gold"}});
    EXPECT_EQ(settings[0]["field_name"], "max_budget");
    EXPECT_EQ(settings[0]["field_value"], 50);

    const auto secret = office.key(R"({"budget_id": "gold"})");
    EXPECT_THAT(office.refused(CallName::budget_delete, R"({"id": "gold"})").message(),
                HasSubstr("1 record,"));
    office.post(CallName::key_delete, R"({"keys": [")" + secret + R"("]})");
    office.rules.end_user_budget = "gold";
    EXPECT_THAT(office.refused(CallName::budget_delete, R"({"id": "gold"})").message(),
                HasSubstr("max_end_user_budget_id"));
    office.rules.end_user_budget.clear();
    office.post(CallName::budget_delete, R"({"id": "gold"})");
    EXPECT_FALSE(office.catalog.budget("gold"));
}

TEST(Tags, AreMadeChangedShownAndDeleted)
{
    Office office;
    const auto made = office.post(CallName::tag_new, R"({"name": "a/b", "description": "d",
        "models": ["local"], "max_budget": 2, "budget_duration": "1d"})");
    EXPECT_EQ(made["tag"]["name"], "a/b");
    EXPECT_EQ(made["tag"]["litellm_budget_table"]["max_budget"], 2);
    EXPECT_EQ(office.refused(CallName::tag_new, R"({"name": "a/b"})").param(), "name");
    EXPECT_EQ(office.refused(CallName::tag_new, R"({"name": "x", "models": ["gpt-5o"]})").param(),
              "models");
    const auto info = office.post(CallName::tag_info, R"({"names": ["a/b"]})");
    EXPECT_EQ(info["a/b"]["description"], "d");
    EXPECT_EQ(office.last_spends[0].object, "/a~1b");
    EXPECT_EQ(
        office.post(
            CallName::tag_update,
            R"({"name": "a/b", "max_budget": 3})")["tag"]["litellm_budget_table"]["max_budget"],
        3);
    EXPECT_EQ(office.get(CallName::tag_list, {})[0]["name"], "a/b");
    office.post(CallName::tag_delete, R"({"name": "a/b"})");
    EXPECT_EQ(office.refused(CallName::tag_delete, R"({"name": "a/b"})").code(),
              Errc::unknown_record);
}

}  // namespace
}  // namespace spillway::keys
