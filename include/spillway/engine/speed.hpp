#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "spillway/base/units.hpp"

namespace spillway::engine {

/// A positive figure learned from samples: a running mean of its logarithm, so that twice and half
/// weigh the same. The first samples weigh more than the guess that it begins with, and one sample
/// moves it by no more than its weight of a factor of four, however far off it is.
class Learned {
public:
    /// @param guess  Value while there is no sample; more than 0.
    explicit Learned(double guess);
    /// @param weight  From 0 (ignored) to 1 (as good as a sample can be). Samples that are not
    ///                more than 0 are ignored.
    void sample(double value, double weight = 1);
    [[nodiscard]] double value() const;
    [[nodiscard]] std::uint32_t samples() const { return samples_; }

private:
    double log_;
    double weight_ = 0;  ///< Of what was learned, up to that of a long memory.
    std::uint32_t samples_ = 0;
};

/// How long answers get: a histogram of tokens on a logarithmic scale that forgets slowly.
class AnswerLengths {
public:
    AnswerLengths();
    void sample(Tokens generated);
    /// Tokens that an answer of more than `written` has still to come, on average.
    /// @param most  The client's wish (`max_tokens`), which cuts it.
    [[nodiscard]] Tokens beyond(Tokens written, std::optional<Tokens> most) const;
    /// The same for the one of which so large a share (0 to 1) of those answers is shorter.
    [[nodiscard]] Tokens beyond(Tokens written, std::optional<Tokens> most, double share) const;
    [[nodiscard]] Tokens typical(std::optional<Tokens> most) const
    {
        return beyond(Tokens{}, most);
    }
    [[nodiscard]] std::uint32_t samples() const { return samples_; }

private:
    struct Part {
        double low;
        double high;
        double weight;
    };
    [[nodiscard]] Part part_of(std::size_t step, double from) const;

    static constexpr std::size_t steps = 34;  ///< Half octaves: 2^17 tokens.
    std::array<double, steps> weights_{};
    std::uint32_t samples_ = 0;
};

}  // namespace spillway::engine
