#pragma once

#include <compare>
#include <cstdint>

namespace spillway::config {

/// Where something stands. Line and column count from one; line zero means the file as a whole.
struct Position {
    std::uint32_t file = 0;  ///< As given by `Findings::add_file`.
    std::uint32_t line = 0;
    std::uint32_t column = 0;

    friend auto operator<=>(const Position&, const Position&) = default;
};

}  // namespace spillway::config
