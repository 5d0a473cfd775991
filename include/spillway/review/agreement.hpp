#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/review/answer.hpp"

namespace spillway::review {

/// What two answers were compared by.
enum class Ground : std::uint8_t {
    calls,   ///< The tools that are called, and with what.
    json,    ///< Both are JSON.
    choice,  ///< Both settle on a letter.
    number,  ///< Both state a result.
    words,   ///< The words they share.
};
[[nodiscard]] std::string_view name(Ground ground);

struct Agreement {
    Ground ground = Ground::words;
    double share = 0;  ///< 0..1; by anything but words it is 0 or 1.
};
[[nodiscard]] Agreement agreement(const Answer& a, const Answer& b);

/// The letter an answer to a question of choice settles on: "B", "(B) because", "the answer is B".
/// Empty when there is none, or more than one.
[[nodiscard]] std::optional<char> stated_choice(std::string_view text);

/// The number that is stated as the result: "#### 42", "\boxed{42}", "answer: 42", or a bare
/// number.
[[nodiscard]] std::optional<double> stated_number(std::string_view text);

/// F1 of the words of two texts, case folded: 1 for the same words as often. Scripts without blanks
/// are compared character by character.
[[nodiscard]] double shared_words(std::string_view a, std::string_view b);

}  // namespace spillway::review
