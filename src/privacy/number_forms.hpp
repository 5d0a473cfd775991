#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "checksums.hpp"
#include "number_rules.hpp"
#include "spillway/privacy/class_set.hpp"

namespace spillway::privacy {

/// How sure a form is by itself.
enum class Proof : std::uint8_t {
    sure,  ///< Shape and checksum are seldom met by chance.
    cued,  ///< Plain numbers look the same: a word nearby has to say what it is.
};

/// How many digits an element of a shape stands for; 0 when it is a mark or a letter.
[[nodiscard]] constexpr std::size_t run_of(char element)
{
    if (element >= '1' && element <= '9') {
        return static_cast<std::size_t>(element - '0');
    }
    return element >= 'a' && element <= 'j' ? static_cast<std::size_t>(element - 'a' + 10) : 0;
}

/// The digits that a number of a form may begin with, a bit for each.
inline constexpr unsigned any_first = 0b11'1111'1111;
inline constexpr unsigned zero_first = 0b00'0000'0001;  ///< Phone numbers with a trunk prefix.
inline constexpr unsigned zero_or_one_first = 0b00'0000'0011;  ///< Japanese and Chinese ones.
inline constexpr unsigned card_first = 0b00'0111'1100;         ///< Issuers begin with 2 to 6.
inline constexpr unsigned two_or_more_first = 0b11'1111'1100;

/// One way to write a number.
struct NumberForm {
    /// @param how  '1'..'9' and 'a' (10) to 'j' (19): so many digits. 'L': one capital letter.
    /// Else:
    ///             itself.
    /// @param first  Digits that it may begin with.
    constexpr NumberForm(ClassId what, Proof by, std::string_view how, bool (*rule)(Digits),
                         unsigned first = any_first)
        : id(what), proof(by), shape(how), valid(rule), firsts(first)
    {
        while (run_of(shape[lead]) == 0) {
            ++lead;
        }
        run = run_of(shape[lead]);
        before = lead == 0 ? '\0' : shape[lead - 1];
        after = lead + 1 < shape.size() ? shape[lead + 1] : '\0';
        second = lead + 2 < shape.size() ? run_of(shape[lead + 2]) : 0;
    }

    ClassId id;
    Proof proof;
    std::string_view shape;
    bool (*valid)(Digits);
    // What tells most forms apart at a glance, taken from the shape:
    unsigned firsts;         ///< Bits of the digits it may begin with.
    std::size_t lead = 0;    ///< Characters before the first digits.
    std::size_t run = 0;     ///< First digits.
    char before = '\0';      ///< Right before the first digits.
    char after = '\0';       ///< Right behind them.
    std::size_t second = 0;  ///< Digits behind `after`.
};

inline constexpr std::size_t longest_run = 19;
inline constexpr std::size_t most_digits = 24;

/// The forms whose first run of digits is `run` long.
[[nodiscard]] std::span<const NumberForm> forms_starting(std::size_t run);

/// Is there any form whose first run is `run` long, with `after` behind it and then `second`
/// digits?
[[nodiscard]] bool any_form(std::size_t run, char after, std::size_t second);

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
