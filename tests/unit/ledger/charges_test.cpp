#include "spillway/ledger/charges.hpp"

#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

using chat::Scope;
using chat::ScopeKind;
using std::chrono::hours;
using testing::Folder;
using testing::full_record;
using testing::settings_for;

constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};

class ChargesTest : public ::testing::Test {
protected:
    void SetUp() override
    {
        auto store = Store::open(settings_for(path_));
        ASSERT_TRUE(store);
        store_ = std::move(*store);
    }

    SpendRecord record(WallTime started, std::int64_t cost)
    {
        auto one = full_record(ids_, started);
        one.cost = NanoUsd{cost};
        one.charged.reset();
        one.charged_at.reset();
        return one;
    }
    void add(const SpendRecord& one)
    {
        const std::vector<const SpendRecord*> records{&one};
        ASSERT_TRUE(store_->append(records));
    }
    std::int64_t sum(const Scope& scope, WallTime from = {}, std::vector<RequestId> but = {})
    {
        ChargesQuestion question;
        question.scopes.push_back({scope, from});
        question.but = std::move(but);
        const auto charges = charges_since(path_, question);
        EXPECT_TRUE(charges) << charges.error().message();
        return charges ? count(charges->scopes.at(0)) : -1;
    }

    Folder folder_;
    std::string path_ = folder_.file("ledger.db");
    std::unique_ptr<Store> store_;
    RequestIdMaker ids_{7};
};

TEST_F(ChargesTest, AreSummedForEveryKindOfScope)
{
    add(record(noon, 100));
    auto other = record(noon, 10);
    other.key_hash = "other";
    other.team_id = "other";
    other.user_id = "other";
    other.group = "other";
    other.deployment_id = "other";
    other.provider = "other";
    other.end_user = "other";
    other.tags = "";
    add(other);
    EXPECT_EQ(sum({ScopeKind::proxy, ""}), 110);
    EXPECT_EQ(sum({ScopeKind::key, std::string(64, 'a')}), 100);
    EXPECT_EQ(sum({ScopeKind::team, "research"}), 100);
    EXPECT_EQ(sum({ScopeKind::user, "u-7"}), 100);
    EXPECT_EQ(sum({ScopeKind::member, "research/u-7"}), 100);
    EXPECT_EQ(sum({ScopeKind::group, "smart"}), 100);
    EXPECT_EQ(sum({ScopeKind::deployment, "dep-1"}), 100);
    EXPECT_EQ(sum({ScopeKind::provider, "openai"}), 100);
    EXPECT_EQ(sum({ScopeKind::end_user, "anna"}), 100);
    EXPECT_EQ(sum({ScopeKind::tag, "batch"}), 100);
    const auto& known = record(noon, 0);
    EXPECT_EQ(sum({ScopeKind::key_model, known.key_hash + "/" + known.group}), 100);
    EXPECT_EQ(sum({ScopeKind::key_model, "other/other"}), 10);
    EXPECT_EQ(sum({ScopeKind::key_model, known.key_hash + "/unheard of"}), 0);
    EXPECT_EQ(sum({ScopeKind::tag, "unheard of"}), 0);
    EXPECT_EQ(sum({ScopeKind::key, "unheard of"}), 0);
}

TEST_F(ChargesTest, AreWhatBudgetsWereChargedWhereThatIsNotTheCost)
{
    auto one = record(noon, 100);
    one.charged = NanoUsd{700};
    add(one);
    auto unknown = record(noon, 0);
    unknown.cost.reset();
    add(unknown);
    EXPECT_EQ(sum({ScopeKind::proxy, ""}), 700);
}

TEST_F(ChargesTest, BelongToThePeriodTheyWereChargedIn)
{
    add(record(noon - hours{24}, 1));
    add(record(noon, 10));
    auto set_back = record(noon - hours{2}, 100);
    set_back.charged_at = noon;
    add(set_back);
    EXPECT_EQ(sum({ScopeKind::proxy, ""}, noon), 110);
    EXPECT_EQ(sum({ScopeKind::proxy, ""}, noon + hours{1}), 0);
}

TEST_F(ChargesTest, LeaveOutWhatIsCountedElsewhere)
{
    const auto one = record(noon, 1);
    add(one);
    add(record(noon, 10));
    EXPECT_EQ(sum({ScopeKind::proxy, ""}, noon, {one.id}), 10);
}

TEST_F(ChargesTest, AreReadFromTheBlockOnInWhichThePeriodBegins)
{
    for (int i = 0; i < 3'000; ++i)
        add(record(noon - hours{48}, 1));
    add(record(noon, 5));
    ChargesQuestion question;
    question.scopes.push_back({{ScopeKind::proxy, ""}, noon});
    const auto charges = charges_since(path_, question);
    ASSERT_TRUE(charges);
    EXPECT_EQ(charges->scopes[0], NanoUsd{5});
    EXPECT_LT(charges->rows, 1'025);
    EXPECT_EQ(charges->latest, noon);
}

TEST_F(ChargesTest, OfEndUsersAreSummedForEachThereIs)
{
    add(record(noon, 1));
    auto bob = record(noon, 10);
    bob.end_user = "bob";
    add(bob);
    ChargesQuestion question;
    question.end_users_since = {noon, noon + hours{1}};
    const auto charges = charges_since(path_, question);
    ASSERT_TRUE(charges);
    ASSERT_EQ(charges->end_users.size(), 2U);
    EXPECT_EQ(charges->end_users.at("bob"), (std::vector<NanoUsd>{NanoUsd{10}, NanoUsd{0}}));
}

TEST_F(ChargesTest, OfNoLedgerAreAnError)
{
    const auto charges = charges_since(folder_.file("none.db"), {});
    ASSERT_FALSE(charges);
    EXPECT_EQ(charges.error().code(), Errc::ledger_unavailable);
}

}  // namespace
}  // namespace spillway::ledger
