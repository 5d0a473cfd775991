#include "spillway/guard/peak_average.hpp"

#include <gtest/gtest.h>

namespace spillway::guard {
namespace {

using namespace std::chrono_literals;

const TimePoint noon{std::chrono::hours{1'000}};

TEST(PeakAverage, IsZeroBeforeAnythingWasMeasured)
{
    EXPECT_EQ(PeakAverage{}.at(noon), 0);
}

TEST(PeakAverage, BeginsWithTheFirstSample)
{
    PeakAverage average;
    average.add(100, noon);
    EXPECT_DOUBLE_EQ(average.at(noon), 100);
}

TEST(PeakAverage, RisesAtOnce)
{
    PeakAverage average;
    average.add(100, noon);
    average.add(900, noon + 1s);
    EXPECT_DOUBLE_EQ(average.at(noon + 1s), 900);
}

TEST(PeakAverage, HalvesAPeakInTenSeconds)
{
    PeakAverage average;
    average.add(100, noon);
    average.add(200, noon);
    ASSERT_DOUBLE_EQ(average.smooth(), 120);
    EXPECT_DOUBLE_EQ(average.at(noon + 10s), 160);
    EXPECT_DOUBLE_EQ(average.at(noon + 20s), 140);
}

TEST(PeakAverage, DoesNotFallByQuickAnswersBeforeItsTime)
{
    PeakAverage average;
    average.add(100, noon);
    average.add(900, noon);
    for (int i = 0; i < 20; ++i)
        average.add(100, noon + 100ms);
    EXPECT_GT(average.at(noon + 100ms), 880);
    EXPECT_LT(average.at(noon + 60s), 130);
}

TEST(PeakAverage, FollowsALastingChange)
{
    PeakAverage average;
    average.add(100, noon);
    for (int i = 0; i < 30; ++i)
        average.add(300, noon + 1s * i);
    EXPECT_NEAR(average.smooth(), 300, 1);
}

TEST(PeakAverage, ForgetsAfterFiveMinutes)
{
    PeakAverage average;
    average.add(100, noon);
    EXPECT_DOUBLE_EQ(average.at(noon + 299s), 100);
    EXPECT_EQ(average.at(noon + 300s), 0);
}

TEST(PeakAverage, MovesItsSmoothPartLittleByOneWildSample)
{
    PeakAverage average;
    average.add(100, noon);
    average.add(60'000, noon);
    EXPECT_LT(average.smooth(), 400);
    EXPECT_DOUBLE_EQ(average.at(noon), 60'000);
}

TEST(PeakAverage, CountsItsSamplesAnewWhenAsked)
{
    PeakAverage average;
    average.add(100, noon);
    average.add(100, noon);
    EXPECT_EQ(average.samples(), 2u);
    average.start_count();
    EXPECT_EQ(average.samples(), 0u);
    EXPECT_DOUBLE_EQ(average.at(noon), 100);
}

}  // namespace
}  // namespace spillway::guard
