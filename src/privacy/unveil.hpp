#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace spillway::privacy {

/// Length of the disguise that begins at `at`, 0 when the character stands for itself there:
/// `\u0034`, `\n` and the like, `%40`, full-width and other digits and letters, invisible
/// characters, blanks and dashes beyond ASCII.
[[nodiscard]] std::size_t veil_length(std::string_view text, std::size_t at);

/// Copies `text` to `out` (as large at least), disguises undone. Returns the length of the copy.
[[nodiscard]] std::size_t unveil(std::string_view text, std::span<char> out);

}  // namespace spillway::privacy
