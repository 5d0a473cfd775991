#include "spillway/route/strategy.hpp"

#include <algorithm>
#include <limits>
#include <span>
#include <utility>

namespace spillway::route {
namespace {

using Candidates = std::vector<DeploymentIndex>;

/// Spreads one draw over several decisions (the finisher of splitmix64).
std::uint64_t next_draw(std::uint64_t& state)
{
    state += 0x9E37'79B9'7F4A'7C15U;
    std::uint64_t bits = (state ^ (state >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D0'49BB'1331'11EBU;
    return bits ^ (bits >> 31U);
}

/// Uniform in [0, 1): the top 53 bits are what a double can hold.
double unit_interval(std::uint64_t bits)
{
    return static_cast<double>(bits >> 11U) * 0x1p-53;
}

/// Each place is drawn in proportion to the weights of those not yet placed.
void weighted_shuffle(Candidates& candidates, const RoutingTable& table, std::uint64_t draw)
{
    std::uint64_t state = draw;
    for (std::size_t place = 0; place + 1 < candidates.size(); ++place) {
        double total = 0;
        for (std::size_t i = place; i < candidates.size(); ++i) {
            total += table[candidates[i]].weight;
        }
        const double share = unit_interval(next_draw(state));
        std::size_t chosen = place;
        if (total > 0) {
            // The last one with a weight catches what rounding leaves over.
            double left = share * total;
            for (std::size_t i = place; i < candidates.size(); ++i) {
                const double weight = table[candidates[i]].weight;
                if (weight <= 0) {
                    continue;
                }
                chosen = i;
                left -= weight;
                if (left < 0) {
                    break;
                }
            }
        } else {
            const auto rest = static_cast<double>(candidates.size() - place);
            chosen += static_cast<std::size_t>(share * rest);
        }
        std::swap(candidates[place], candidates[chosen]);
    }
}

template <class Key>
void sort_by(Candidates& candidates, Key key)
{
    std::stable_sort(candidates.begin(), candidates.end(),
                     [&key](DeploymentIndex a, DeploymentIndex b) { return key(a) < key(b); });
}

/// Tokens of a usual answer: what makes a slow writer slow.
constexpr double usual_answer = 200;

/// Stands in for a speed that was never measured: that of those whose speed is known.
double usual_speed(std::span<const DeploymentIndex> candidates, const FleetView& fleet)
{
    double sum = 0;
    int known = 0;
    for (const DeploymentIndex candidate : candidates) {
        const double speed = fleet[candidate].tokens_per_second;
        sum += speed;
        known += speed > 0 ? 1 : 0;
    }
    return known > 0 ? sum / known : 0;
}

/// Milliseconds that a usual answer most likely takes: until it begins, and until it is written.
double expected_ms(const DeploymentState& state, double speed_if_unknown)
{
    const double speed = state.tokens_per_second > 0 ? state.tokens_per_second : speed_if_unknown;
    return state.first_token_ms + (speed > 0 ? 1'000 * usual_answer / speed : 0);
}

/// Expected time, taken once for the new request and once for each that is there already.
///
/// An idle deployment that was never measured comes first, so that it will be; while its first
/// answer is out it comes last, so that a newcomer is not flooded before anything is known of it.
std::pair<int, double> load_of(const DeploymentState& state, double speed_if_unknown)
{
    if (state.first_token_ms > 0) {
        return {1, expected_ms(state, speed_if_unknown) * (state.in_flight + 1.0)};
    }
    return state.in_flight == 0 ? std::pair{0, 0.0}
                                : std::pair{2, static_cast<double>(state.in_flight)};
}

/// Of the two that were drawn first, the one with the lower load; nobody else is looked at. Who has
/// no weight is no match for one who has.
void prefer_the_lighter(Candidates& candidates, const RoutingTable& table, const FleetView& fleet)
{
    const DeploymentIndex first = candidates[0];
    const DeploymentIndex second = candidates[1];
    const double speed = usual_speed(std::span(candidates).first(2), fleet);
    if ((table[second].weight > 0 || table[first].weight <= 0) &&
        load_of(fleet[second], speed) < load_of(fleet[first], speed)) {
        std::swap(candidates[0], candidates[1]);
    }
}

bool over_its_limit(const Deployment& deployment, const DeploymentState& state)
{
    return (deployment.tpm && state.tokens_last_minute >= static_cast<double>(*deployment.tpm)) ||
           (deployment.rpm && state.requests_last_minute >= *deployment.rpm);
}

/// Whoever has room by its own limits first, then by tokens; where all have a limit, by its share.
void sort_by_usage(Candidates& candidates, const RoutingTable& table, const FleetView& fleet)
{
    const bool all_limited =
        std::all_of(candidates.begin(), candidates.end(),
                    [&](DeploymentIndex d) { return table[d].tpm.value_or(0) > 0; });
    sort_by(candidates, [&](DeploymentIndex d) {
        const double tokens = fleet[d].tokens_last_minute;
        const double used = all_limited ? tokens / static_cast<double>(*table[d].tpm) : tokens;
        return std::pair{over_its_limit(table[d], fleet[d]), used};
    });
}

}  // namespace

void prefer_ready_engines(std::vector<DeploymentIndex>& order, const RoutingTable& table,
                          const FleetView& fleet)
{
    constexpr std::int64_t step_ms = 250;
    std::vector<DeploymentIndex> engines;
    for (const DeploymentIndex each : order) {
        if (table[each].queued && table[each].weight > 0) {
            engines.push_back(each);
        }
    }
    sort_by(engines, [&](DeploymentIndex d) {
        return fleet[d].expected_wait.value_or(Millis{0}).count() / step_ms;
    });
    auto next = engines.begin();
    for (DeploymentIndex& each : order) {
        if (table[each].queued && table[each].weight > 0) {
            each = *next++;
        }
    }
}

std::uint32_t switch_cost(Tokens prompt)
{
    constexpr std::int64_t read_per_request = 2'000;
    constexpr std::int64_t most = 32;
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(count(prompt) / read_per_request, 0, most));
}

std::vector<DeploymentIndex> ranked(config::Strategy strategy,
                                    std::vector<DeploymentIndex> candidates,
                                    const RoutingTable& table, const FleetView& fleet,
                                    std::uint64_t draw)
{
    if (candidates.size() < 2) {
        return candidates;
    }
    if (strategy == config::Strategy::ordered) {
        sort_by(candidates, [](DeploymentIndex d) { return at(d); });
        return candidates;
    }
    weighted_shuffle(candidates, table, draw);
    switch (strategy) {
        case config::Strategy::simple_shuffle:
        case config::Strategy::ordered:
            break;
        case config::Strategy::least_busy:
            sort_by(candidates, [&](DeploymentIndex d) { return fleet[d].in_flight; });
            break;
        case config::Strategy::usage_based:
            sort_by_usage(candidates, table, fleet);
            break;
        case config::Strategy::latency_based:
            sort_by(candidates, [&, speed = usual_speed(candidates, fleet)](DeploymentIndex d) {
                return load_of(fleet[d], speed);
            });
            break;
        case config::Strategy::two_choices:
            prefer_the_lighter(candidates, table, fleet);
            break;
        case config::Strategy::cost_based:
            // An unknown price is not a low one.
            sort_by(candidates, [&](DeploymentIndex d) {
                const auto& price = table[d].price;
                return price ? count(*price) : std::numeric_limits<std::int64_t>::max();
            });
            break;
    }
    return candidates;
}

}  // namespace spillway::route
