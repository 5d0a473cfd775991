#include "spillway/instances/shared_clock.hpp"

#include <gtest/gtest.h>

namespace spillway::instances {
namespace {

using namespace std::chrono_literals;

constexpr WallTime noon{std::chrono::seconds{1'780'000'000}};
constexpr TimePoint start{std::chrono::seconds{5'000}};
constexpr std::int64_t between = (1'780'000'000LL - 5'000LL) * 1'000'000;

TEST(SharedClock, TakesTheMiddleOfTheQuestionForTheAnswersTime)
{
    EXPECT_EQ(next_offset(std::nullopt, noon, start - 10ms, start + 10ms), between);
}

TEST(SharedClock, LeavesOutWhatTheNetworkMakesOfIt)
{
    EXPECT_EQ(next_offset(between, noon + 90ms, start, start), between);
    EXPECT_EQ(next_offset(between, noon + 200ms, start, start), between + 200'000);
    EXPECT_EQ(next_offset(between, noon - 1h, start, start), between - 3'600'000'000);
}

TEST(SharedClock, LearnsNothingFromAnAnswerThatTookLong)
{
    EXPECT_EQ(next_offset(between, noon + 1h, start, start + 3s), between);
    EXPECT_EQ(next_offset(std::nullopt, noon, start, start + 3s), std::nullopt);
}

TEST(SharedClock, IsTheSystemsUntilItIsTold)
{
    SharedClock clock;
    const SystemClock system;
    const auto before = system.wall();
    const auto told = clock.wall();
    EXPECT_GE(told, before);
    EXPECT_LE(told, system.wall());
    const auto asked = clock.now();
    clock.told(noon, asked, asked);
    EXPECT_GE(clock.wall(), noon);
    EXPECT_LT(clock.wall(), before);
}

}  // namespace
}  // namespace spillway::instances
