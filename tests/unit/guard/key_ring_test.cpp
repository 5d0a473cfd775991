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

}  // namespace
}  // namespace spillway::guard
