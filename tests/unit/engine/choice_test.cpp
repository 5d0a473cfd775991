#include "spillway/engine/choice.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace spillway::engine {
namespace {

using namespace std::chrono_literals;

Place place(Millis queue, Millis load = 0ms, double weight = 1)
{
    Place made;
    made.forecast.queue = queue;
    made.forecast.load = load;
    made.forecast.prefill = 500ms;
    made.weight = weight;
    return made;
}

TEST(Choice, TakesTheLeastExpectedWait)
{
    const std::vector places{place(3s), place(1s), place(5s)};
    EXPECT_EQ(choose(places, 0.5), 1U);
}

TEST(Choice, PrefersTheEngineThatHasTheModel)
{
    EXPECT_EQ(choose(std::vector{place(0ms, 4s), place(6s)}, 0.5), 1U);
    EXPECT_EQ(choose(std::vector{place(0ms, 4s), place(30s)}, 0.5), 0U);
}

TEST(Choice, SharesByWeightWhatIsAsGood)
{
    const std::vector places{place(0ms, 0ms, 1), place(0ms, 0ms, 1)};
    EXPECT_EQ(choose(places, 0.2), 0U);
    EXPECT_EQ(choose(places, 0.8), 1U);
    EXPECT_EQ(choose(std::vector{place(2s, 0ms, 1), place(4s, 0ms, 3)}, 0.5), 1U);
}

TEST(Choice, LeavesOutWhatCannotBeReached)
{
    std::vector places{place(0ms), place(9s), place(20s)};
    places[0].reach = Place::Reach::gone;
    EXPECT_EQ(choose(places, 0.5), 1U);
    places[1].reach = Place::Reach::doubtful;
    EXPECT_EQ(choose(places, 0.5), 2U);
    places[2].reach = Place::Reach::gone;
    EXPECT_EQ(choose(places, 0.5), 1U);
    places[1].reach = Place::Reach::gone;
    EXPECT_EQ(choose(places, 0.5), std::nullopt);
    EXPECT_EQ(choose({}, 0.5), std::nullopt);
}

}  // namespace
}  // namespace spillway::engine
