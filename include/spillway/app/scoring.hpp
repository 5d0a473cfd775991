#pragma once

#include <iosfwd>

#include "spillway/app/cli.hpp"

namespace spillway::app {

/// `spillway features`: prints what the score sees of each prompt, one JSON object per line.
/// @return The exit code, as of all here: 1 when a line or a file cannot be read.
[[nodiscard]] int print_features(std::istream& in, std::ostream& out, std::ostream& problems);

/// `spillway score`: prints `id<TAB>score` per prompt; higher gains more from the strong model.
[[nodiscard]] int print_scores(const PrintScores& wish, std::istream& in, std::ostream& out,
                               std::ostream& problems);

/// `spillway train`: learns weights from labelled prompts and reports how well they sort.
[[nodiscard]] int train_weights(const TrainWeights& wish, std::istream& in, std::ostream& out,
                                std::ostream& problems);

}  // namespace spillway::app
