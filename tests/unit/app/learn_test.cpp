#include "spillway/app/learn.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "spillway/score/feature_row.hpp"

namespace spillway::app {
namespace {

using testing::HasSubstr;

ledger::Comparison made_up(int judge, double certainty, double weight = 1)
{
    ledger::Comparison one;
    one.features = score::pack({});
    one.label = {judge, 0, 1, certainty};
    one.weight = weight;
    return one;
}

TEST(Lessons, WeighCertaintyTimesTheRequestsThatAComparisonStandsFor)
{
    Lessons lessons;
    lessons.add(made_up(3, 1, 50));
    lessons.add(made_up(1, 0.5, 50));
    lessons.add(made_up(1, 0.5, 100));
    lessons.balance();
    ASSERT_EQ(lessons.rows.size(), 3U);
    EXPECT_FLOAT_EQ(lessons.rows[0].weight, lessons.rows[2].weight);
    EXPECT_FLOAT_EQ(lessons.rows[0].weight, 2 * lessons.rows[1].weight);
    EXPECT_FLOAT_EQ(lessons.rows[0].weight + lessons.rows[1].weight + lessons.rows[2].weight, 3);
}

TEST(Lessons, OfAnotherVersionAreLeftOutAndCounted)
{
    Lessons lessons;
    auto damaged = made_up(1, 1);
    damaged.features = "old";
    lessons.add(damaged);
    lessons.add(made_up(9, 1));
    lessons.add(made_up(1, 0));
    EXPECT_TRUE(lessons.rows.empty());
    EXPECT_EQ(lessons.unreadable, 3U);
}

TEST(LearnReport, SaysWhoJudgedAndWhyItIsRefused)
{
    Lessons lessons;
    lessons.add(made_up(3, 1));
    lessons.add(made_up(0, 1));
    const auto said = learn_report("auto", lessons, {});
    EXPECT_THAT(said, HasSubstr("comparisons   2  (1 by human, 1 by checks)"));
    EXPECT_THAT(said, HasSubstr("too few comparisons"));
}

}  // namespace
}  // namespace spillway::app
