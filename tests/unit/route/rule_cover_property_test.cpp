// What `spillway check` concludes of rules, held against what the engine does with requests.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <random>

#include "spillway/config/rule_cover.hpp"
#include "unit/route/routing.hpp"

namespace spillway::route {
namespace {

using config::Condition;
using testing_world::Scene;

constexpr std::string_view file = R"(model_list:
- {model_name: free, litellm_params: {model: ollama/s}}
- {model_name: cloud, litellm_params: {model: openai/c, api_key: k, input_cost_per_token: 0.000001, output_cost_per_token: 0.00001}, model_info: {max_output_tokens: 1000}}
- {model_name: dear, litellm_params: {model: openai/d, api_key: k, input_cost_per_token: 0.00001, output_cost_per_token: 0.0001}, model_info: {max_output_tokens: 1000}}
)";

/// Rules that look at two or three things, so that they often share them out, and requests.
class Chance {
public:
    explicit Chance(std::uint64_t seed) : random_(seed)
    {
        for (auto& kind : kinds_)
            kind = below(10);
    }

    int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }
    bool one_in(int many) { return below(many) == 0; }

    Condition condition(int depth = 2)
    {
        const int kind = depth == 0 ? 3 : below(6);
        std::vector<Condition> parts;
        for (int i = 0; i < 2 && kind < 3; ++i)
            parts.push_back(condition(depth - 1));
        if (kind < 3 && one_in(2))
            parts.pop_back();
        switch (kind) {
            case 0:
                return {config::AllOf{parts}, {}, 0};
            case 1:
                return {config::AnyOf{parts}, {}, 0};
            case 2:
                return {config::NotAny{parts}, {}, 0};
            default:
                return leaf(
                    kinds_[static_cast<std::size_t>(below(static_cast<int>(kinds_.size())))]);
        }
    }

