#pragma once

#include <cstdint>

#include "spillway/base/units.hpp"

namespace spillway::guard {

/// A moving average of latencies that rises at once and falls slowly: a deployment that has just
/// become slow is known to be slow now, and one quick answer does not make it quick again.
///
/// The smooth part moves by a fifth with each sample; what a sample lies above it is added in full
/// and halves every ten seconds.
class PeakAverage {
public:
    void add(double sample, TimePoint now);

    /// 0 when nothing was measured in the last five minutes: an engine has unloaded its model by
    /// then, and whoever was slow deserves another try.
    [[nodiscard]] double at(TimePoint now) const;
    /// Without peaks, whenever it was measured; 0: never. One wild sample moves it little.
    [[nodiscard]] double smooth() const { return smooth_; }
    /// Since the beginning, or since `start_count`.
    [[nodiscard]] std::uint32_t samples() const { return samples_; }
    void start_count() { samples_ = 0; }

private:
    [[nodiscard]] double excess(TimePoint now) const;

    double smooth_ = 0;
    double excess_ = 0;  ///< What the peak lay above the smooth part at `measured_`.
    TimePoint measured_{};
    std::uint32_t samples_ = 0;
};

}  // namespace spillway::guard
