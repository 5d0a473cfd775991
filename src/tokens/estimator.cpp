#include "spillway/tokens/estimator.hpp"

#include <algorithm>
#include <cmath>

#include "coefficients.hpp"

namespace spillway::tokens {
namespace {

/// Whose coefficients a family uses and what they are multiplied with. Vocabularies that nobody
/// publishes cannot be fitted: they lean on the nearest one with a wider band, until `Calibration`
/// has seen what the model really counts.
struct Derivation {
    std::size_t row;  ///< of coefficients and upper_coefficients
    double factor;
    double widening;  ///< of the upper end, on top of `factor`
};

constexpr std::array<Derivation, family_count> derivations{{
    {0, 1.0, 1.0},
    {1, 1.0, 1.0},
    {2, 1.0, 1.0},
    {3, 1.0, 1.0},
    {0, 1.05, 1.15},  // gemini: a vocabulary of 256k, digits one by one
    {1, 1.15, 1.20},  // claude: reported 15 to 20 % above o200k on English, more on code
    {2, 1.10, 1.20},  // mistral: 32k and 131k vocabularies under one name
    {2, 1.05, 1.25},  // generic
}};

/// A text of a few words can be off by whole tokens.
constexpr double upper_allowance = 2.0;

double weighed(const std::array<float, byte_class_count>& coefficients, const ByteClasses& classes)
{
    double sum = 0;
    for (std::size_t i = 0; i < byte_class_count; ++i)
        sum += static_cast<double>(coefficients[i]) * classes.counts()[i];
    return sum;
}

}  // namespace

Count operator+(const Count& a, const Count& b)
{
    return {a.tokens + b.tokens, a.upper + b.upper, std::max(a.certainty, b.certainty)};
}

Count exactly(Tokens tokens)
{
    return {tokens, tokens, Certainty::exact};
}

Count Estimator::estimate(const ByteClasses& classes) const
{
    if (classes == ByteClasses{})
        return exactly(Tokens{0});
    const Derivation& derivation = derivations[static_cast<std::size_t>(family_)];
    const double tokens = weighed(coefficients[derivation.row], classes) * derivation.factor;
    const double upper = weighed(upper_coefficients[derivation.row], classes) * derivation.factor *
                             derivation.widening +
                         upper_allowance;
    const auto rounded = std::max<std::int64_t>(1, std::llround(tokens));
    return {Tokens{rounded},
            Tokens{std::max<std::int64_t>(rounded, std::llround(std::ceil(upper)))},
            Certainty::estimated};
}

}  // namespace spillway::tokens
