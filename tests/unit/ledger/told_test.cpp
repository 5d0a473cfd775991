#include "spillway/ledger/told.hpp"

#include "unit/ledger/ledger_fixture.hpp"

namespace spillway::ledger {
namespace {

using std::chrono::hours;
using Positions = std::vector<std::size_t>;

constexpr WallTime noon{std::chrono::seconds{1'795'262'400}};

class ToldTest : public ::testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(Store::open(testing::settings_for(path_))); }

    static Tiding of_key(const std::string& name, WallTime began = noon)
    {
        return {"soft_budget_crossed", "key", name, "1d", began, began + hours{24}};
    }
    Positions note(const std::vector<Tiding>& tidings, WallTime now = noon)
    {
        const auto fresh = note_told(path_, tidings, now);
        EXPECT_TRUE(fresh) << fresh.error().message();
        return fresh.value_or(Positions{99});
    }

    testing::Folder folder_;
    std::string path_ = folder_.file("ledger.db");
};

TEST_F(ToldTest, EverythingIsNewOnce)
{
    EXPECT_EQ(note({of_key("a"), of_key("b")}), (Positions{0, 1}));
    EXPECT_EQ(note({of_key("c"), of_key("a"), of_key("d")}), (Positions{0, 2}));
    EXPECT_EQ(note({of_key("a"), of_key("a")}), Positions{});
}

TEST_F(ToldTest, AnotherWindowScopeOrKindIsOtherNews)
{
    (void)note({of_key("a")});
    auto kind = of_key("a");
    kind.what = "budget_crossed";
    auto scope = of_key("a");
    scope.scope = "team";
    auto period = of_key("a");
    period.period = "30d";
    EXPECT_EQ(note({of_key("a", noon + hours{24}), kind, scope, period, of_key("")}),
              (Positions{0, 1, 2, 3, 4}));
}

TEST_F(ToldTest, TwoOfOneBatchAreTheSameNews)
{
    EXPECT_EQ(note({of_key("a"), of_key("a")}), Positions{0});
}

TEST_F(ToldTest, IsForgottenADayAfterItsWindow)
{
    auto endless = of_key("e");
    endless.ends.reset();
    (void)note({of_key("a"), endless});
    (void)note({of_key("b", noon + hours{49})}, noon + hours{49});
    EXPECT_EQ(testing::value_of(path_,
                                "SELECT group_concat(name) FROM (SELECT name FROM told "
                                "ORDER BY name)"),
              "b,e");
}

TEST_F(ToldTest, ALedgerThatIsNotThereIsAnError)
{
    const std::vector<Tiding> one{of_key("a")};
    const auto fresh = note_told(folder_.file("nowhere.db"), one, noon);
    ASSERT_FALSE(fresh);
    EXPECT_EQ(fresh.error().code(), Errc::ledger_unavailable);
}

}  // namespace
}  // namespace spillway::ledger
