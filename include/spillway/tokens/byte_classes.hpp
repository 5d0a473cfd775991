#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"

namespace spillway::tokens {

/// What a byte is to a tokenizer: which character it belongs to and what stands before it. Parts of
/// a character that its other bytes already announced are not counted at all.
enum class ByteClass : std::uint8_t {
    lower_first,   ///< First small letter of a word (or of a part of camelCase).
    lower_early,   ///< Second to fourth.
    lower_middle,  ///< Fifth to eighth.
    lower_late,    ///< Ninth and later.
    latin_early,   ///< U+00C0 to U+00FF and U+1E00 to U+1FFF among the first four of a word.
    latin_late,    ///< The same, later.
    latin_east,    ///< U+0100 to U+027F: Polish, Czech, Turkish, ...
    upper_first,   ///< First capital.
    upper_run,     ///< Second to fourth capital.
    upper_late,    ///< Fifth and later.
    opaque,  ///< Inside a run of letters and digits that changes sort all the time: base64, hashes.
    digit_first,   ///< First of a group of three digits.
    digit_spaced,  ///< First digit after a single space (which then is a token of its own).
    digit_next,    ///< Second and third of the group.
    space,         ///< A single space.
    space_indent,  ///< The third space of a run: it is an indentation.
    space_run,     ///< The others.
    tab,
    newline,       ///< After a letter or digit.
    newline_next,  ///< After punctuation or another line end: usually part of that token.
    stop,          ///< . , ; : ! ? after a word.
    stop_next,     ///< The same after punctuation.
    quote,         ///< Quotation marks after a letter: apostrophes mostly.
    quote_other,
    bracket,
    bracket_next,  ///< After punctuation.
    slash,
    rule,      ///< - = * # ~, first and second.
    rule_run,  ///< Third and later: a drawn line.
    underscore,
    oper,         ///< The rest of ASCII punctuation.
    symbol,       ///< Latin-1 signs, arrows, boxes, mathematics.
    punctuation,  ///< U+2000 to U+203F: dashes, typographic quotes, ellipsis.
    greek,
    cyrillic_first,
    cyrillic_early,
    cyrillic_late,
    hebrew,
    arabic,
    indic,
    thai,
    kana_first,
    kana_next,
    cjk_mark,  ///< Ideographic punctuation and full-width forms.
    han_low,   ///< U+4E00 to U+5FFF: more of the frequent characters.
    han_high,  ///< U+6000 to U+9FFF.
    hangul,
    emoji,
    mark,  ///< Combining marks, variation selectors, control characters.
    rare,  ///< Every other script; bytes that are not UTF-8.
};
inline constexpr std::size_t byte_class_count = 50;

/// Counts of byte classes: all that an estimate needs to know of a text, and nothing that could
/// tell what it said. Counts of texts add up, so a request can be recorded by its sum and priced
/// again for another model without its text.
class ByteClasses {
public:
    [[nodiscard]] std::uint32_t operator[](ByteClass which) const
    {
        return counts_[static_cast<std::size_t>(which)];
    }
    /// Adds `more` to one count, which stays at its greatest value rather than wrap.
    void add(ByteClass which, std::uint64_t more);
    ByteClasses& operator+=(const ByteClasses& other);
    [[nodiscard]] bool operator==(const ByteClasses&) const = default;
    [[nodiscard]] const std::array<std::uint32_t, byte_class_count>& counts() const
    {
        return counts_;
    }

private:
    std::array<std::uint32_t, byte_class_count> counts_{};
};

/// Counts `text` in one pass, without allocating. Any bytes will do.
[[nodiscard]] ByteClasses classify(std::string_view text);

/// "1;12,,5": version and counts, zeros left out. For records; never holds text.
[[nodiscard]] std::string to_row(const ByteClasses& classes);
[[nodiscard]] Result<ByteClasses> classes_from_row(std::string_view row);

}  // namespace spillway::tokens
