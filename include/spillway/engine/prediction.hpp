#pragma once

#include <cstdint>

#include "spillway/base/units.hpp"

namespace spillway::engine {

/// One prediction against what came true.
struct Miss {
    Millis error{};    ///< Truth less prediction: more than 0 is later than promised.
    Millis size{};     ///< Without its sign.
    double ratio = 1;  ///< Truth to prediction, both at least 100 ms: below that nobody notices.
};
[[nodiscard]] Miss miss(Millis predicted, Millis truth);

/// Running figures of an engine's predictions, of about the last hundred. Not thread-safe.
class PredictionError {
public:
    void record(Millis predicted, Millis truth);
    [[nodiscard]] Millis bias() const;       ///< Mean error; more than 0: too hopeful.
    [[nodiscard]] Millis mean_size() const;  ///< Mean without sign.
    [[nodiscard]] std::uint64_t count() const { return count_; }

private:
    double bias_ms_ = 0;
    double size_ms_ = 0;
    std::uint64_t count_ = 0;
};

}  // namespace spillway::engine
