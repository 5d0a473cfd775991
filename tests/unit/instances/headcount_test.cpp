#include "spillway/instances/headcount.hpp"

#include <gtest/gtest.h>

namespace spillway::instances {
namespace {

using namespace std::chrono_literals;

constexpr TimePoint start{};

TEST(HeadcountTest, GrowsAtOnce)
{
    Headcount heads(2, 7);
    EXPECT_EQ(heads.usual(), 2U);
    EXPECT_FALSE(heads.see(2, start));
    EXPECT_EQ(heads.see(5, start), 5U);
    EXPECT_EQ(heads.usual(), 5U);
}

TEST(HeadcountTest, TakesTheFirstWordInThePlaceOfAGuess)
{
    Headcount heads(std::nullopt, 7);
    EXPECT_EQ(heads.usual(), 7U);
    EXPECT_EQ(heads.see(1, start), 1U);
    EXPECT_EQ(heads.see(2, start), 2U);
    EXPECT_FALSE(heads.see(1, start)) << "from then on an hour";
}

TEST(HeadcountTest, FallsAfterAnHourOfFewerToTheMostOfThem)
{
    Headcount heads(5, 7);
    EXPECT_FALSE(heads.see(1, start));
    EXPECT_FALSE(heads.see(3, start + 20min));
    EXPECT_FALSE(heads.see(1, start + 59min));
    EXPECT_EQ(heads.usual(), 5U);
    EXPECT_EQ(heads.see(1, start + 60min), 3U);
    EXPECT_FALSE(heads.see(1, start + 61min)) << "another hour";
    EXPECT_EQ(heads.see(1, start + 121min), 1U);
}

TEST(HeadcountTest, AnHourBeginsAnewWhenAllAreBack)
{
    Headcount heads(2, 7);
    EXPECT_FALSE(heads.see(1, start));
    EXPECT_FALSE(heads.see(2, start + 50min));
    EXPECT_FALSE(heads.see(1, start + 70min));
    EXPECT_FALSE(heads.see(1, start + 129min));
    EXPECT_EQ(heads.see(1, start + 130min), 1U);
}

TEST(HeadcountTest, IsNeverNothing)
{
    Headcount heads(0, 0);
    EXPECT_EQ(heads.usual(), 1U);
    EXPECT_FALSE(heads.see(0, start));
    EXPECT_EQ(heads.usual(), 1U);
}

}  // namespace
}  // namespace spillway::instances
