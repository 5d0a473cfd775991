#include "spillway/guard/daily_allowance.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace spillway::guard {
namespace {

constexpr WallTime noon{std::chrono::hours{24 * 20'000 + 12}};
constexpr WallTime tomorrow = noon + std::chrono::hours{24};
constexpr NanoUsd cap{1'000};

TEST(DailyAllowance, WhatIsSetAsideCountsAsSpentUntilItIsSettled)
{
    DailyAllowance allowance;
    EXPECT_TRUE(allowance.reserve("auto", NanoUsd{600}, cap, noon));
    EXPECT_FALSE(allowance.reserve("auto", NanoUsd{600}, cap, noon));
    allowance.settle("auto", NanoUsd{600}, NanoUsd{100}, noon);
    EXPECT_TRUE(allowance.reserve("auto", NanoUsd{600}, cap, noon));
    EXPECT_EQ(count(allowance.spent("auto", noon)), 100);
}

TEST(DailyAllowance, NamesDoNotShareACap)
{
    DailyAllowance allowance;
    EXPECT_TRUE(allowance.reserve("a", cap, cap, noon));
    EXPECT_TRUE(allowance.reserve("b", cap, cap, noon));
}

TEST(DailyAllowance, ANewDayBeginsEmptyButForWhatStillRuns)
{
    DailyAllowance allowance;
    allowance.restore("auto", NanoUsd{900}, noon);
    EXPECT_TRUE(allowance.reserve("auto", NanoUsd{100}, cap, noon));
    EXPECT_TRUE(allowance.reserve("auto", NanoUsd{900}, cap, tomorrow));
    EXPECT_FALSE(allowance.reserve("auto", NanoUsd{1}, cap, tomorrow));
}

TEST(DailyAllowance, AClockThatGoesBackOpensNoDayAgain)
{
    DailyAllowance allowance;
    allowance.restore("auto", cap, tomorrow);
    EXPECT_FALSE(allowance.reserve("auto", NanoUsd{1}, cap, noon));
}

TEST(DailyAllowance, WhatWasSpentBeforeTheStartCounts)
{
    DailyAllowance allowance;
    allowance.restore("auto", NanoUsd{999}, noon);
    EXPECT_FALSE(allowance.reserve("auto", NanoUsd{2}, cap, noon));
    EXPECT_TRUE(allowance.reserve("auto", NanoUsd{1}, cap, noon));
}

TEST(DailyAllowance, NoOrderOfCallsPassesTheCap)
{
    std::mt19937_64 chance(20261130);
    DailyAllowance allowance;
    std::vector<NanoUsd> running;
    for (int step = 0; step < 20'000; ++step) {
        if (running.empty() || chance() % 2 == 0) {
            const NanoUsd worst{static_cast<std::int64_t>(chance() % 400)};
            if (allowance.reserve("auto", worst, cap, noon))
                running.push_back(worst);
        } else {
            const auto worst = running.back();
            running.pop_back();
            const auto most = static_cast<std::uint64_t>(count(worst)) + 1;
            const NanoUsd spent{static_cast<std::int64_t>(chance() % most)};
            allowance.settle("auto", worst, spent, noon);
        }
        ASSERT_LE(count(allowance.spent("auto", noon)), count(cap));
    }
}

}  // namespace
}  // namespace spillway::guard
