#include "utf8.hpp"

#include <array>

namespace spillway::score {

namespace {

using Kind = WideCharacter::Kind;

struct Decoded {
    std::uint32_t code;
    std::uint8_t size;
};

constexpr Decoded malformed{0xFFFD, 1};

Decoded decode(std::string_view text)
{
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const auto tail = [&](std::size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
    const auto lead = byte(0);
    if (lead >= 0xC2 && lead < 0xE0 && tail(1))
        return {((lead & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2};
    if (lead >= 0xE0 && lead < 0xF0 && tail(1) && tail(2))
        return {((lead & 0x0FU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU), 3};
    if (lead >= 0xF0 && lead < 0xF5 && tail(1) && tail(2) && tail(3))
        return {((lead & 0x07U) << 18U) | ((byte(1) & 0x3FU) << 12U) | ((byte(2) & 0x3FU) << 6U) |
                    (byte(3) & 0x3FU),
                4};
    return malformed;
}

struct Range {
    std::uint32_t first;
    std::uint32_t last;
    Kind kind;
    Script script;
};

/// In order, without overlap. What lies between them is a letter of `other`.
constexpr std::array ranges{
    Range{0x0080, 0x00A0, Kind::blank, Script::none},
    Range{0x00A1, 0x00BF, Kind::mark, Script::none},
    Range{0x00C0, 0x024F, Kind::letter, Script::latin},
    Range{0x0250, 0x036F, Kind::letter, Script::latin},
    Range{0x0370, 0x03FF, Kind::letter, Script::greek},
    Range{0x0400, 0x052F, Kind::letter, Script::cyrillic},
    Range{0x0590, 0x05FF, Kind::letter, Script::hebrew},
    Range{0x0600, 0x06FF, Kind::letter, Script::arabic},
    Range{0x0750, 0x077F, Kind::letter, Script::arabic},
    Range{0x0900, 0x0DFF, Kind::letter, Script::indic},
    Range{0x0E00, 0x0EFF, Kind::lone, Script::thai},
    Range{0x1000, 0x109F, Kind::lone, Script::thai},
    Range{0x1100, 0x11FF, Kind::lone, Script::hangul},
    Range{0x1780, 0x17FF, Kind::lone, Script::thai},
    Range{0x1E00, 0x1EFF, Kind::letter, Script::latin},
    Range{0x1F00, 0x1FFF, Kind::letter, Script::greek},
    Range{0x2000, 0x200F, Kind::blank, Script::none},
    Range{0x2010, 0x2027, Kind::mark, Script::none},
    Range{0x2028, 0x202F, Kind::blank, Script::none},
    Range{0x2030, 0x2BFF, Kind::mark, Script::none},
    Range{0x2E00, 0x2E7F, Kind::mark, Script::none},
    Range{0x2E80, 0x2FFF, Kind::lone, Script::han},
    Range{0x3000, 0x3000, Kind::blank, Script::none},
    Range{0x3001, 0x3004, Kind::mark, Script::none},
    Range{0x3005, 0x3007, Kind::lone, Script::han},
    Range{0x3008, 0x303F, Kind::mark, Script::none},
    Range{0x3040, 0x30FF, Kind::lone, Script::kana},
    Range{0x3130, 0x318F, Kind::lone, Script::hangul},
    Range{0x31F0, 0x31FF, Kind::lone, Script::kana},
    Range{0x3400, 0x9FFF, Kind::lone, Script::han},
    Range{0xAC00, 0xD7FF, Kind::lone, Script::hangul},
    Range{0xF900, 0xFAFF, Kind::lone, Script::han},
    Range{0xFB50, 0xFDFF, Kind::letter, Script::arabic},
    Range{0xFE00, 0xFE6F, Kind::mark, Script::none},
    Range{0xFE70, 0xFEFE, Kind::letter, Script::arabic},
    Range{0xFEFF, 0xFEFF, Kind::blank, Script::none},
    Range{0xFF00, 0xFF0F, Kind::mark, Script::none},
    Range{0xFF1A, 0xFF20, Kind::mark, Script::none},
    Range{0xFF66, 0xFF9F, Kind::lone, Script::kana},
    Range{0xFFE0, 0xFFFF, Kind::mark, Script::none},
    Range{0x1F000, 0x1FAFF, Kind::mark, Script::none},
    Range{0x20000, 0x3FFFF, Kind::lone, Script::han},
};

/// Small letters for the capitals of Latin-1, Greek and Cyrillic, which are laid out in rows.
std::uint32_t folded(std::uint32_t code)
{
    if ((code >= 0xC0 && code <= 0xDE && code != 0xD7) || (code >= 0x391 && code <= 0x3A9) ||
        (code >= 0x410 && code <= 0x42F))
        return code + 0x20;
    if (code >= 0x400 && code <= 0x40F)
        return code + 0x50;
    return code;
}

}  // namespace

WideCharacter wide_character(std::string_view text) noexcept
{
    const auto [code, size] = decode(text);
    if (size == 1)
        return {};
    if (code >= 0x3400 && code <= 0x9FFF)  // most of what is not ASCII in Chinese text
        return {code, size, Kind::lone, Script::han, false};
    WideCharacter found{.code = folded(code), .size = size, .kind = Kind::letter};
    found.upper = found.code != code;
    std::size_t low = 0;
    std::size_t high = ranges.size();
    while (low < high) {
        const auto middle = (low + high) / 2;
        if (code > ranges[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < ranges.size() && code >= ranges[low].first) {
        found.kind = ranges[low].kind;
        found.script = ranges[low].script;
    }
    return found;
}

}  // namespace spillway::score
