#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace spillway::privacy {

/// Where the blanks between two groups of one number end that begin at `at`: up to three blanks or
/// tabs as columns have them, or one line break, which may be indented. `at` when there are none.
[[nodiscard]] constexpr std::size_t gap_end(std::string_view text, std::size_t at)
{
    constexpr std::size_t most_blanks = 3;
    constexpr std::size_t deepest_indent = 8;
    const auto behind_blanks = [text](std::size_t from, std::size_t most) {
        const auto last = std::min(text.size(), from + most);
        while (from < last && (text[from] == ' ' || text[from] == '\t')) {
            ++from;
        }
        return from;
    };
    const auto end = behind_blanks(at, most_blanks);
    const bool returns = end < text.size() && text[end] == '\r';
    const auto feed = returns ? end + 1 : end;
    const bool breaks = feed < text.size() && text[feed] == '\n';
    return breaks ? behind_blanks(feed + 1, deepest_indent) : end;
}

}  // namespace spillway::privacy
