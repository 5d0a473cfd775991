#pragma once

#include <array>
#include <cstdint>

#include "spillway/tokens/byte_classes.hpp"

namespace spillway::tokens {

/// A finite automaton over bytes whose states know what a byte is to a tokenizer: the position in
/// its word, the script, how often the run changed between capitals, small letters and digits.
/// Counting visits of states is all that `classify` does per byte.
class ByteMachine {
public:
    static constexpr std::size_t most_states = 256;
    static constexpr std::uint8_t start = 0;

    /// Built once, on first use (17 kB).
    [[nodiscard]] static const ByteMachine& the();

    [[nodiscard]] std::uint8_t next(std::uint8_t state, unsigned char byte) const
    {
        return next_[state][sort_of_byte_[byte]];
    }
    /// The byte class that a visit to `state` counts as; `uncounted` for bytes that others
    /// announced.
    [[nodiscard]] std::size_t class_of(std::size_t state) const { return class_of_[state]; }
    static constexpr std::size_t uncounted = byte_class_count;

    [[nodiscard]] std::size_t size() const { return size_; }

private:
    ByteMachine();

    static constexpr std::size_t row = 64;  // sorts of bytes, rounded up
    std::array<std::uint8_t, 256> sort_of_byte_{};
    std::array<std::array<std::uint8_t, row>, most_states> next_{};
    std::array<std::uint8_t, most_states> class_of_{};
    std::size_t size_ = 0;
};

}  // namespace spillway::tokens
