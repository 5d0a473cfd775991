#pragma once

#include <optional>
#include <span>
#include <string>

#include "spillway/score/train.hpp"

namespace spillway::score {

/// New weights are activated only when the lower end of their interval reaches this.
inline constexpr double least_lower_bound = 0.53;
/// Comparisons under which nothing is learned.
inline constexpr std::size_t fewest_comparisons = 100;

enum class Verdict : std::uint8_t {
    activate,
    too_few_rows,
    no_gap,         ///< The strong model is not better on this traffic: there is nothing to route.
    not_certain,    ///< The lower bound is under `least_lower_bound`.
    current_better  ///< The weights in use do better on the same rows.
};
[[nodiscard]] std::string_view describe(Verdict verdict) noexcept;

/// What the operator's own comparisons taught.
struct Learned {
    Verdict verdict = Verdict::too_few_rows;
    std::optional<Trained> trained;  ///< Also when refused, except for too few rows.
    Interval current{0.5, 0, 1};     ///< The weights in use, on the same rows.
    double lower_bound = 0;          ///< Of nested cross-validation.
    [[nodiscard]] bool may_activate() const noexcept { return verdict == Verdict::activate; }
};

/// Trains on comparisons from the operator's own traffic and judges whether the result may be used.
/// @param current  The weights in use. If they were learned from some of the same rows, they look
///                 better than they are, and the new ones are refused sooner.
[[nodiscard]] Result<Learned> learn(std::span<const LabelledRow> rows, const Weights& current,
                                    TrainOptions options);

}  // namespace spillway::score
