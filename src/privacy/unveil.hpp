#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace spillway::privacy {

/// Does a disguise begin at `at` that could hide what is looked for? `\u0034`, `\n` and the like,
/// `%40`, full-width and other digits and letters, invisible characters; blanks and dashes beyond
/// ASCII only where they could divide a phrase or a number.
[[nodiscard]] bool hides_something(std::string_view text, std::size_t at);

/// Copies `text` to `out` (as large at least), disguises undone. Returns the length of the copy.
[[nodiscard]] std::size_t unveil(std::string_view text, std::span<char> out);

}  // namespace spillway::privacy
