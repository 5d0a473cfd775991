#pragma once

#include <cstdint>
#include <string_view>

#include "spillway/score/features.hpp"

namespace spillway::score {

/// One character outside ASCII, as far as tokens care.
struct WideCharacter {
    enum class Kind : std::uint8_t { letter, lone, mark, blank };
    std::uint32_t code = 0xFFFD;  ///< Lower case where that is simple.
    std::uint8_t size = 1;        ///< Bytes; a malformed byte stands alone.
    Kind kind = Kind::mark;       ///< `lone`: a letter that is a token by itself.
    Script script = Script::other;
    bool upper = false;
};

/// The character at the start of `text`, whose first byte is >= 0x80.
[[nodiscard]] WideCharacter wide_character(std::string_view text) noexcept;

}  // namespace spillway::score
