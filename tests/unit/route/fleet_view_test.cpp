#include "spillway/route/fleet_view.hpp"

#include <gtest/gtest.h>

namespace spillway::route {
namespace {

using namespace std::chrono_literals;

const TimePoint noon{std::chrono::hours{1'000}};

RateRoom room_of(std::int64_t per_minute)
{
    RateRoom room;
    room.per_minute = per_minute;
    room.empty_at = noon;
    return room;
}

TEST(RateRoom, AdmitsAtOnceWithoutALimit)
{
    EXPECT_LE(RateRoom{}.admits_at(1'000), noon);
}

TEST(RateRoom, AdmitsWhenEnoughWasRefilled)
{
    const auto room = room_of(60);
    EXPECT_EQ(room.admits_at(1), noon + 1s);
    EXPECT_EQ(room.admits_at(60), noon + 60s);
}

TEST(RateRoom, RefillsByItsPartAndMayGetMore)
{
    auto room = room_of(60);
    room.part = {30, noon + 10s};
    EXPECT_EQ(room.admits_at(1), noon + 2s);
    EXPECT_EQ(room.admits_at(30), noon + 10s) << "sooner with more of it";
    EXPECT_EQ(room.admits_at(31), noon + 10s);
    EXPECT_EQ(room.admits_at(61), TimePoint::max());
    room.part->per_minute = 0;
    EXPECT_EQ(room.admits_at(1), noon + 10s);
}

TEST(RateRoom, NeverAdmitsMoreThanAMinutesWorth)
{
    EXPECT_EQ(room_of(60).admits_at(61), TimePoint::max());
    EXPECT_EQ(room_of(0).admits_at(1), TimePoint::max());
}

TEST(DeploymentState, AdmitsWhenBothItsLimitsDo)
{
    DeploymentState state;
    state.requests_room = room_of(60);
    state.tokens_room = room_of(600);
    const chat::TokenWish wish{Tokens{40}, Tokens{10}, chat::TokenWish::Answer::asked};
    EXPECT_EQ(state.admits_at(wish), noon + 5s);
}

}  // namespace
}  // namespace spillway::route
