#pragma once

#include "spillway/score/score.hpp"

namespace spillway::score {

/// How much of a request the weights have met before.
struct Familiarity {
    float confidence = 0;
    Abstention abstention = Abstention::none;
};

/// Share of the distinct words that training saw; 1 when there are none.
[[nodiscard]] float known_share(const Weights& weights, const Features& features) noexcept;

[[nodiscard]] Familiarity familiarity(const Weights& weights, const Features& features) noexcept;

}  // namespace spillway::score
