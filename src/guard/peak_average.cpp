#include "spillway/guard/peak_average.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace spillway::guard {
namespace {

constexpr double newest_share = 0.2;
/// One request may wait for a model to load; that alone must not look like a slow deployment.
constexpr double most_of_one_sample = 8;
constexpr double half_life_s = 10;
constexpr std::chrono::minutes longest_memory{5};

}  // namespace

void PeakAverage::add(double sample, TimePoint now)
{
    const double peak = std::max(sample, smooth_ + excess(now));
    const double moderate = std::min(sample, most_of_one_sample * smooth_);
    smooth_ = smooth_ > 0 ? smooth_ + newest_share * (moderate - smooth_) : sample;
    excess_ = std::max(0.0, peak - smooth_);
    measured_ = std::max(measured_, now);
    ++samples_;
}

double PeakAverage::at(TimePoint now) const
{
    return smooth_ > 0 && now - measured_ < longest_memory ? smooth_ + excess(now) : 0;
}

double PeakAverage::excess(TimePoint now) const
{
    const std::chrono::duration<double> age = now - measured_;
    return excess_ * std::exp2(-std::max(0.0, age.count()) / half_life_s);
}

}  // namespace spillway::guard
