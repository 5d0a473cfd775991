#include "spillway/engine/choice.hpp"

#include <algorithm>
#include <limits>

namespace spillway::engine {

namespace {

/// Below this nobody notices a difference, so weights decide.
constexpr double unnoticed_ms = 100;
constexpr double close_to_best = 1.1;

double score(const Place& place)
{
    const auto expected = place.forecast.total() + place.forecast.load;
    return (static_cast<double>(expected.count()) + unnoticed_ms) / std::max(place.weight, 1e-6);
}

}  // namespace

std::optional<std::size_t> choose(std::span<const Place> places, double draw)
{
    const bool sure = std::any_of(places.begin(), places.end(), [](const Place& place) {
        return place.reach == Place::Reach::reachable;
    });
    const auto wanted = sure ? Place::Reach::reachable : Place::Reach::doubtful;
    auto best = std::numeric_limits<double>::infinity();
    for (const auto& place : places) {
        if (place.reach == wanted)
            best = std::min(best, score(place));
    }
    double weights = 0;
    const auto competes = [&](const Place& place) {
        return place.reach == wanted && score(place) <= best * close_to_best;
    };
    for (const auto& place : places)
        weights += competes(place) ? place.weight : 0;
    std::optional<std::size_t> chosen;
    auto left = draw * weights;
    for (std::size_t index = 0; index < places.size(); ++index) {
        if (!competes(places[index]))
            continue;
        chosen = index;
        left -= places[index].weight;
        if (left < 0)
            break;
    }
    return chosen;
}

}  // namespace spillway::engine
