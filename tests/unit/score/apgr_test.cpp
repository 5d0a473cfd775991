#include "spillway/score/apgr.hpp"

#include <gtest/gtest.h>

namespace spillway::score {
namespace {

TEST(Apgr, IsHalfForAScoreThatSaysNothing)
{
    const std::vector<Judged> prompts{{1, 1}, {1, 0}, {1, 0}, {1, 1}};
    const auto found = curve(prompts);
    EXPECT_DOUBLE_EQ(found.apgr, 0.5);
    EXPECT_DOUBLE_EQ(found.cpt50, 0.5);
    EXPECT_DOUBLE_EQ(found.cpt80, 0.8);
}

TEST(Apgr, FollowsTheExactCurve)
{
    // Gains in order of the score: 1, 0, 1, 0; recovered: .5, .5, 1, 1.
    const std::vector<Judged> prompts{{0.1, 0}, {0.9, 1}, {0.5, 1}, {0.7, 0}};
    const auto found = curve(prompts);
    EXPECT_DOUBLE_EQ(found.apgr, (0.25 + 0.5 + 0.75 + 1.0) / 4);
    EXPECT_DOUBLE_EQ(found.cpt50, 0.25);
    EXPECT_NEAR(found.cpt80, 0.5 + 0.25 * 0.6, 1e-12);
}

TEST(Apgr, CanExceedOneWhenTheWeakModelWinsSome)
{
    const std::vector<Judged> prompts{{3, 1}, {2, 1}, {1, -1}};
    EXPECT_GT(curve(prompts).apgr, 1.0);
}

TEST(Apgr, CountsAPromptAsOftenAsItsWeight)
{
    const std::vector<Judged> twice{{2, 1}, {1, 0}, {1, 0}};
    const std::vector<Judged> weighted{{2, 1, 1}, {1, 0, 2}};
    EXPECT_DOUBLE_EQ(curve(twice).apgr, curve(weighted).apgr);
}

TEST(Apgr, IsThatOfChanceWithoutAGap)
{
    const std::vector<Judged> prompts{{2, 0}, {1, 0}};
    EXPECT_DOUBLE_EQ(curve(prompts).apgr, 0.5);
    EXPECT_DOUBLE_EQ(curve({}).apgr, 0.5);
}

TEST(ApgrInterval, HoldsTheValueAndIsTheSameEveryTime)
{
    std::vector<Judged> prompts;
    for (int i = 0; i < 400; ++i)
        prompts.push_back({static_cast<double>(i % 37), i % 3 == 0 ? 1.0 : 0.0});
    const auto once = apgr_interval(prompts);
    EXPECT_LT(once.low, once.value);
    EXPECT_GT(once.high, once.value);
    EXPECT_EQ(once.low, apgr_interval(prompts).low);
}

TEST(ApgrInterval, NarrowsWithMorePrompts)
{
    const auto width = [](int n) {
        std::vector<Judged> prompts;
        for (int i = 0; i < n; ++i)
            prompts.push_back({static_cast<double>(i % 7), i % 2 == 0 ? 1.0 : 0.0});
        const auto found = apgr_interval(prompts);
        return found.high - found.low;
    };
    EXPECT_LT(width(3000), width(100));
}

}  // namespace
}  // namespace spillway::score
