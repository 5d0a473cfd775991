#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "checksums.hpp"
#include "spillway/privacy/class_set.hpp"

namespace spillway::privacy {

/// How sure a form is by itself.
enum class Proof : std::uint8_t {
    sure,  ///< Shape and checksum are seldom met by chance.
    cued,  ///< Plain numbers look the same: a word nearby has to say what it is.
};

/// One way to write a number.
struct NumberForm {
    ClassId id;
    Proof proof;
    /// '1'..'9' and 'a' (10) to 'j' (19): so many digits. 'L': one capital letter. Else: itself.
    std::string_view shape;
    bool (*valid)(Digits);
};

inline constexpr std::size_t longest_run = 19;
inline constexpr std::size_t most_digits = 24;

/// The forms whose first run of digits is `run` long.
[[nodiscard]] std::span<const NumberForm> forms_starting(std::size_t run);

/// Characters of a shape before its first digits.
[[nodiscard]] constexpr std::size_t lead_of(std::string_view shape)
{
    std::size_t lead = 0;
    while (shape[lead] == 'L' || shape[lead] == ' ' || shape[lead] == '-') {
        ++lead;
    }
    return lead;
}

/// A number read from a text.
struct ReadNumber {
    std::array<std::uint8_t, most_digits> digits{};
    std::size_t count = 0;
    std::size_t end = 0;  ///< Behind it in the text.

    [[nodiscard]] Digits all() const { return Digits(digits).first(count); }
};

/// Reads `shape` at `begin`. Says nothing about what stands before and behind.
[[nodiscard]] std::optional<ReadNumber> read_shape(std::string_view text, std::size_t begin,
                                                   std::string_view shape);

}  // namespace spillway::privacy
