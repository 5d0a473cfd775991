#pragma once

#include <array>
#include <cstdint>
#include <vector>

namespace spillway::tokens {

/// What the split patterns ask of a character. A set of bits: ideographs are upper and lower, marks
/// are both without being letters.
using CharClass = std::uint8_t;
inline constexpr CharClass upper_like = 1;  ///< \p{Lu} \p{Lt} \p{Lm} \p{Lo} \p{M}
inline constexpr CharClass lower_like = 2;  ///< \p{Ll} \p{Lm} \p{Lo} \p{M}
inline constexpr CharClass letter = 4;      ///< \p{L}
inline constexpr CharClass number = 8;      ///< \p{N}
inline constexpr CharClass white = 16;      ///< \s
inline constexpr CharClass line_end = 32;   ///< \r \n

/// A character at the front of some bytes.
struct Character {
    CharClass kind;
    std::uint8_t length;
};

/// Character classes of the Unicode version that the reference has, in two stages.
class CharClasses {
public:
    /// Unpacked on first use (50 kB).
    [[nodiscard]] static const CharClasses& the();

    [[nodiscard]] CharClass of(std::uint32_t code) const
    {
        return blocks_[block_[code >> 8]][code & 0xff];
    }
    /// Decodes at `at`; a byte that is no UTF-8 is a character of no class.
    [[nodiscard]] Character read(const char* at, const char* end) const
    {
        const auto first = static_cast<unsigned char>(*at);
        return first < 0x80 ? Character{ascii_[first], 1} : read_long(at, end);
    }

private:
    CharClasses();
    [[nodiscard]] Character read_long(const char* at, const char* end) const
    {
        const auto byte = [&](int i) {
            return static_cast<std::uint32_t>(static_cast<unsigned char>(at[i]));
        };
        const auto follows = [&](int i) { return (byte(i) & 0xc0) == 0x80; };
        const std::uint32_t first = byte(0);
        const auto left = end - at;
        if (first >= 0xe0 && first < 0xf0 && left >= 3 && follows(1) && follows(2))
            return {of((first & 0x0f) << 12 | (byte(1) & 0x3f) << 6 | (byte(2) & 0x3f)), 3};
        if (first >= 0xc2 && first < 0xe0 && left >= 2 && follows(1))
            return {of((first & 0x1f) << 6 | (byte(1) & 0x3f)), 2};
        if (first >= 0xf0 && first < 0xf5 && left >= 4 && follows(1) && follows(2) && follows(3)) {
            const std::uint32_t code = (first & 0x07) << 18 | (byte(1) & 0x3f) << 12 |
                                       (byte(2) & 0x3f) << 6 | (byte(3) & 0x3f);
            if (code < 0x110000)
                return {of(code), 4};
        }
        return {0, 1};
    }

    std::array<CharClass, 128> ascii_{};
    std::array<std::uint8_t, 0x1100> block_{};
    std::vector<std::array<CharClass, 256>> blocks_;
};

}  // namespace spillway::tokens
