#pragma once

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "unit/route/routing.hpp"

/// Configurations, requests and faults by chance, for properties that hold in all of them.
namespace spillway::route::testing_world {

/// One world by chance: deployments here and there, groups, fallbacks of all kinds, rules.
class RandomWorld {
public:
    explicit RandomWorld(std::uint64_t seed) : random_(seed) {}

    [[nodiscard]] config::Config config()
    {
        config::Config config;
        const int groups = 2 + below(4);
        for (int g = 0; g < groups; ++g)
            for (int i = 0, members = 1 + below(3); i < members; ++i)
                config.deployments.push_back(deployment(g, i));
        for (int g = 0; g < groups; ++g) {
            config.router.fallbacks.push_back({group(g), some_groups(groups)});
            config.router.context_window_fallbacks.push_back({group(g), some_groups(groups)});
            config.router.content_policy_fallbacks.push_back({group(g), some_groups(groups)});
        }
        config.router.default_fallbacks = some_groups(groups);
        config.router.num_retries = below(3);
        config.router.pre_call_checks = below(2) == 0;
        config.routes.push_back(route(groups));
        return config;
    }

    [[nodiscard]] Features request()
    {
        Features features;
        features.prompt = features.prompt_upper = Tokens{below(20'000)};
        if (below(2) == 0)
            features.answer = Tokens{below(4'000)};
        features.turns = static_cast<std::uint32_t>(below(6));
        if (below(3) == 0)
            features.content.add(config::Content::images);
        if (below(2) == 0)
            features.sensitive.add(privacy::ClassId::email);
        features.boundary = below(2) == 0 ? privacy::Boundary::local : privacy::Boundary::any;
        features.prefer = static_cast<Preference>(below(6));
        if (below(4) == 0)
            features.max_cost = NanoUsd{below(1'000'000)};
        return features;
    }

    [[nodiscard]] chat::RequestControls controls(const config::Config& config)
    {
        chat::RequestControls controls;
        const auto any = [&] { return config.deployments[index(config.deployments.size())]; };
        if (below(3) == 0)
            controls.fallbacks = {any().group, any().id};
        if (below(3) == 0)
            controls.context_window_fallbacks = {any().group};
        if (below(3) == 0)
            controls.content_policy_fallbacks = {any().id, any().group};
        if (below(4) == 0)
            controls.num_retries = below(4);
        return controls;
    }

    [[nodiscard]] chat::Failure failure()
    {
        chat::Failure failure;
        failure.kind = static_cast<FailureClass>(below(chat::failure_class_count));
        failure.unreached = below(4) == 0;
        return failure;
    }

    [[nodiscard]] int below(std::size_t bound) { return static_cast<int>(random_() % bound); }
    [[nodiscard]] std::size_t index(std::size_t size) { return random_() % size; }
    [[nodiscard]] std::uint64_t draw() { return random_(); }

private:
    static std::string group(int number) { return "g" + std::to_string(number); }

    config::Deployment deployment(int g, int i)
    {
        auto row = testing_world::row(group(g), group(g) + "-" + std::to_string(i));
        row.local = below(2) == 0;
        row.order = 1 + below(2);
        if (below(2) == 0)
            row.max_input_tokens = Tokens{1'000 + below(30'000)};
        if (below(3) == 0)
            row.supports_vision = false;
        if (below(3) == 0)
            row.max_parallel = 1 + below(2);
        row.prices.input = row.prices.output = PicoUsdPerToken{below(2'000'000)};
        return row;
    }

    std::vector<std::string> some_groups(int groups)
    {
        std::vector<std::string> names;
        for (int g = 0; g < groups; ++g)
            if (below(2) == 0)
                names.push_back(group(g));
        return names;
    }

    config::RouteAction action(int groups)
    {
        config::RouteAction action;
        action.use = some_groups(groups);
        if (action.use.empty())
            action.use = {group(0)};
        action.boundary = below(3) == 0 ? privacy::Boundary::local : privacy::Boundary::any;
        if (below(3) == 0)
            action.answer_fit = config::AnswerFit::clamp;
        return action;
    }

    config::Route route(int groups)
    {
        config::Route route;
        route.name = "r";
        config::RouteRule sensitive;
        sensitive.name = "sensitive";
        sensitive.when.test = config::IsSensitive{{"any"}, {}};
        sensitive.action = action(groups);
        sensitive.action.boundary = privacy::Boundary::local;
        config::RouteRule turns;
        turns.name = "turns";
        config::Span many;
        many.low = 3;
        turns.when.test = config::NumberIs{config::Measure::turns, many};
        turns.action = action(groups);
        route.rules = {sensitive, turns};
        route.otherwise = action(groups);
        return route;
    }

    std::mt19937_64 random_;
};

/// Everything that a chain sends to until it stops, under faults by chance.
inline std::vector<DeploymentIndex> sent_to(const RoutingTable& table, Plan plan,
                                            RandomWorld& world, const config::Config& config)
{
    std::vector<DeploymentIndex> sent;
    FleetView fleet = testing_world::idle_fleet(table);
    auto now = noon;
    AttemptChain chain(table, {std::move(plan), world.controls(config), Tokens{100}}, now);
    const auto moment = [&] {
        for (auto& state : fleet.states) {
            state.in_flight = static_cast<std::uint32_t>(world.below(3));
            state.rests_until =
                world.below(4) == 0 ? now + Millis{world.below(9'000)} : TimePoint{};
        }
        return Moment{now, fleet, world.draw(), world.below(5) != 0};
    };
    auto action = chain.start(moment());
    for (int steps = 0; steps < 400; ++steps) {
        if (const auto* send = std::get_if<Send>(&action)) {
            sent.push_back(send->target.deployment);
            now += Millis{world.below(2'000)};
            action = chain.failed(world.failure(), moment());
        } else if (const auto* pause = std::get_if<Pause>(&action)) {
            now += pause->duration;
            action = chain.resumed(moment());
        } else {
            return sent;
        }
    }
    ADD_FAILURE() << "a chain that does not end";
    return sent;
}

}  // namespace spillway::route::testing_world
