#include <gmock/gmock.h>

#include "calling.hpp"
#include "spillway/base/secret.hpp"

namespace spillway::keys {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Office;
using namespace std::chrono_literals;

TEST(GenerateKey, AnswersInLiteLlmsShapeAndKeepsOnlyTheHash)
{
    Office office;
    const auto answer = office.post(CallName::key_generate, R"({"key_alias": "ci",
        "models": ["gpt-4o"], "max_budget": 12.5, "budget_duration": "30d", "duration": "30d",
        "rpm_limit": 60, "metadata": {"app": "x", "tags": ["batch"]}})");
    const auto secret = answer["key"].get<std::string>();
    EXPECT_THAT(secret, ::testing::MatchesRegex("sk-[A-Za-z0-9_-]{22}"));
    EXPECT_EQ(answer["token"], sha256_hex(secret));
    EXPECT_EQ(answer["token_id"], sha256_hex(secret));
    EXPECT_EQ(answer["key_name"], "sk-..." + secret.substr(secret.size() - 4));
    EXPECT_EQ(answer["expires"], "2025-12-31T00:00:00.000000Z");
    EXPECT_EQ(answer["max_budget"], 12.5);
    EXPECT_EQ(answer["models"], Json::array({"gpt-4o"}));
    EXPECT_EQ(answer["tags"], Json::array({"batch"}));
    EXPECT_EQ(answer["created_by"], "default_user_id");
    EXPECT_EQ(answer["litellm_budget_table"], nullptr);
    const auto key = office.stored(secret);
    ASSERT_TRUE(key);
    EXPECT_EQ(key->allowance.max_budget, NanoUsd{12'500'000'000});
    EXPECT_EQ(key->allowance.rpm_limit, 60);
    EXPECT_EQ(key->metadata, R"({"app":"x"})");
    EXPECT_THAT(key->tags, ElementsAre("batch"));
    EXPECT_THAT(encode(*key), ::testing::Not(HasSubstr(secret)));
    ASSERT_EQ(office.last_spends.size(), 1U);
    EXPECT_EQ(office.last_spends[0].scope, (chat::Scope{chat::ScopeKind::key, key->token}));
    EXPECT_EQ(office.last_spends[0].period, "30d");
}

struct Bad {
    const char* body;
    const char* param;
    const char* says;
};

TEST(GenerateKey, RefusesWhatCannotBe)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red", "models": ["gpt-4o"]})");
    office.key(R"({"key_alias": "taken", "key": "sk-0123456789abcdef"})");
    const Bad table[] = {
        {R"({"max_budget": -1})", "max_budget", "from 0 to"},
        {R"({"max_budget": 1e300})", "max_budget", "from 0 to"},
        {R"({"max_budget": "NaN"})", "max_budget", "from 0 to"},
        {R"({"max_budget": [1]})", "max_budget", "from 0 to"},
        {R"({"soft_budget": "-0.1"})", "soft_budget", "from 0 to"},
        {R"({"rpm_limit": -5})", "rpm_limit", "whole number"},
        {R"({"tpm_limit": 1.5})", "tpm_limit", "whole number"},
        {R"({"tpm_limit": 18446744073709551615})", "tpm_limit", "whole number"},
        {R"({"models": "gpt-4o"})", "models", "list of texts"},
        {R"({"models": ["gpt-5o"]})", "models", "did you mean `gpt-4o`?"},
        {R"({"models": ["nothing-like-it"]})", "models", "`nothing-like-it`"},
        {R"({"duration": "30x"})", "duration", "30d"},
        {R"({"budget_duration": "soon"})", "budget_duration", "30d"},
        {R"({"budget_limits": [{"max_budget": 1}]})", "budget_limits", "budget_duration"},
        {R"({"model_max_budget": {"gpt-4o": 5}})", "model_max_budget", "budget_limit"},
        {R"({"model_rpm_limit": {"gpt-4o": -1}})", "model_rpm_limit", "whole numbers"},
        {R"({"metadata": [1]})", "metadata", "object"},
        {R"({"metadata": {"tags": "x"}})", "tags", "list of texts"},
        {R"({"blocked": "yes"})", "blocked", "true or false"},
        {R"({"team_id": "blue"})", "team_id", "no team"},
        {R"({"budget_id": "none"})", "budget_id", "no budget"},
        {R"({"key_alias": "taken"})", "key_alias", "unique"},
        {R"({"team_id": "red", "models": ["local"]})", "models", "team may not use"},
        {R"({"key": "pk-0123456789abcdef"})", "key", "begin with sk-"},
        {R"({"key": "sk-short"})", "key", "16"},
        {R"({"key": "sk-with blanks in it"})", "key", "blanks"},
        {R"({"key": "sk-0123456789abcdef"})", "key", "taken"},
        {R"({"key_type": "super"})", "key_type", "llm_api"},
        {R"({"temp_budget_increase": 5})", "temp_budget_increase", "temp_budget_expiry"},
        {R"({"max_budgt": 5})", "max_budgt", "did you mean `max_budget`?"},
        {R"({"boundary": "moon"})", "boundary", "local or any"},
        {R"({"metadata": {"boundary": "moon"}})", "metadata", "local or any"},
        {R"({"metadata": {"boundary": ["local"]}})", "metadata", "local or any"},
        {R"({"metadata": {"boundary": true}})", "metadata", "local or any"},
    };
    for (const auto& bad : table) {
        const auto error = office.refused(CallName::key_generate, bad.body);
        EXPECT_EQ(error.code(), Errc::invalid_request) << bad.body;
        EXPECT_EQ(error.param(), bad.param) << bad.body;
        EXPECT_THAT(error.message(), HasSubstr(bad.says)) << bad.body;
    }
    EXPECT_EQ(office.catalog.keys().size(), 1U);
}

