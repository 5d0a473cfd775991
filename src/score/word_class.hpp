#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::score {

inline constexpr std::uint64_t fnv_basis = 0xcbf29ce484222325U;
inline constexpr std::uint64_t fnv_prime = 0x100000001b3U;

[[nodiscard]] constexpr std::uint64_t fnv1a(std::string_view text)
{
    auto hash = fnv_basis;
    for (const char c : text)
        hash = (hash ^ static_cast<unsigned char>(c)) * fnv_prime;
    return hash;
}

/// Kinds of words that are counted. A word has one kind at most.
enum class WordClass : std::uint8_t {
    none,
    negation,
    more_or_less,
    ages,
    comparison,
    multiples,
    each_one,
    leftovers,
    parts,
    rates,
    totals,
    which_words,
    explaining,
    making,
    mathematics,
    supposing,
    amounts,
    durations,
    money,
    units,
    sequence,
    beginnings,
    joining,
    contrast,
    persons,
    you_and_me,
    duty,
    judging,
    function_words,
    definite,
    indefinite,
    small_talk,
    code_word,
    label,
    count_,
};

/// The class of the lower-case word with this FNV-1a hash.
[[nodiscard]] WordClass word_class(std::uint64_t hash) noexcept;

}  // namespace spillway::score
