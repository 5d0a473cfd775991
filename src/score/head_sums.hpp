#pragma once

#include <array>
#include <cmath>

#include "spillway/score/weights.hpp"

namespace spillway::score {

/// Weight of a system prompt's own column beside the unit-norm wording.
inline constexpr float system_scale = 0.5F;
/// Counters are cut off at so many standard deviations.
inline constexpr float dense_limit = 4.0F;

/// What makes the wording of a prompt a vector of length 1.
[[nodiscard]] inline float wording_norm(const Features& features) noexcept
{
    const auto n = features.buckets.empty() ? 1 : features.buckets.size();
    return 1 / std::sqrt(static_cast<float>(n));
}

/// What each group of features adds to the log odds of a head.
struct HeadSums {
    std::array<float, head_count> wording{};
    std::array<float, head_count> system{};
    std::array<float, head_count> dense{};

    /// The log odds before calibration.
    [[nodiscard]] float total(const Weights& weights, Head head) const noexcept;
};

/// A counter in standard deviations from the mean of training, cut off at `dense_limit`.
[[nodiscard]] float standardised(const Weights& weights, const Features& features,
                                 std::size_t counter) noexcept;

[[nodiscard]] HeadSums head_sums(const Weights& weights, const Features& features) noexcept;

}  // namespace spillway::score