TEST(GenerateKey, TakesAUserThatNobodyKnowsYet)
{
    Office office;
    const auto key = office.key(R"({"user_id": "ann"})");
    EXPECT_EQ(office.get(CallName::key_info, {{"key", key}})["info"]["user_id"], "ann");
    EXPECT_FALSE(office.catalog.user("ann"));
    office.post(CallName::user_new,
                R"({"user_id": "ann", "max_budget": 5, "auto_create_key": false})");
    const auto keys = office.get(CallName::user_info, {{"user_id", "ann"}})["keys"];
    ASSERT_EQ(keys.size(), 1U) << "it was hers before";
    EXPECT_EQ(keys[0]["token"], sha256_hex(key));
}

TEST(GenerateKey, KeepsAndReportsWhatHasNoEffectHere)
{
    Office office;
    const auto answer = office.post(CallName::key_generate, R"({"guardrails": ["pii"],
        "permissions": {"get_spend_routes": true}, "auto_rotate": false, "agent_id": null,
        "something_of_tomorrow": 1})");
    EXPECT_EQ(answer["guardrails"], Json::array({"pii"}));
    EXPECT_THAT(answer["ignored_fields"].get<std::vector<std::string>>(),
                ElementsAre("guardrails", "permissions", "something_of_tomorrow"));
    const auto info =
        office.get(CallName::key_info, {{"key", answer["key"].get<std::string>()}})["info"];
    EXPECT_EQ(info["guardrails"], Json::array({"pii"}));
    EXPECT_EQ(info["permissions"], Json::parse(R"({"get_spend_routes": true})"));
    EXPECT_FALSE(info.contains("something_of_tomorrow"));
}

TEST(GenerateKey, TakesDefaultsAndHoldsBounds)
{
    Office office;
    office.rules.given.key_defaults = {{"max_budget", "5"}, {"models", R"(["local"])"}};
    office.rules.given.key_bounds = {
        {"max_budget", "10"}, {"duration", "\"30d\""}, {"rpm_limit", "100"}};
    const auto answer = office.post(CallName::key_generate, "{}");
    EXPECT_EQ(answer["max_budget"], 5);
    EXPECT_EQ(answer["models"], Json::array({"local"}));
    EXPECT_EQ(answer["rpm_limit"], 100);
    EXPECT_EQ(answer["expires"], "2025-12-31T00:00:00.000000Z");
    for (const auto* body : {R"({"max_budget": 11})", R"({"duration": "31d"})",
                             R"({"duration": "-1"})", R"({"rpm_limit": 101})"})
        EXPECT_THAT(office.refused(CallName::key_generate, body).message(),
                    HasSubstr("upperbound_key_generate_params"))
            << body;
    const auto secret = answer["key"].get<std::string>();
    EXPECT_THAT(
        office.refused(CallName::key_update, R"({"key": ")" + secret + R"(", "max_budget": null})")
            .message(),
        HasSubstr("must be at most 10"));
    EXPECT_EQ(office.post(CallName::key_update,
                          R"({"key": ")" + secret + R"(", "max_budget": 9})")["max_budget"],
              9);
}

