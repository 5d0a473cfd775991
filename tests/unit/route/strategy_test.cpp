#include "spillway/route/strategy.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <map>

#include "spillway/route/attempt_chain.hpp"
#include "unit/route/world.hpp"

namespace spillway::route {
namespace {

using config::Strategy;
using testing_world::config_of;
using testing_world::row;

constexpr DeploymentIndex a{0};
constexpr DeploymentIndex b{1};
constexpr DeploymentIndex c{2};

class StrategyTest : public testing::Test {
protected:
    std::vector<DeploymentIndex> rank(Strategy strategy, std::uint64_t draw = 1)
    {
        const RoutingTable table{config, {}};
        fleet.states.resize(3);
        return ranked(strategy, {a, b, c}, table, fleet, draw);
    }
    /// How often each deployment comes first in `draws` draws.
    std::map<DeploymentIndex, int> firsts(Strategy strategy, int draws)
    {
        const RoutingTable table{config, {}};
        fleet.states.resize(3);
        std::map<DeploymentIndex, int> times;
        for (int i = 0; i < draws; ++i) {
            const auto draw = static_cast<std::uint64_t>(i) * 0x9E37'79B9'7F4A'7C15U;
            ++times[ranked(strategy, {a, b, c}, table, fleet, draw).front()];
        }
        return times;
    }
    config::Config config = config_of({row("g", "a"), row("g", "b"), row("g", "c")});
    FleetView fleet{std::vector<DeploymentState>(3)};
};

TEST_F(StrategyTest, KeepsEveryCandidateOnce)
{
    for (const auto strategy :
         {Strategy::simple_shuffle, Strategy::least_busy, Strategy::usage_based,
          Strategy::latency_based, Strategy::cost_based, Strategy::two_choices}) {
        EXPECT_THAT(rank(strategy), testing::UnorderedElementsAre(a, b, c));
    }
}

TEST_F(StrategyTest, GivesTheSameOrderForTheSameDraw)
{
    EXPECT_EQ(rank(Strategy::simple_shuffle, 77), rank(Strategy::simple_shuffle, 77));
}

TEST_F(StrategyTest, ShufflesEqualDeploymentsEvenly)
{
    for (const auto& [deployment, times] : firsts(Strategy::simple_shuffle, 9'000)) {
        EXPECT_NEAR(times, 3'000, 250) << at(deployment);
    }
}

TEST_F(StrategyTest, ShufflesByWeight)
{
    config.deployments[0].weight = 6;
    config.deployments[1].weight = 3;
    config.deployments[2].weight = 1;
    auto times = firsts(Strategy::simple_shuffle, 10'000);
    EXPECT_NEAR(times[a], 6'000, 300);
    EXPECT_NEAR(times[b], 3'000, 300);
    EXPECT_NEAR(times[c], 1'000, 200);
}

TEST_F(StrategyTest, PutsAWeightOfZeroLast)
{
    config.deployments[0].weight = 1;
    config.deployments[1].weight = 0;
    config.deployments[2].weight = 1;
    for (std::uint64_t draw = 0; draw < 100; ++draw) {
        EXPECT_EQ(rank(Strategy::simple_shuffle, draw).back(), b);
    }
}

TEST_F(StrategyTest, PrefersTheLeastBusy)
{
    fleet.states[0].in_flight = 3;
    fleet.states[1].in_flight = 1;
    fleet.states[2].in_flight = 2;
    EXPECT_THAT(rank(Strategy::least_busy), testing::ElementsAre(b, c, a));
}

TEST_F(StrategyTest, SharesTheLoadBetweenEquallyBusyOnes)
{
    fleet.states[2].in_flight = 1;
    auto times = firsts(Strategy::least_busy, 2'000);
    EXPECT_NEAR(times[a], 1'000, 150);
    EXPECT_EQ(times[c], 0);
}

TEST_F(StrategyTest, PrefersTheLeastUsed)
{
    fleet.states[0].tokens_last_minute = 100;
    fleet.states[1].tokens_last_minute = 300;
    fleet.states[2].tokens_last_minute = 200;
    EXPECT_THAT(rank(Strategy::usage_based), testing::ElementsAre(a, c, b));
}

TEST_F(StrategyTest, PrefersTheFastest)
{
    fleet.states[0].first_token_ms = 300;
    fleet.states[1].first_token_ms = 100;
    fleet.states[2].first_token_ms = 200;
    EXPECT_THAT(rank(Strategy::latency_based), testing::ElementsAre(b, c, a));
}

TEST_F(StrategyTest, MeasuresANewcomerWithOneRequestOnly)
{
    fleet.states[0].first_token_ms = 300;
    fleet.states[1].first_token_ms = 100;
    EXPECT_EQ(rank(Strategy::latency_based).front(), c);
    fleet.states[2].in_flight = 1;
    EXPECT_THAT(rank(Strategy::latency_based), testing::ElementsAre(b, a, c));
}

TEST_F(StrategyTest, CountsWhatEachHasToDoAlreadyAsTime)
{
    fleet.states[0].first_token_ms = 300;
    fleet.states[1].first_token_ms = 100;
    fleet.states[2].first_token_ms = 200;
    fleet.states[1].in_flight = 3;
    EXPECT_THAT(rank(Strategy::latency_based), testing::ElementsAre(c, a, b));
}

TEST_F(StrategyTest, CountsASlowWriterAsSlowHoweverSoonItBegins)
{
    for (auto& state : fleet.states) {
        state.first_token_ms = 200;
        state.tokens_per_second = 50;
    }
    fleet.states[0].first_token_ms = 50;
    fleet.states[0].tokens_per_second = 5;
    fleet.states[2].tokens_per_second = 100;
    EXPECT_THAT(rank(Strategy::latency_based), testing::ElementsAre(c, b, a));
}

TEST_F(StrategyTest, TakesASpeedThatWasNeverMeasuredForAnAverageOne)
{
    for (auto& state : fleet.states) {
        state.first_token_ms = 200;
    }
    fleet.states[0].tokens_per_second = 20;
    fleet.states[2].tokens_per_second = 100;
    EXPECT_THAT(rank(Strategy::latency_based), testing::ElementsAre(c, b, a));
}

TEST_F(StrategyTest, NeverTakesTheMostLoadedOfThreeByTwoChoices)
{
    for (auto& state : fleet.states) {
        state.first_token_ms = 100;
    }
    fleet.states[0].in_flight = 9;
    fleet.states[1].in_flight = 1;
    auto times = firsts(Strategy::two_choices, 6'000);
    // Idle c wins both of its pairs of three; b wins the pair in which c is not.
    EXPECT_EQ(times[a], 0);
    EXPECT_NEAR(times[c], 4'000, 250);
    EXPECT_NEAR(times[b], 2'000, 250);
}

TEST_F(StrategyTest, DrawsTwoChoicesByWeight)
{
    config.deployments[0].weight = 8;
    config.deployments[1].weight = 1;
    config.deployments[2].weight = 1;
    for (auto& state : fleet.states) {
        state.first_token_ms = 100;
    }
    // Of equal loads the first drawn is taken.
    EXPECT_NEAR(firsts(Strategy::two_choices, 10'000)[a], 8'000, 300);
}

TEST_F(StrategyTest, KeepsToTheWeightedOneWhenTheOtherChoiceHasNoWeight)
{
    config.deployments[0].weight = 1;
    config.deployments[1].weight = 0;
    config.deployments[2].weight = 0;
    for (auto& state : fleet.states) {
        state.first_token_ms = 100;
    }
    fleet.states[0].in_flight = 5;
    EXPECT_EQ(firsts(Strategy::two_choices, 100)[a], 100);
}

TEST_F(StrategyTest, SpreadsABurstWiderByTwoChoicesThanByChance)
{
    const RoutingTable table{config, {}};
    const auto most_after = [&](Strategy strategy) {
        FleetView view{std::vector<DeploymentState>(3)};
        for (auto& state : view.states) {
            state.first_token_ms = 100;
        }
        std::uint32_t most = 0;
        for (std::uint64_t i = 0; i < 3'000; ++i) {
            const auto chosen =
                ranked(strategy, {a, b, c}, table, view, i * 0x9E37'79B9'7F4A'7C15U).front();
            most = std::max(most, ++view.states[at(chosen)].in_flight);
        }
        return most;
    };
    EXPECT_LE(most_after(Strategy::two_choices), 1'005u);
    EXPECT_GT(most_after(Strategy::simple_shuffle), 1'005u);
}

TEST_F(StrategyTest, PrefersWhoIsUnderItsTokensAMinute)
{
    config.deployments[0].tpm = 100;
    fleet.states[0].tokens_last_minute = 100;
    fleet.states[1].tokens_last_minute = 300;
    fleet.states[2].tokens_last_minute = 200;
    EXPECT_THAT(rank(Strategy::usage_based), testing::ElementsAre(c, b, a));
}

TEST_F(StrategyTest, PrefersWhoIsUnderItsRequestsAMinute)
{
    for (auto& deployment : config.deployments) {
        deployment.rpm = 10;
    }
    fleet.states[0].requests_last_minute = 10;
    fleet.states[1].tokens_last_minute = 300;
    fleet.states[2].tokens_last_minute = 200;
    EXPECT_THAT(rank(Strategy::usage_based), testing::ElementsAre(c, b, a));
}

TEST_F(StrategyTest, ComparesSharesWhereEverybodyHasALimit)
{
    config.deployments[0].tpm = 10'000;
    config.deployments[1].tpm = 1'000;
    config.deployments[2].tpm = 2'000;
    fleet.states[0].tokens_last_minute = 1'500;
    fleet.states[1].tokens_last_minute = 500;
    fleet.states[2].tokens_last_minute = 600;
    EXPECT_THAT(rank(Strategy::usage_based), testing::ElementsAre(a, c, b));
}

TEST_F(StrategyTest, PrefersTheCheapestAndDoesNotTakeAnUnknownPriceForALowOne)
{
    config.deployments[1].prices.input = PicoUsdPerToken{5};
    config.deployments[2].prices.input = PicoUsdPerToken{4};
    EXPECT_THAT(rank(Strategy::cost_based), testing::ElementsAre(c, b, a));
}

TEST(ReadyEngines, TakeThePlaceOfWhicheverWasDrawn)
{
    auto config =
        testing_world::config_of({testing_world::row("m", "a"), testing_world::row("m", "b"),
                                  testing_world::row("m", "cloud")});
    RoutingTable table(config, {true, true, false}, {true, true, false});
    FleetView fleet = testing_world::idle_fleet(table);
    constexpr DeploymentIndex cloud = c;
    fleet.states[0].expected_wait = Millis{9'000};
    fleet.states[1].expected_wait = Millis{300};
    std::vector<DeploymentIndex> order{a, cloud, b};
    prefer_ready_engines(order, table, fleet);
    EXPECT_THAT(order, testing::ElementsAre(b, cloud, a));
    // Hardly any difference leaves it to the draw.
    fleet.states[0].expected_wait = Millis{260};
    order = {a, b};
    prefer_ready_engines(order, table, fleet);
    EXPECT_THAT(order, testing::ElementsAre(a, b));
}

TEST(ReadyEngines, AreLookedForUnlessTheFileNamesAStrategy)
{
    auto config =
        testing_world::config_of({testing_world::row("m", "a"), testing_world::row("m", "b")});
    for (const bool chosen : {false, true}) {
        if (chosen)
            config.keys_seen.push_back(
                {"router_settings.routing_strategy", config::Support::supported, {}});
        RoutingTable table(config, {true, true}, {true, true});
        FleetView fleet = testing_world::idle_fleet(table);
        fleet.states[0].expected_wait = Millis{9'000};
        fleet.states[1].expected_wait = Millis{0};
        bool slow = false;
        for (std::uint64_t draw = 1; draw < 40; ++draw) {
            AttemptChain chain(table, {straight_to(*table.resolve("m")), {}}, testing_world::noon);
            const auto action =
                chain.start({testing_world::noon, fleet, draw * 0x9E37'79B9'7F4A'7C15U});
            slow = slow || std::get<Send>(action).target.deployment == DeploymentIndex{0};
        }
        EXPECT_EQ(slow, chosen);
    }
}

}  // namespace
}  // namespace spillway::route
