#include "spillway/guard/key_ring.hpp"

#include <gmock/gmock.h>

namespace spillway::guard {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr WallTime now{std::chrono::seconds{1'795'262'400}};

/// Without any virtual key.
auto ask(const KeyRing& ring, const Credentials& offered)
{
    static const keys::Grants none;
    return ring.authenticate(offered, {none}, now);
}

const KeyRing& ring()
{
    static const KeyRing keys{Secret{"sk-master"}};
    return keys;
}

struct Accepted {
    const char* name;
    Credentials offered;
};

class AcceptedForm : public testing::TestWithParam<Accepted> {};

TEST_P(AcceptedForm, LetsTheOperatorIn)
{
    const auto caller = ask(ring(), GetParam().offered);
    ASSERT_TRUE(caller) << caller.error().message();
    EXPECT_EQ(caller->privilege, chat::Privilege::operator_);
    EXPECT_EQ(caller->key_hash, sha256_hex("sk-master"));
}

INSTANTIATE_TEST_SUITE_P(
    Headers, AcceptedForm,
    testing::Values(Accepted{"bearer", {.authorization = "Bearer sk-master"}},
                    Accepted{"lower_case_scheme", {.authorization = "bearer sk-master"}},
                    Accepted{"many_blanks", {.authorization = " Bearer \t sk-master "}},
                    Accepted{"bare_key", {.authorization = "sk-master"}},
                    Accepted{"x_api_key", {.x_api_key = "sk-master"}},
                    Accepted{"api_key", {.api_key = "sk-master"}},
                    Accepted{"litellm", {.x_litellm_api_key = "sk-master"}},
                    Accepted{"litellm_bearer", {.x_litellm_api_key = "Bearer sk-master"}},
                    Accepted{"google", {.x_goog_api_key = "sk-master"}},
                    Accepted{"configured", {.configured = "Bearer sk-master"}},
                    Accepted{"the_same_twice",
                             {.authorization = "Bearer sk-master", .x_api_key = "sk-master"}}),
    [](const auto& param) { return param.param.name; });

class RefusedForm : public testing::TestWithParam<Accepted> {};

TEST_P(RefusedForm, IsAnAuthenticationErrorThatDoesNotNameTheKey)
{
    const auto caller = ask(ring(), GetParam().offered);
    ASSERT_FALSE(caller);
    EXPECT_EQ(caller.error().code(), Errc::unauthenticated);
    EXPECT_THAT(caller.error().message(), StartsWith("Authentication Error, "));
    EXPECT_THAT(caller.error().message(), Not(HasSubstr("sk-")));
}

INSTANTIATE_TEST_SUITE_P(
    Headers, RefusedForm,
    testing::Values(Accepted{"nothing", {}}, Accepted{"blanks", {.authorization = "  "}},
                    Accepted{"bearer_of_nothing", {.authorization = "Bearer "}},
                    Accepted{"scheme_only", {.authorization = "Bearer"}},
                    Accepted{"another_key", {.authorization = "Bearer sk-other"}},
                    Accepted{"a_prefix", {.authorization = "Bearer sk-maste"}},
                    Accepted{"a_longer_one", {.authorization = "Bearer sk-master1"}},
                    Accepted{"another_case", {.authorization = "Bearer SK-MASTER"}},
                    Accepted{"two_keys_in_one", {.authorization = "Bearer sk-master sk-master"}},
                    Accepted{"glued_scheme", {.authorization = "Bearersk-master"}},
                    Accepted{"basic", {.authorization = "Basic c2stbWFzdGVy"}},
                    Accepted{"the_hash", {.authorization = "Bearer 1b4f0e9851971998e732078544"}},
                    Accepted{"sql", {.authorization = "Bearer ' OR '1'='1"}},
                    Accepted{"two_that_differ",
                             {.authorization = "Bearer sk-master", .x_api_key = "sk-other"}},
                    Accepted{"two_that_differ_the_other_way_round",
                             {.authorization = "Bearer sk-other", .api_key = "sk-master"}}),
    [](const auto& param) { return param.param.name; });

TEST(KeyRing, ReadsTheWholeKeyThatIsOffered)
{
    const std::string master = "sk-0123456789abcdef0123456789abcdef";
    const KeyRing keys{Secret{master}};
    ASSERT_TRUE(ask(keys, {.authorization = master}));
    for (std::size_t at = 0; at < master.size(); ++at) {
        std::string offered = master;
        offered[at] = '~';
        EXPECT_FALSE(ask(keys, {.authorization = offered})) << "byte " << at;
    }
}

TEST(KeyRing, TakesAnyoneForTheOperatorWhenThereIsNoMasterKey)
{
    const KeyRing keys{std::nullopt};
    EXPECT_TRUE(keys.open());
    const auto caller = ask(keys, {.authorization = "Bearer anything"});
    ASSERT_TRUE(caller);
    EXPECT_EQ(caller->privilege, chat::Privilege::operator_);
    EXPECT_EQ(caller->key_hash, "");
}

TEST(KeyRing, IsNotOpenWithAnEmptyMasterKey)
{
    const KeyRing keys{Secret{""}};
    EXPECT_FALSE(keys.open());
    EXPECT_FALSE(ask(keys, {}));
    EXPECT_FALSE(ask(keys, {.authorization = "Bearer "}));
}

/// One virtual key, "sk-virtual".
class VirtualKey : public ::testing::Test {
protected:
    Result<chat::Caller> offer(keys::State state = keys::State::known,
                               const char* offered = "Bearer sk-virtual")
    {
        const std::vector<keys::Change> changes{keys::Change::put(key_), keys::Change::put(team_),
                                                keys::Change::put(user_)};
        grants_ = keys::Grants::compile(keys::Catalog{}.with(changes, 1), {});
        return ring().authenticate({.authorization = offered}, {grants_, state}, now);
    }
    static keys::Key key()
    {
        keys::Key key;
        key.token = sha256_hex("sk-virtual");
        return key;
    }

