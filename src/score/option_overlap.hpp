#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace spillway::score {

/// How much the answers to choose from share their words: for each pair, what both hold of what
/// either holds. Answers that differ in one word ask for care, those that differ in all for
/// knowledge. Tokens are taken into 256 bits, which bends the shares of long answers a little.
class OptionOverlap {
public:
    /// One token of the option that is being read.
    void add(std::uint64_t hash)
    {
        const auto bit = hash % (64 * words);
        open_[bit / 64] |= std::uint64_t{1} << (bit % 64);
    }
    /// An option begins.
    void begin() { open_ = {}; }
    /// The option ended: it is compared with those before it. Beyond the tenth none is.
    void end()
    {
        if (count_ == kept_.size())
            return;
        for (std::size_t i = 0; i < count_; ++i) {
            const float alike = overlap(kept_[i], open_);
            sum_ += alike;
            most_ = std::max(most_, alike);
        }
        kept_[count_++] = open_;
    }

    /// Of all pairs, 0 to 1; 0 when there is none.
    [[nodiscard]] float mean() const
    {
        const auto pairs = count_ * (count_ - (count_ == 0 ? 0 : 1)) / 2;
        return pairs == 0 ? 0.0F : sum_ / static_cast<float>(pairs);
    }
    /// Of the two that are most alike.
    [[nodiscard]] float most() const { return most_; }

private:
    static constexpr std::size_t words = 4;
    static constexpr std::size_t most_options = 10;  ///< A to J
    using Tokens = std::array<std::uint64_t, words>;

    static float overlap(const Tokens& a, const Tokens& b)
    {
        int both = 0;
        int either = 0;
        for (std::size_t i = 0; i < words; ++i) {
            both += std::popcount(a[i] & b[i]);
            either += std::popcount(a[i] | b[i]);
        }
        return either == 0 ? 0.0F : static_cast<float>(both) / static_cast<float>(either);
    }

    Tokens open_{};
    std::array<Tokens, most_options> kept_{};
    std::size_t count_ = 0;
    float sum_ = 0;
    float most_ = 0;
};

}  // namespace spillway::score
