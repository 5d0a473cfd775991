#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

/// The escapes inside JSON strings: which exist, and how long they are once unescaped.
namespace spillway::dialect {

/// What was found out about the escapes of a stretch of a string.
struct EscapeScan {
    static constexpr std::size_t no_fault = SIZE_MAX;

    std::size_t saved = 0;         ///< Bytes that the text gets shorter by when it is unescaped.
    std::size_t fault = no_fault;  ///< The first backslash that begins no escape.
};

/// Checks the escapes in [`from`, `end`) of `text`: the inside of a string, or the rest of one that
/// does not begin behind a backslash. A closing quote stands at `end`, 64 readable bytes behind it.
[[nodiscard]] EscapeScan scan_escapes(std::string_view text, std::size_t from, std::size_t end);

/// The same, one escape after the other: for CPUs without AVX2, and what tests compare with.
[[nodiscard]] EscapeScan scan_escapes_one_by_one(std::string_view text, std::size_t from,
                                                 std::size_t end);

namespace detail {

inline constexpr auto hex_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    for (int digit = 0; digit < 16; ++digit) {
        constexpr std::string_view small = "0123456789abcdef";
        constexpr std::string_view large = "0123456789ABCDEF";
        const auto at = static_cast<std::size_t>(digit);
        values[static_cast<unsigned char>(small[at])] = static_cast<std::int8_t>(digit);
        values[static_cast<unsigned char>(large[at])] = static_cast<std::int8_t>(digit);
    }
    return values;
}();

}  // namespace detail

/// The value of the four hex digits at `digits`; negative when one of them is none.
[[nodiscard]] inline int hex4(const char* digits)
{
    const auto value = [digits](std::size_t at) -> int {
        return detail::hex_values[static_cast<unsigned char>(digits[at])];
    };
    // A digit that is none is -1: its sign survives the others.
    return value(0) * 4096 | value(1) * 256 | value(2) * 16 | value(3);
}

[[nodiscard]] constexpr bool is_high_surrogate(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

[[nodiscard]] constexpr bool is_low_surrogate(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/// What a one-letter escape stands for; NUL when there is no such escape.
[[nodiscard]] constexpr char plain_escape(char letter)
{
    switch (letter) {
        case '"':
        case '\\':
        case '/':
            return letter;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return '\0';
    }
}

}  // namespace spillway::dialect
