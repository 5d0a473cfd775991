#include "spillway/guard/outlier.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spillway::guard {
namespace {

/// A group in which everybody has been measured often and nobody rests.
std::vector<Pace> group_of(const std::vector<double>& times)
{
    std::vector<Pace> group;
    for (const double time : times)
        group.push_back({time, 20, false});
    return group;
}

TEST(Outlier, IsWhoTakesMoreThanFourTimesTheMedian)
{
    const auto group = group_of({200, 210, 900});
    EXPECT_TRUE(is_outlier(group, 2));
    EXPECT_FALSE(is_outlier(group, 0));
    EXPECT_FALSE(is_outlier(group, 1));
}

TEST(Outlier, IsNotWhoTakesFourTimesTheMedianExactly)
{
    EXPECT_FALSE(is_outlier(group_of({200, 200, 800}), 2));
}

TEST(Outlier, IsNobodyInAGroupOfTwo)
{
    EXPECT_FALSE(is_outlier(group_of({10, 9'000}), 1));
}

TEST(Outlier, IsNobodyByTheNoiseOfVeryShortTimes)
{
    EXPECT_FALSE(is_outlier(group_of({5, 5, 80}), 2));
    EXPECT_TRUE(is_outlier(group_of({5, 5, 106}), 2));
}

TEST(Outlier, IsNotWhoWasMeasuredLessThanTwentyTimes)
{
    auto group = group_of({200, 200, 900});
    group[2].samples = 19;
    EXPECT_FALSE(is_outlier(group, 2));
}

TEST(Outlier, NeedsThreeThatWereMeasuredForAMedian)
{
    auto group = group_of({200, 200, 900});
    group[0].samples = 3;
    EXPECT_FALSE(is_outlier(group, 2));
}

TEST(Outlier, LeavesTwoThirdsOfAGroupInService)
{
    auto group = group_of({100, 100, 100, 100, 900, 900});
    EXPECT_TRUE(is_outlier(group, 4));
    group[5].resting = true;
    EXPECT_TRUE(is_outlier(group, 4));
    group[0].resting = true;
    EXPECT_FALSE(is_outlier(group, 4));
}

TEST(Outlier, IsNotWhoRestsAlready)
{
    auto group = group_of({200, 200, 900});
    group[2].resting = true;
    EXPECT_FALSE(is_outlier(group, 2));
}

}  // namespace
}  // namespace spillway::guard
