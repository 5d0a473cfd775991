#include "spillway/app/budget_watch.hpp"

#include <gtest/gtest.h>

namespace spillway::app {
namespace {

config::Budget of(std::int64_t usd)
{
    config::Budget budget;
    budget.most = NanoUsd{usd * 1'000'000'000};
    return budget;
}

TEST(MillionthsLeft, AreNoneToCountWithoutACap)
{
    EXPECT_EQ(millionths_left(config::Budget{}, NanoUsd{5}), -1);
}

TEST(MillionthsLeft, AreThePartThatIsNotSpent)
{
    EXPECT_EQ(millionths_left(of(100), NanoUsd{0}), 1'000'000);
    EXPECT_EQ(millionths_left(of(100), NanoUsd{95'000'000'000}), 50'000);
}

TEST(MillionthsLeft, NeverGoBelowZero)
{
    EXPECT_EQ(millionths_left(of(1), NanoUsd{5'000'000'000}), 0);
    EXPECT_EQ(millionths_left(of(0), NanoUsd{0}), 0);
}

}  // namespace
}  // namespace spillway::app
