#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "head_sums.hpp"
#include "spillway/score/features.hpp"

namespace spillway::score {

/// Mean and standard deviation of every counter; a counter that never changes has scale 0.
struct Standard {
    std::array<float, dense_count> mean{};
    std::array<float, dense_count> scale{};  ///< 1 / standard deviation.
    [[nodiscard]] float operator()(const Features& features, std::size_t i) const noexcept;
};

/// What is learned for one head.
struct Coefficients {
    std::vector<float> words = std::vector<float>(bucket_count);
    std::vector<float> systems = std::vector<float>(system_count);
    std::array<float, dense_count> dense{};  ///< Per standard deviation.
    float bias = 0;
};

/// How far counters are trusted against the wording. Smaller: they are penalised more.
struct CounterTrust {
    float all = 0.1F;    ///< Times every counter.
    float steps = 1.0F;  ///< Times the counts of the finer classes of words as well.
};

/// A training set laid out for fast passes: sparse wording in as few columns as it needs, dense
/// standardised counters. One vector of parameters holds the columns of the wording, the systems,
/// the counters, and the bias, in this order.
class Design {
public:
    Design(std::span<const Features* const> rows, const Standard& standard,
           const CounterTrust& trust);

    [[nodiscard]] std::size_t rows() const noexcept { return norm_.size(); }
    [[nodiscard]] std::size_t parameters() const noexcept { return bias_at() + 1; }
    /// The log odds of row `i`.
    [[nodiscard]] float dot(std::size_t i, std::span<const float> parameters) const noexcept;
    /// gradient += factor * row
    void add(std::size_t i, float factor, std::span<float> gradient) const noexcept;
    /// Parameters under the names that scoring knows them by.
    [[nodiscard]] Coefficients named(std::span<const float> parameters) const;

private:
    [[nodiscard]] std::size_t systems_at() const noexcept { return columns_.size(); }
    [[nodiscard]] std::size_t dense_at() const noexcept { return systems_at() + system_count; }
    [[nodiscard]] std::size_t bias_at() const noexcept { return dense_at() + dense_count; }

    std::vector<std::uint16_t> columns_;  ///< The bucket that each column stands for.
    std::vector<std::size_t> begin_;      ///< Of each row, in `entries_`.
    std::vector<std::uint16_t> entries_;  ///< Columns that are present.
    std::vector<float> norm_;
    std::vector<std::int16_t> system_;  ///< -1: none.
    std::array<float, dense_count> trust_{};
    std::vector<float> dense_;  ///< Standardised, times `trust_`.
};

[[nodiscard]] Standard standardise(std::span<const Features* const> rows);

/// Logistic regression with L2 by L-BFGS: minimises |w|^2/2 + c sum weight*loss(row, target) from
/// `start` on. Targets may lie between 0 and 1. The bias is not penalised.
[[nodiscard]] std::vector<float> fit_logistic(const Design& design, std::span<const float> targets,
                                              std::span<const float> weights, float c,
                                              std::vector<float> start);

}  // namespace spillway::score