    keys::Key key_ = key();
    keys::Team team_;
    keys::User user_;
    keys::Grants grants_;
};

TEST_F(VirtualKey, IsACallerWithAGrant)
{
    const auto caller = offer();
    ASSERT_TRUE(caller) << caller.error().message();
    EXPECT_EQ(caller->key_hash, key_.token);
    EXPECT_EQ(caller->privilege, chat::Privilege::user);
    ASSERT_TRUE(caller->grant);
    EXPECT_FALSE(chat::sees_all(*caller));
}

TEST_F(VirtualKey, IsNoOtherAndNotItsHash)
{
    EXPECT_FALSE(offer(keys::State::known, "sk-virtual2"));
    EXPECT_FALSE(offer(keys::State::known, key_.token.c_str()));
}

TEST_F(VirtualKey, IsGoodUntilItExpires)
{
    key_.expires = now + std::chrono::microseconds{1};
    EXPECT_TRUE(offer());
    key_.expires = now;
    const auto late = offer();
    ASSERT_FALSE(late);
    EXPECT_EQ(late.error().code(), Errc::expired_key);
    EXPECT_EQ(late.error().message(),
              "Authentication Error - Expired Key. Key Expiry time 2026-11-21T12:00:00Z and "
              "current time 2026-11-21T12:00:00Z");
}

TEST_F(VirtualKey, IsRefusedWhileItOrItsTeamIsBlocked)
{
    key_.team_id = team_.team_id = "red";
    team_.blocked = true;
    auto refused = offer();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code(), Errc::unauthenticated);
    EXPECT_TRUE(refused.error().message().find("Team=red is blocked") != std::string::npos);
    key_.blocked = true;
    refused = offer();
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message().find("Key is blocked") != std::string::npos);
}

TEST_F(VirtualKey, IsServedWithoutRightsWhileTheStoreIsAway)
{
    key_.user_id = user_.user_id = "u1";
    user_.user_role = "proxy_admin";
    auto caller = offer();
    ASSERT_TRUE(caller);
    EXPECT_TRUE(chat::administers(*caller));
    EXPECT_EQ(caller->privilege, chat::Privilege::user) << "budgets and rates hold for it";
    caller = offer(keys::State::unsure);
    ASSERT_TRUE(caller);
    EXPECT_FALSE(chat::sees_all(*caller));
    const auto lost = offer(keys::State::lost);
    ASSERT_FALSE(lost);
    EXPECT_EQ(lost.error().code(), Errc::database_unavailable);
}

TEST_F(VirtualKey, IsNeitherDeniedNorGrantedWhenNobodyCanSay)
{
    const auto unknown = offer(keys::State::unsure, "sk-new");
    ASSERT_FALSE(unknown);
    EXPECT_EQ(unknown.error().code(), Errc::database_unavailable);
    EXPECT_TRUE(unknown.error().retry_after());
    EXPECT_TRUE(offer(keys::State::unsure, "sk-master")) << "the master key needs no store";
}

TEST_F(VirtualKey, OfAViewerSeesAllAndChangesNothing)
{
    key_.user_id = user_.user_id = "u1";
    user_.user_role = "proxy_admin_viewer";
    const auto caller = offer();
    ASSERT_TRUE(caller);
    EXPECT_TRUE(chat::sees_all(*caller));
    EXPECT_FALSE(chat::administers(*caller));
}

}  // namespace
}  // namespace spillway::guard
