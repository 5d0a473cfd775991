#include "spillway/guard/outlier.hpp"

#include <algorithm>
#include <vector>

namespace spillway::guard {
namespace {

constexpr std::uint32_t fewest_samples = 20;
constexpr std::size_t fewest_members = 3;
constexpr double most_times_median = 4;
/// Below this nobody waits noticeably, however large the ratio.
constexpr double least_excess_ms = 100;

}  // namespace

bool is_outlier(std::span<const Pace> group, std::size_t which)
{
    const Pace& suspect = group[which];
    const auto resting = static_cast<std::size_t>(
        std::count_if(group.begin(), group.end(), [](const Pace& pace) { return pace.resting; }));
    if (suspect.resting || suspect.samples < fewest_samples || 3 * (resting + 1) > group.size()) {
        return false;
    }
    std::vector<double> times;
    times.reserve(group.size());
    for (const Pace& pace : group) {
        if (pace.samples >= fewest_samples) {
            times.push_back(pace.first_token_ms);
        }
    }
    if (times.size() < fewest_members) {
        return false;
    }
    // Of an even number the upper one: in doubt nobody is an outlier.
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    return suspect.first_token_ms > most_times_median * *middle &&
           suspect.first_token_ms > *middle + least_excess_ms;
}

}  // namespace spillway::guard
