#include "spillway/score/apgr.hpp"

#include <algorithm>
#include <numeric>
#include <random>

namespace spillway::score {

namespace {

std::vector<Judged> sorted(std::span<const Judged> prompts)
{
    std::vector<Judged> order(prompts.begin(), prompts.end());
    std::stable_sort(order.begin(), order.end(),
                     [](const Judged& a, const Judged& b) { return a.score > b.score; });
    return order;
}

struct Totals {
    double weight = 0;
    double gain = 0;
};

/// Calls `piece(share, recovered)` at the end of every run of equal scores.
template <class Piece>
void walk(std::span<const Judged> order, const Totals& totals, Piece piece)
{
    double weight = 0;
    double gain = 0;
    for (std::size_t i = 0; i < order.size(); ++i) {
        weight += order[i].weight;
        gain += order[i].weight * order[i].gain;
        if (i + 1 == order.size() || order[i + 1].score < order[i].score)
            piece(weight / totals.weight, gain / totals.gain);
    }
}

Totals totals_of(std::span<const Judged> order)
{
    Totals totals;
    for (const auto& prompt : order) {
        totals.weight += prompt.weight;
        totals.gain += prompt.weight * prompt.gain;
    }
    return totals;
}

double area(std::span<const Judged> order)
{
    const auto totals = totals_of(order);
    if (!(totals.weight > 0) || !(totals.gain > 0))
        return 0.5;
    double sum = 0;
    double x = 0;
    double y = 0;
    walk(order, totals, [&](double share, double recovered) {
        sum += (share - x) * (recovered + y) / 2;
        x = share;
        y = recovered;
    });
    return sum;
}

/// Uniform in [0, n), the same on every platform.
std::size_t draw_below(std::mt19937_64& engine, std::size_t n)
{
    return static_cast<std::size_t>(engine() % n);
}

}  // namespace

Curve curve(std::span<const Judged> prompts)
{
    const auto order = sorted(prompts);
    const auto totals = totals_of(order);
    Curve result;
    if (!(totals.weight > 0) || !(totals.gain > 0))
        return result;
    result = {area(order), 1, 1};
    double x = 0;
    double y = 0;
    walk(order, totals, [&](double share, double recovered) {
        const auto crossing = [&](double level, double& smallest) {
            if (smallest == 1 && y < level && recovered >= level)
                smallest = x + (share - x) * (level - y) / (recovered - y);
        };
        crossing(0.5, result.cpt50);
        crossing(0.8, result.cpt80);
        x = share;
        y = recovered;
    });
    return result;
}

Interval apgr_interval(std::span<const Judged> prompts, int draws)
{
    const auto order = sorted(prompts);
    Interval found{.value = area(order), .low = 0, .high = 1};
    if (order.empty() || draws < 40)
        return found;
    std::mt19937_64 engine(20240626);
    std::vector<double> areas;
    std::vector<Judged> sample = order;
    for (int draw = 0; draw < draws; ++draw) {
        for (auto& prompt : sample)
            prompt.weight = 0;
        for (std::size_t i = 0; i < order.size(); ++i) {
            const auto which = draw_below(engine, order.size());
            sample[which].weight += order[which].weight;
        }
        areas.push_back(area(sample));
    }
    std::sort(areas.begin(), areas.end());
    const auto last = static_cast<double>(areas.size() - 1);
    found.low = areas[static_cast<std::size_t>(0.025 * last)];
    found.high = areas[static_cast<std::size_t>(0.975 * last)];
    return found;
}

}  // namespace spillway::score