TEST(UpdateKey, ChangesWhatIsNamedAndClearsWhatIsNull)
{
    Office office;
    const auto secret =
        office.key(R"({"key_alias": "a", "max_budget": 5, "rpm_limit": 7, "duration": "1d"})");
    office.now += 1h;
    const auto answer = office.post(
        CallName::key_update,
        R"({"key": ")" + secret + R"(", "max_budget": null, "key_alias": "b", "tags": ["t"]})");
    EXPECT_EQ(answer["key"], secret);
    EXPECT_EQ(answer["max_budget"], nullptr);
    EXPECT_EQ(answer["rpm_limit"], 7);
    EXPECT_EQ(answer["updated_at"], "2025-12-01T01:00:00.000000Z");
    EXPECT_EQ(answer["created_at"], "2025-12-01T00:00:00.000000Z");
    EXPECT_EQ(answer["expires"], "2025-12-02T00:00:00.000000Z");
    const auto key = office.stored(secret);
    EXPECT_EQ(key->key_alias, "b");
    EXPECT_THAT(key->tags, ElementsAre("t"));
    EXPECT_FALSE(office.catalog.key_by_alias("a"));
    // By its hash, too; and for ever.
    office.post(CallName::key_update, R"({"key": ")" + key->token + R"(", "duration": "-1"})");
    EXPECT_FALSE(office.stored(secret)->expires);
    office.post(CallName::key_update, R"({"key": ")" + key->token + R"(", "duration": "1d"})");
    EXPECT_TRUE(office.stored(secret)->expires);
    office.post(CallName::key_update, R"({"key": ")" + key->token + R"(", "duration": null})");
    EXPECT_FALSE(office.stored(secret)->expires);
    EXPECT_EQ(office.refused(CallName::key_update, R"({"key": "sk-unknown"})").code(),
              Errc::unknown_record);
    EXPECT_THAT(office.refused(CallName::key_update, R"({"key": "sk-unknown"})").message(),
                ::testing::Not(HasSubstr("unknown\"")));
}

TEST(DeleteKeys, TakesAllOrNone)
{
    Office office;
    const auto one = office.key(R"({"key_alias": "one"})");
    const auto two = office.key(R"({"key_alias": "two"})");
    EXPECT_EQ(
        office.refused(CallName::key_delete, R"({"keys": [")" + one + R"(", "sk-no"]})").code(),
        Errc::unknown_record);
    EXPECT_EQ(office.catalog.keys().size(), 2U);
    EXPECT_EQ(office.refused(CallName::key_delete, "{}").param(), "keys");
    const auto answer =
        office.post(CallName::key_delete, R"({"keys": [")" + sha256_hex(one) + R"("]})");
    EXPECT_EQ(answer["deleted_keys"], Json::array({sha256_hex(one)}));
    office.post(CallName::key_delete, R"({"key_aliases": ["two"]})");
    EXPECT_EQ(office.catalog.keys().size(), 0U);
    EXPECT_FALSE(office.stored(two));
}

TEST(BlockKey, BlocksAndUnblocks)
{
    Office office;
    const auto secret = office.key();
    const auto body = R"({"key": ")" + secret + R"("})";
    EXPECT_EQ(office.post(CallName::key_block, body)["blocked"], true);
    EXPECT_TRUE(office.stored(secret)->blocked);
    EXPECT_EQ(office.post(CallName::key_unblock, body)["blocked"], false);
    EXPECT_FALSE(office.stored(secret)->blocked);
}

