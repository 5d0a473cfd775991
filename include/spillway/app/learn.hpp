#pragma once

#include <array>
#include <cstddef>
#include <iosfwd>
#include <string>
#include <vector>

#include "spillway/app/cli.hpp"
#include "spillway/ledger/comparison.hpp"
#include "spillway/score/learn.hpp"

namespace spillway::app {

/// Comparisons as training takes them.
struct Lessons {
    std::vector<score::LabelledRow> rows;
    std::array<std::size_t, 4> by_judge{};  ///< Rows, by `review::Judge`.
    std::size_t unreadable = 0;             ///< Features of another version.

    /// What a comparison weighs is how sure its judge is, times the requests it stands for.
    void add(const ledger::Comparison& comparison);
    /// Makes the mean weight one: what rows weigh decides between them, not how much is learned.
    void balance();
};

/// What was learned, for people.
[[nodiscard]] std::string learn_report(const std::string& route, const Lessons& lessons,
                                       const score::Learned& learned);

/// `spillway learn`. @return The exit code: 1 also when the weights are refused.
[[nodiscard]] int learn_weights(const LearnWeights& wish, std::ostream& out,
                                std::ostream& problems);

}  // namespace spillway::app
