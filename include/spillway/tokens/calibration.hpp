#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/tokens/estimator.hpp"

namespace spillway::tokens {

/// What one model's reported prompt tokens say about our estimates: a histogram of their ratio.
/// Its median corrects estimates (it minimises the mean relative error, so single odd reports do
/// not matter), its 97.5th percentile replaces the fitted band once enough has been seen. A value
/// of 200 bytes: copy it, add two of them, write it into a record. Old reports fade: when the
/// histogram is full, all counts are halved.
class Calibration {
public:
    static constexpr std::size_t bins = 96;

    /// A request whose prompt we put at `estimated` and the upstream at `reported`. Larger prompts
    /// weigh more, up to four times; nothing is learned from numbers below one, nor from reports
    /// that no tokenizer explains: less than half of the estimate, more than four times as much.
    void observe(Tokens estimated, Tokens reported);

    /// `estimate` in the light of what was seen; its upper end is never below what was estimated.
    /// Exact counts stay as they are.
    [[nodiscard]] Count apply(const Count& estimate) const;

    /// What estimates are multiplied with: 1 while nothing is known.
    [[nodiscard]] double factor() const;

    /// Sum of weights seen and not yet faded.
    [[nodiscard]] std::uint32_t weight() const;

    Calibration& operator+=(const Calibration& other);
    [[nodiscard]] bool operator==(const Calibration&) const = default;

    /// "1;45:3,46:12": version, then bins that hold something.
    [[nodiscard]] std::string to_row() const;
    [[nodiscard]] static Result<Calibration> from_row(std::string_view row);

private:
    void halve_when_full();
    [[nodiscard]] double ratio_at(double share) const;

    std::array<std::uint16_t, bins> seen_{};
};

}  // namespace spillway::tokens