TEST(RegenerateKey, KeepsTheAccountAndGivesTheOldKeyTime)
{
    Office office;
    const auto old = office.key(R"({"key_alias": "app", "max_budget": 3})");
    const auto answer =
        office.post(CallName::key_regenerate, R"({"grace_period": "24h", "max_budget": 4})", old);
    const auto secret = answer["key"].get<std::string>();
    EXPECT_NE(secret, old);
    EXPECT_FALSE(office.stored(old));
    const auto key = office.stored(secret);
    ASSERT_TRUE(key);
    EXPECT_EQ(account_of(*key), sha256_hex(old));
    EXPECT_EQ(key->key_alias, "app");
    EXPECT_EQ(key->allowance.max_budget, NanoUsd{4'000'000'000});
    EXPECT_THAT(key->former, ElementsAre(FormerToken{sha256_hex(old), office.now + 24h}));
    // Again, at once: the first one is good until its time, the second no longer.
    const auto again =
        office.post(CallName::key_regenerate,
                    R"({"key": ")" + secret + R"(", "new_key": "sk-of-my-own-choice"})");
    const auto latest = office.stored("sk-of-my-own-choice");
    ASSERT_TRUE(latest);
    EXPECT_EQ(again["key"], "sk-of-my-own-choice");
    EXPECT_EQ(account_of(*latest), sha256_hex(old));
    EXPECT_EQ(latest->former.size(), 1U);
    office.now += 25h;
    office.post(CallName::key_regenerate, "{}", "sk-of-my-own-choice");
    EXPECT_EQ(office.catalog.key_by_alias("app")->former.size(), 0U);
}

TEST(RegenerateKey, RefusesWhatCannotBe)
{
    Office office;
    const auto secret = office.key();
    office.key(R"({"key": "sk-0123456789abcdef"})");
    EXPECT_EQ(office.refused(CallName::key_regenerate, "{}").param(), "key");
    EXPECT_EQ(office.refused(CallName::key_regenerate, "{}", "sk-no").code(), Errc::unknown_record);
    EXPECT_EQ(office.refused(CallName::key_regenerate, R"({"grace_period": "x"})", secret).param(),
              "grace_period");
    EXPECT_EQ(
        office.refused(CallName::key_regenerate, R"({"new_key": "sk-0123456789abcdef"})", secret)
            .param(),
        "new_key");
    EXPECT_EQ(office.refused(CallName::key_regenerate, R"({"new_master_key": "x"})", secret).code(),
              Errc::not_implemented);
    EXPECT_TRUE(office.stored(secret));
}

TEST(ResetSpend, BeginsAnewFromTheAmount)
{
    Office office;
    const auto secret = office.key(R"({"max_budget": 3})");
    const auto answer = office.post(CallName::key_reset_spend, R"({"reset_to": 1.5})", secret);
    EXPECT_EQ(answer["spend"], 1.5);
    EXPECT_EQ(answer["max_budget"], 3);
    EXPECT_EQ(office.stored(secret)->opening, (chat::Opening{office.now, NanoUsd{1'500'000'000}}));
    ASSERT_EQ(office.last_spends.size(), 1U);
    EXPECT_EQ(office.last_spends[0].member, "previous_spend");
    EXPECT_EQ(office.last_spends[0].moment, SpendPlace::Moment::before);
    EXPECT_EQ(office.refused(CallName::key_reset_spend, "{}", secret).param(), "reset_to");
    EXPECT_EQ(office.refused(CallName::key_reset_spend, R"({"reset_to": -1})", secret).param(),
              "reset_to");
}

TEST(ListKeys, FiltersSortsAndPages)
{
    Office office;
    office.post(CallName::team_new, R"({"team_id": "red"})");
    for (int i = 0; i < 12; ++i) {
        office.now += 1min;
        office.key(R"({"key_alias": "k)" + std::to_string(i) + R"(", "team_id": )" +
                   (i % 2 == 0 ? "\"red\"" : "null") + "}");
    }
    const auto first = office.get(CallName::key_list, {});
    EXPECT_EQ(first["total_count"], 12);
    EXPECT_EQ(first["total_pages"], 2);
    EXPECT_EQ(first["current_page"], 1);
    EXPECT_EQ(first["keys"].size(), 10U);
    EXPECT_EQ(first["keys"][0], office.catalog.key_by_alias("k11")->token);
    const auto second =
        office.get(CallName::key_list, {{"page", "2"}, {"return_full_object", "true"}});
    ASSERT_EQ(second["keys"].size(), 2U);
    EXPECT_EQ(second["keys"][1]["key_alias"], "k0");
    EXPECT_EQ(office.last_spends[1].object, "/keys/1");
    EXPECT_EQ(office.get(CallName::key_list, {{"team_id", "red"}})["total_count"], 6);
    EXPECT_EQ(office.get(CallName::key_list, {{"key_alias", "k1"}})["total_count"], 1);
    EXPECT_EQ(office.get(CallName::key_list,
                         {{"key_alias", "K1"}, {"substring_matching", "true"}})["total_count"],
              3);
    const auto sorted = office.get(CallName::key_list, {{"sort_by", "key_alias"},
                                                        {"sort_order", "asc"},
                                                        {"size", "1"},
                                                        {"return_full_object", "true"}});
    EXPECT_EQ(sorted["keys"][0]["key_alias"], "k0");
    for (const auto& [name, value] :
         {std::pair{"page", "0"}, {"size", "101"}, {"size", "x"}, {"sort_by", "moon"}}) {
        const auto decision = office.ask(
            CallName::key_list, {Json::object(), {{name, value}}, {}, Office::operator_asker()});
        ASSERT_FALSE(decision) << name;
        EXPECT_EQ(decision.error().param(), name);
    }
    const auto aliases = office.get(CallName::key_aliases, {{"search", "K1"}});
    EXPECT_EQ(aliases["aliases"], Json::array({"k1", "k10", "k11"}));
}

TEST(KeyRights, APlainKeySeesItselfOnly)
{
    Office office;
    office.post(CallName::user_new, R"({"user_id": "ann", "auto_create_key": false})");
    const auto own = office.key(R"({"user_id": "ann"})");
    const auto sibling = office.key(R"({"user_id": "ann"})");
    const auto foreign = office.key();
    const Asker ann{chat::AdminRights::none, sha256_hex(own), "ann"};
    EXPECT_EQ(office.get(CallName::key_info, {}, ann)["key"], sha256_hex(own));
    EXPECT_EQ(office.get(CallName::key_info, {{"key", sibling}}, ann)["info"]["user_id"], "ann");
    EXPECT_EQ(office.get(CallName::key_list, {}, ann)["total_count"], 2);
    EXPECT_EQ(office.get(CallName::user_info, {}, ann)["keys"].size(), 2U);
    const auto error_of = [&](CallName name, const std::string& body,
                              std::vector<std::pair<std::string, std::string>> query, Asker asker) {
        const auto decision =
            office.ask(name, {Json::parse(body), std::move(query), {}, std::move(asker)});
        return decision ? Errc::internal : decision.error().code();
    };
    EXPECT_EQ(error_of(CallName::key_info, "{}", {{"key", foreign}}, ann), Errc::forbidden);
    EXPECT_EQ(error_of(CallName::key_info, "{}", {{"key", "sk-unknown"}}, ann), Errc::forbidden);
    EXPECT_EQ(error_of(CallName::user_info, "{}", {{"user_id", "bob"}}, ann), Errc::forbidden);
    for (const auto name :
         {CallName::key_generate, CallName::key_delete, CallName::team_list, CallName::user_list,
          CallName::budget_list, CallName::tag_list, CallName::customer_list})
        EXPECT_EQ(error_of(name, "{}", {}, ann), Errc::forbidden);
    const Asker viewer{chat::AdminRights::read, sha256_hex(own), "ann"};
    EXPECT_EQ(office.get(CallName::key_list, {}, viewer)["total_count"], 3);
    EXPECT_EQ(office.get(CallName::user_list, {}, viewer)["total"], 1);
    EXPECT_EQ(error_of(CallName::key_generate, "{}", {}, viewer), Errc::forbidden);
}

TEST(KeyInfo, TheMasterKeyIsNoVirtualKey)
{
    Office office;
    const auto nothing =
        office.ask(CallName::key_info, {Json::object(), {}, {}, Office::operator_asker()});
    ASSERT_FALSE(nothing);
    EXPECT_EQ(nothing.error().code(), Errc::invalid_request);
    const auto unknown = office.ask(
        CallName::key_info,
        {Json::object(), {{"key", "sk-very-secret-thing"}}, {}, Office::operator_asker()});
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code(), Errc::unknown_record);
    EXPECT_THAT(unknown.error().message(), ::testing::Not(HasSubstr("very-secret")));
    EXPECT_EQ(office.post(CallName::key_health, "{}"),
              Json::parse(R"({"key": "healthy", "logging_callbacks": null})"));
}

}  // namespace
}  // namespace spillway::keys
