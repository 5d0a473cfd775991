#include "spillway/engine/prediction.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace spillway::engine {

namespace {

constexpr Millis unnoticed{100};
constexpr double memory = 100;

}  // namespace

Miss miss(Millis predicted, Millis truth)
{
    const auto error = truth - predicted;
    const auto at_least = [](Millis value) {
        return static_cast<double>(std::max(value, unnoticed).count());
    };
    return {.error = error,
            .size = std::chrono::abs(error),
            .ratio = at_least(truth) / at_least(predicted)};
}

void PredictionError::record(Millis predicted, Millis truth)
{
    const auto missed = miss(predicted, truth);
    ++count_;
    const auto weight = 1 / std::min(static_cast<double>(count_), memory);
    bias_ms_ += (static_cast<double>(missed.error.count()) - bias_ms_) * weight;
    size_ms_ += (static_cast<double>(missed.size.count()) - size_ms_) * weight;
}

Millis PredictionError::bias() const
{
    return Millis{std::llround(bias_ms_)};
}

Millis PredictionError::mean_size() const
{
    return Millis{std::llround(size_ms_)};
}

}  // namespace spillway::engine
