#pragma once

#include <cstdint>

namespace spillway::tokens {

/// Bytes that the automaton need not tell apart.
enum class Sort : std::uint8_t {
    lower,
    upper,
    digit,
    space,
    tab,
    newline,
    stop,
    quote,
    bracket,
    slash,
    rule,
    underscore,
    oper,
    control,
    // continuation bytes, told apart as far as a script depends on them
    next_80,
    next_81,
    next_84,
    next_9f,
    next_a0,
    next_b8,
    next_bc,
    next_bd,
    next_be,
    // first bytes
    c2,
    latin,
    latin_east,
    combining,
    greek,
    cyrillic,
    hebrew,
    arabic,
    rare,
    e0,
    e1,
    e2,
    e3,
    han_low,
    han_high,
    hangul,
    ef,
    f0,
    count
};

[[nodiscard]] Sort sort_of(unsigned char byte);

}  // namespace spillway::tokens
