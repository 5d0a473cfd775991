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
    static Notice in_words(Tiding tiding)
    {
        auto line = "line of " + tiding.name;
        auto message = R"({"of": ")" + tiding.name + "\"}";
        return {std::move(tiding), std::move(line), std::move(message)};
    }
    Positions note(const std::vector<Tiding>& tidings, WallTime now = noon)
    {
        std::vector<Notice> notices;
        for (const auto& tiding : tidings)
            notices.push_back(in_words(tiding));
        const auto fresh = note_told(path_, notices, now);
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

TEST_F(ToldTest, WhatWasNeverMarkedIsFoundInItsWords)
{
    auto endless = of_key("e'\"\xF0\x9F\x90\x8B", noon - hours{1});
    endless.ends.reset();
    (void)note({of_key("a"), endless, of_key("b")});
    ASSERT_TRUE(mark_told(path_, std::vector{of_key("a"), of_key("never noted")}));
    const auto left = untold(path_);
    ASSERT_TRUE(left) << left.error().message();
    ASSERT_EQ(left->size(), 2U);
    EXPECT_EQ((*left)[0].about.name, endless.name);
    EXPECT_EQ((*left)[0].about.began, noon - hours{1});
    EXPECT_FALSE((*left)[0].about.ends);
    EXPECT_EQ((*left)[1].about.ends, noon + hours{24});
    EXPECT_EQ((*left)[1].about.period, "1d");
    EXPECT_EQ((*left)[1].line, "line of b");
    EXPECT_EQ((*left)[1].message, R"({"of": "b"})");
}

TEST_F(ToldTest, WhatWasMarkedIsNoNewsAgain)
{
    (void)note({of_key("a")});
    ASSERT_TRUE(mark_told(path_, std::vector{of_key("a")}));
    EXPECT_EQ(note({of_key("a")}), Positions{});
    EXPECT_TRUE(untold(path_)->empty());
}

TEST_F(ToldTest, ALedgerThatIsNotThereIsAnError)
{
    const std::vector<Notice> one{in_words(of_key("a"))};
    const auto nowhere = folder_.file("nowhere.db");
    const auto fresh = note_told(nowhere, one, noon);
    ASSERT_FALSE(fresh);
    EXPECT_EQ(fresh.error().code(), Errc::ledger_unavailable);
    EXPECT_FALSE(untold(nowhere));
    EXPECT_FALSE(mark_told(nowhere, std::vector{of_key("a")}));
}

}  // namespace
}  // namespace spillway::ledger