    Features request()
    {
        Features request;
        request.turns = static_cast<std::uint32_t>(below(5));
        request.prompt = request.prompt_upper = Tokens{below(5)};
        if (one_in(2))
            request.answer = Tokens{1 + below(1'000)};
        request.score.emplace();
        request.score->rank = static_cast<float>(below(9)) / 8;
        request.score->gain = static_cast<float>(below(9)) / 8;
        request.score->tier = static_cast<score::Tier>(below(4));
        if (one_in(3))
            request.score->abstention = score::Abstention::unknown_words;
        for (int i = 0; i < 3; ++i)
            if (one_in(2))
                request.content.add(static_cast<config::Content>(i));
        request.task = static_cast<config::Task>(below(4));
        request.client = static_cast<config::ClientKind>(below(8));
        request.minute_of_week = below(7 * 24 * 60);
        request.team = one_in(3) ? "" : std::string(1, letter());
        request.team_alias = one_in(3) ? "" : std::string(1, letter());
        for (int i = below(3); i > 0; --i)
            request.tags.emplace_back(1, letter());
        return request;
    }

    std::optional<double> share()
    {
        return one_in(3) ? std::nullopt : std::optional(below(5) / 4.0);
    }

private:
    char letter() { return static_cast<char>('a' + below(3)); }

    /// A stretch of numbers between multiples of `step`; never empty, never all below zero.
    config::Span span(double step)
    {
        config::Span out;
        const int low = below(4);
        const int high = low + 1 + below(3);
        const int ends = below(3);
        if (ends != 1)
            out.low = low * step;
        if (ends != 0)
            out.high = high * step;
        out.low_end = one_in(2) ? config::Span::End::open : config::Span::End::closed;
        out.high_end = one_in(2) ? config::Span::End::open : config::Span::End::closed;
        return out;
    }

    template <class T>
    std::vector<T> some(int of)
    {
        std::vector<T> out{static_cast<T>(below(of))};
        while (one_in(2))
            out.push_back(static_cast<T>(below(of)));
        return out;
    }

    config::TimeIs time()
    {
        const int from = below(7) * 24 * 60;
        config::TimeIs time;
        time.any_of.push_back({from, from + (1 + below(7 - from / 1'440)) * 24 * 60});
        if (one_in(2))
            time.any_of.push_back({0, from + 1});
        return time;
    }

    Condition leaf(int kind)
    {
        using config::Measure;
        switch (kind) {
            case 0:
                return {config::NumberIs{Measure::turns, span(1)}, {}, 0};
            case 1:
                return {config::NumberIs{Measure::prompt_tokens, span(1.5)}, {}, 0};
            case 2:
                return {config::NumberIs{Measure::score, span(0.25)}, {}, 0};
            case 3:
                return {config::NumberIs{Measure::cost_usd, span(0.005)}, {}, 0};
            case 4: {
                const int low = below(4);
                return {config::TierIs{static_cast<score::Tier>(low),
                                       static_cast<score::Tier>(low + below(4 - low))},
                        {},
                        0};
            }
            case 5:
                return {config::HasContent{some<config::Content>(3)}, {}, 0};
            case 6:
                return {config::TaskIs{some<config::Task>(4)}, {}, 0};
            case 7:
                return {time(), {}, 0};
            case 8:
                return {config::BudgetLeft{"key", span(25)}, {}, 0};
            default:
                return {
                    config::IdentityIs{one_in(2) ? config::Identity::team : config::Identity::tag,
                                       {std::string(1, letter())}},
                    {},
                    0};
        }
    }

    std::mt19937_64 random_;
    std::array<int, 2> kinds_{};
};

/// A few rules, what is concluded of each, and whether requests bear it out.
class World {
public:
    World(std::uint64_t seed, const Scene& scene) : chance_(seed), scene_(scene)
    {
        config::Route route;
        if (chance_.one_in(3))
            route.complexity.gain_worth = NanoUsd{20'000'000};
        compiled_.emplace(route, scene.names);
        for (int i = 0; i < 4; ++i) {
            config::RouteRule rule;
            rule.when = chance_.condition();
            rule.action.use = {"free", chance_.one_in(4) ? "dear" : "cloud"};
            rules_.push_back(std::move(rule));
        }
    }

    /// How many conclusions there were to be tried.
    int try_all()
    {
        int tried = 0;
        for (std::size_t i = 0; i < rules_.size(); ++i) {
            const bool never = contradiction(rules_[i].when).has_value();
            const auto takers = taken_by(i);
            if (!never && takers.empty())
                continue;
            ++tried;
            for (int n = 0; n < 60; ++n)
                try_one(i, never, takers);
        }
        return tried;
    }

private:
    std::vector<std::size_t> taken_by(std::size_t index)
    {
        std::vector<config::Earlier> earlier;
        for (std::size_t i = 0; i < index; ++i) {
            config::Common common;
            if (compiled_->source().complexity.gain_worth)
                common.tiers = config::Common::Tiers::by_price;
            if (rules_[i].action.use != rules_[index].action.use)
                common.use = config::Common::Use::other;
            if (implies(rules_[index].when, rules_[i].when, common))
                return {i};
            earlier.push_back({rules_[i].when, common});
        }
        return config::takers(rules_[index].when, earlier);
    }

    void try_one(std::size_t index, bool never, const std::vector<std::size_t>& takers)
    {
        const auto request = chance_.request();
        BudgetView budget;
        budget.key = chance_.share();
        const Standing standing{scene_.table, scene_.fleet, budget, testing_world::noon};
        const auto takes = [&](std::size_t rule) {
            std::string because;
            return holds(rules_[rule].when, request, *compiled_, rules_[rule].action, standing,
                         because);
        };
        if (!takes(index))
            return;
        EXPECT_FALSE(never) << "rule " << index;
        EXPECT_TRUE(never || std::any_of(takers.begin(), takers.end(), takes)) << "rule " << index;
    }

    Chance chance_;
    const Scene& scene_;
    std::optional<CompiledRoute> compiled_;
    std::vector<config::RouteRule> rules_;
};

TEST(WhatCheckConcludes, IsBorneOutByRequests)
{
    const Scene scene(file);
    int tried = 0;
    for (std::uint64_t seed = 0; seed < 2'000 && !testing::Test::HasFailure(); ++seed) {
        SCOPED_TRACE(seed);
        tried += World(seed, scene).try_all();
    }
    EXPECT_GT(tried, 200);
}

}  // namespace
}  // namespace spillway::route
