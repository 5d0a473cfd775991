#include "spillway/base/time_zone.hpp"

#include <gtest/gtest.h>

namespace spillway {
namespace {

WallTime at_second(std::int64_t seconds)
{
    return WallTime{std::chrono::seconds{seconds}};
}

TEST(TimeZone, CountsFromMonday)
{
    // 2026-11-16 00:00:00 UTC was a Monday.
    EXPECT_EQ(TimeZone{}.minute_of_week(at_second(1'794'787'200)), 0);
    EXPECT_EQ(TimeZone{}.minute_of_week(at_second(1'794'787'200 - 60)), 7 * 24 * 60 - 1);
    EXPECT_EQ(TimeZone{}.minute_of_week(at_second(-60)), 3 * 24 * 60 - 1);
}

TEST(TimeZone, KnowsSummerTime)
{
    const auto zone = TimeZone::named("Europe/Berlin");
    ASSERT_TRUE(zone);
    EXPECT_EQ(zone->minute_of_week(at_second(1'794'787'200)), 60);
    // 2026-07-06 00:00:00 UTC, a Monday in summer.
    EXPECT_EQ(zone->minute_of_week(at_second(1'783'296'000)), 120);
}

TEST(TimeZone, RefusesWhatIsNone)
{
    EXPECT_FALSE(TimeZone::named("Europe/Atlantis"));
    EXPECT_FALSE(TimeZone::named("../../etc/passwd"));
}

}  // namespace
}  // namespace spillway
