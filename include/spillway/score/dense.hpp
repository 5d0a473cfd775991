#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace spillway::score {

/// The counters beside the hashed wording, in the order of `Features::dense`. Counts are taken as
/// log(1 + n), shares are 0..1. What is added, removed or counted otherwise needs a new
/// `feature_version`.
enum class Dense : std::uint8_t {
    // size and shape of the last user turn
    bytes,
    words,
    lines,
    sentences,
    word_length,
    long_words,
    very_long_words,
    longest_word,
    distinct_words,
    words_per_line,
    words_per_sentence,
    blank_lines,
    // what its bytes are
    upper_case,
    capitalised,
    acronyms,
    digits,
    blanks,
    punctuation,
    other_scripts,
    // numbers and marks
    numbers,
    longest_number,
    decimals,
    commas,
    full_stops,
    question_marks,
    colons,
    quotes,
    brackets,
    braces,
    operators,
    money,
    percent,
    backslashes,
    backticks,
    hyphens,
    bars,
    gaps,
    // form
    options,
    option_length,
    option_spread,
    numeric_options,
    options_alike,
    two_options_alike,
    bullets,
    code_lines,
    ends_asking,
    ends_with_colon,
    // classes of words, as shares of all words (see src/score/word_class.cpp)
    negation,
    comparison,
    rates,
    which_words,
    explaining,
    making,
    mathematics,
    supposing,
    amounts,
    time_and_money,
    persons,
    you_and_me,
    duty,
    judging,
    function_words,
    small_talk,
    // finer classes of words, as counts: the steps of a problem in words
    more_or_less,
    ages,
    multiples,
    each_one,
    leftovers,
    parts,
    averages,
    totals,
    supposed,
    durations,
    money_words,
    units,
    sequence,
    beginnings,
    joining,
    contrast,
    // the first word
    starts_which,
    starts_making,
    starts_definite,
    starts_indefinite,
    starts_supposing,
    starts_person,
    starts_label,
    // facts of the request
    turns,
    tool_results,
    tools,
    images,
    schema,
    answer_limit,
    history_bytes,
    system_bytes,
    count_,
};

inline constexpr std::size_t dense_count = static_cast<std::size_t>(Dense::count_);
/// From here on the counters are facts of the request instead of its text.
inline constexpr Dense first_request_fact = Dense::turns;

/// Counts of the finer classes of words lie between these two.
inline constexpr Dense first_step = Dense::more_or_less;
inline constexpr Dense last_step = Dense::contrast;

/// How an explanation names a counter when it is above what is usual, and when it is below.
struct DenseWords {
    std::string_view key;   ///< In `spillway features`.
    std::string_view high;  ///< "long prompt"
    std::string_view low;   ///< "short prompt"
};
[[nodiscard]] const DenseWords& describe(Dense which) noexcept;

}  // namespace spillway::score
