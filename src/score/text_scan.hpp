#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "spillway/score/features.hpp"
#include "word_class.hpp"

namespace spillway::score {

/// What one pass over the window counts.
struct TextCounts {
    std::array<std::uint32_t, 256> bytes{};  ///< Of everything but letters.
    std::array<std::uint32_t, static_cast<std::size_t>(WordClass::count_)> classes{};
    std::array<std::uint32_t, script_count> letters{};
    std::size_t buckets = 0;    ///< Distinct ones, in `ScanMemory::buckets`.
    std::size_t new_words = 0;  ///< In `ScanMemory::words`.
    std::uint32_t words = 0;
    std::uint32_t tokens = 0;
    std::uint32_t word_bytes = 0;
    std::uint32_t longest_word = 0;
    std::uint32_t long_words = 0;
    std::uint32_t very_long_words = 0;
    std::uint32_t upper = 0;
    std::uint32_t capitalised = 0;
    std::uint32_t acronyms = 0;
    std::uint32_t other_bytes = 0;  ///< Bytes of characters outside ASCII.
    std::uint32_t marks = 0;        ///< Punctuation, also outside ASCII.
    std::uint32_t digits = 0;
    std::uint32_t numbers = 0;
    std::uint32_t longest_number = 0;
    std::uint32_t decimals = 0;
    std::uint32_t sentences = 0;
    std::uint32_t gaps = 0;  ///< Runs of underscores: a cloze.
    std::uint32_t lines = 0;
    std::uint32_t blank_lines = 0;
    std::uint32_t options = 0;
    std::uint32_t numeric_options = 0;
    std::uint32_t option_bytes = 0;
    std::uint32_t shortest_option = 0;
    std::uint32_t longest_option = 0;
    float options_alike = 0;      ///< Of their words, 0 to 1, over all pairs.
    float two_options_alike = 0;  ///< The same of the pair that is most alike.
    std::uint32_t bullets = 0;
    std::uint32_t code_lines = 0;
    std::uint32_t fences = 0;
    WordClass first_class = WordClass::none;
    char last_mark = '\0';  ///< The last byte that is not blank.
};

/// Where a scan puts what it finds. Large enough for any window.
struct ScanMemory {
    std::span<std::uint64_t> seen;  ///< One bit per bucket; all clear at the start.
    std::span<std::uint16_t> buckets;
    std::span<std::uint16_t> words;
};

/// Reads a window once: tokens are letter runs (lower-cased), single digits and single marks;
/// characters of scripts that write without spaces are tokens of their own. Puts the hashes of
/// tokens and of neighbouring pairs, and the short hashes of words, into `memory`.
[[nodiscard]] TextCounts scan_text(std::string_view window, const ScanMemory& memory);

}  // namespace spillway::score
