#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/score/apgr.hpp"
#include "spillway/score/features.hpp"
#include "spillway/score/weights.hpp"

namespace spillway::score {

/// One prompt that both models answered.
struct LabelledRow {
    Features features;
    float weak = 0;           ///< Quality of the weak model's answer, 0..1.
    float strong = 0;         ///< Of the strong one's.
    float weight = 1;         ///< Requests it stands for: 1 / chance of being sampled.
    std::uint64_t group = 0;  ///< Hash of the prompt's id: equal prompts share a fold.
};

/// How honest the report is to be; nesting costs five times the time.
enum class Validation : std::uint8_t { cross, nested };

struct TrainOptions {
    std::string name;
    WallTime created{};
    Validation validation = Validation::cross;
};

/// A setting that was tried, and how it did out of fold.
struct Trial {
    /// Strength of the data against the penalty, of each head. Sets of 2,500 prompts and more have
    /// one for both.
    std::array<float, head_count> c{};
    float dense_scale = 0;  ///< Times the standardised counters: smaller trusts them less.
    float step_scale = 1;   ///< Times the counts of the finer classes of words as well.
    double apgr = 0.5;
    friend bool operator==(const Trial&, const Trial&) = default;
};

struct TrainReport {
    std::size_t rows = 0;
    double weak = 0;    ///< Mean quality of the weak model.
    double strong = 0;  ///< Of the strong one.
    std::vector<Trial>
        trials;  ///< With the best strength of the second head for each of the first.
    Trial chosen;
    /// Out of fold with the chosen setting: slightly hopeful, since these rows chose it.
    Interval cross_validated;
    /// With the setting chosen anew inside every fold; only when asked for.
    std::optional<Interval> nested;
    Curve curve;  ///< Of the nested scores when there are some, else of the others.

    /// The more honest of the two intervals.
    [[nodiscard]] const Interval& apgr() const noexcept
    {
        return nested ? *nested : cross_validated;
    }
};

struct Trained {
    Weights weights;
    TrainReport report;
};

/// Fewer rows cannot be divided into folds that mean something.
inline constexpr std::size_t fewest_rows = 50;

/// Learns two logistic heads with L2. The strength of the penalty is chosen by cross-validation on
/// these rows. Deterministic: the same rows and options give the same bytes.
[[nodiscard]] Result<Trained> train(std::span<const LabelledRow> rows, const TrainOptions& options);

/// How `weights` do on rows that they were not trained on.
[[nodiscard]] std::vector<Judged> judge(const Weights& weights, std::span<const LabelledRow> rows);

}  // namespace spillway::score
