#pragma once

#include <cstdint>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/tokens/byte_classes.hpp"
#include "spillway/tokens/family.hpp"

namespace spillway::tokens {

/// How a count came about.
enum class Certainty : std::uint8_t { exact, estimated };

/// A count of tokens and the upper end of its error band. Limits use the upper end, money the
/// count.
struct Count {
    Tokens tokens{0};
    Tokens upper{0};  ///< At least `tokens`; equal when exact.
    Certainty certainty = Certainty::exact;
    [[nodiscard]] bool operator==(const Count&) const = default;
};

/// The sum of two parts; exact only when both are.
[[nodiscard]] Count operator+(const Count& a, const Count& b);

/// A count that has no band: configured overheads, exact results.
[[nodiscard]] Count exactly(Tokens tokens);

/// Estimates a text's tokens from its byte classes with coefficients fitted for one family
/// (scripts/fit_token_estimator.py). `upper` is fitted to hold for 97.5 % of texts.
class Estimator {
public:
    explicit Estimator(Family family) : family_(family) {}
    [[nodiscard]] Count estimate(const ByteClasses& classes) const;
    [[nodiscard]] Count estimate(std::string_view text) const { return estimate(classify(text)); }
    [[nodiscard]] Family family() const { return family_; }

private:
    Family family_;
};

}  // namespace spillway::tokens
