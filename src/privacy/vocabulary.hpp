#pragma once

#include <span>
#include <string_view>

#include "spillway/privacy/class_set.hpp"

namespace spillway::privacy {

/// Words of one language (or of all) that mean one thing. Single blanks; a trailing '*' lets the
/// word go on.
struct WordList {
    ClassSet classes;
    std::string_view language;
    std::span<const std::string_view> words;
};

/// Wording that counts by itself.
[[nodiscard]] std::span<const WordList> medical_words();
[[nodiscard]] std::span<const WordList> confidential_words();

/// Words that say what a number nearby is.
[[nodiscard]] std::span<const WordList> cue_words();

}  // namespace spillway::privacy
