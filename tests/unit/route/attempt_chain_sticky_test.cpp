// A conversation stays with the engine that has its prompt in the cache, while that is worth it.
#include <gtest/gtest.h>

#include "spillway/route/strategy.hpp"
#include "unit/route/world.hpp"

namespace spillway::route {
namespace {

using namespace std::chrono_literals;
using testing_world::config_of;
using testing_world::row;
using testing_world::Walk;

/// Two equal engines of which the strategy always takes the first.
config::Config two_engines()
{
    auto config = config_of({row("group", "a"), row("group", "b")});
    config.router.strategy = config::Strategy::ordered;
    return config;
}

constexpr DeploymentIndex second{1};
const std::vector<std::string> route{"group"};
constexpr Tokens short_prompt{100};
constexpr Tokens long_prompt{45'000};

TEST(Stickiness, StaysWithTheLastServer)
{
    Walk fresh(two_engines(), route, {}, short_prompt);
    EXPECT_EQ(fresh.start().to(), "a") << "what the strategy says";
    Walk walk(two_engines(), route, {}, short_prompt, second);
    EXPECT_EQ(walk.start().to(), "b");
}

TEST(Stickiness, MovesAShortConversationAwayFromWhoIsBusier)
{
    Walk walk(two_engines(), route, {}, short_prompt, second);
    walk.state("b").in_flight = 1;
    EXPECT_EQ(walk.start().to(), "a");
}

TEST(Stickiness, KeepsALongConversationWithWhoIsBusier)
{
    Walk walk(two_engines(), route, {}, long_prompt, second);
    walk.state("b").in_flight = 22;
    EXPECT_EQ(walk.start().to(), "b");
}

TEST(Stickiness, MovesALongConversationAwayFromWhoIsMuchBusier)
{
    Walk walk(two_engines(), route, {}, long_prompt, second);
    walk.state("b").in_flight = 23;
    EXPECT_EQ(walk.start().to(), "a");
    Walk both(two_engines(), route, {}, long_prompt, second);
    both.state("a").in_flight = 1;
    both.state("b").in_flight = 23;
    EXPECT_EQ(both.start().to(), "b") << "only the difference counts";
}

TEST(Stickiness, LeavesAServerThatRestsOrFailed)
{
    Walk walk(two_engines(), route, {}, long_prompt, second);
    walk.rest("b", 60s);
    EXPECT_EQ(walk.start().to(), "a");
    Walk failed(two_engines(), route, {}, long_prompt, second);
    EXPECT_EQ(failed.start().fails(chat::FailureClass::transient).to(), "a");
}

TEST(SwitchCost, GrowsWithThePromptUpToItsMost)
{
    EXPECT_EQ(switch_cost(Tokens{0}), 0U);
    EXPECT_EQ(switch_cost(Tokens{1'999}), 0U);
    EXPECT_EQ(switch_cost(Tokens{2'000}), 1U);
    EXPECT_EQ(switch_cost(Tokens{8'000}), 4U);
    EXPECT_EQ(switch_cost(Tokens{45'000}), 22U);
    EXPECT_EQ(switch_cost(Tokens{1'000'000}), 32U);
}

}  // namespace
}  // namespace spillway::route
