#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "head_sums.hpp"
#include "spillway/score/features.hpp"

namespace spillway::score {

/// Positions of one vector of coefficients: wording, then system prompts, then counters.
inline constexpr std::size_t system_from = bucket_count;
inline constexpr std::size_t dense_from = system_from + system_count;
inline constexpr std::size_t coefficient_count = dense_from + dense_count;

/// Mean and standard deviation of every counter; a counter that never changes has scale 0.
struct Standard {
    std::array<float, dense_count> mean{};
    std::array<float, dense_count> scale{};  ///< 1 / standard deviation.
    [[nodiscard]] float operator()(const Features& features, std::size_t i) const noexcept;
};

/// A training set laid out for fast passes: sparse wording, dense standardised counters.
class Design {
public:
    Design(std::span<const Features* const> rows, const Standard& standard);

    [[nodiscard]] std::size_t rows() const noexcept { return norm_.size(); }
    /// The score of row `i` under `coefficients`, with counters times `dense_scale`.
    [[nodiscard]] float dot(std::size_t i, std::span<const float> coefficients,
                            float dense_scale) const noexcept;
    /// gradient += factor * row
    void add(std::size_t i, float factor, float dense_scale,
             std::span<float> gradient) const noexcept;

private:
    std::vector<std::size_t> begin_;
    std::vector<std::uint16_t> buckets_;
    std::vector<float> norm_;
    std::vector<std::int16_t> system_;  ///< -1: none.
    std::vector<float> dense_;
};

[[nodiscard]] Standard standardise(std::span<const Features* const> rows);

/// What is learned for one head.
struct Coefficients {
    std::vector<float> values = std::vector<float>(coefficient_count, 0.0F);
    float bias = 0;
};

struct Penalty {
    float c = 0.3F;            ///< Weight of the data against the L2 norm.
    float dense_scale = 0.1F;  ///< Counters times this: smaller trusts them less.
    friend bool operator==(const Penalty&, const Penalty&) = default;
};

/// Logistic regression with L2 by L-BFGS: minimises |w|^2/2 + c sum weight*loss(row, target) from
/// `start` on. Targets may lie between 0 and 1. The bias is not penalised.
[[nodiscard]] Coefficients fit_logistic(const Design& design, std::span<const float> targets,
                                        std::span<const float> weights, const Penalty& penalty,
                                        Coefficients start);

}  // namespace spillway::score
