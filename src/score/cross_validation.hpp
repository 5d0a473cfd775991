#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "logistic.hpp"
#include "spillway/score/train.hpp"

namespace spillway::score {

/// Rows by reference: a fold, or all.
using Rows = std::vector<const LabelledRow*>;

/// Both heads, learned on some rows.
struct HeadPair {
    Standard standard;
    std::array<Coefficients, head_count> heads;
};

/// Learns both heads on all of `rows` with the setting of `trial`.
[[nodiscard]] HeadPair fit_pair(const Rows& rows, const Trial& trial);

/// Log odds of both heads for one row.
using LogOdds = std::array<float, head_count>;
[[nodiscard]] std::vector<LogOdds> log_odds(const HeadPair& pair, const Rows& rows);

/// Maps log odds to a probability: 1 / (1 + exp(-(slope * z + offset))).
struct Platt {
    float slope = 1;
    float offset = 0;
    [[nodiscard]] float operator()(float z) const noexcept;
};
/// Fitted to rows that the log odds were not learned from. Never turns an order around.
[[nodiscard]] std::array<Platt, head_count> calibrate(const Rows& rows,
                                                      std::span<const LogOdds> odds);

[[nodiscard]] float gain(const std::array<Platt, head_count>& calibration, const LogOdds& odds);

/// Scores beside the outcomes of their rows.
[[nodiscard]] std::vector<Judged> judged(const Rows& rows, std::span<const LogOdds> odds);

/// What cross-validation found on `rows`.
struct Choice {
    Trial best;
    std::vector<Trial> trials;
    std::vector<LogOdds> out_of_fold;  ///< With the best setting, in the order of the rows.
};
[[nodiscard]] Choice choose(const Rows& rows);

/// Scores with the setting chosen inside each fold, in the order of the rows.
[[nodiscard]] std::vector<Judged> nested(const Rows& rows);

}  // namespace spillway::score
