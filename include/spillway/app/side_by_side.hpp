#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::app {

/// `text` in lines of at most `width` characters (code points), broken at blanks where there are
/// any. What could steer a terminal is shown as '?'.
[[nodiscard]] std::vector<std::string> wrapped(std::string_view text, std::size_t width);

/// Two texts in columns with titles, `columns` wide altogether; below 40 one under the other.
[[nodiscard]] std::vector<std::string> side_by_side(std::string_view left_title,
                                                    std::string_view left,
                                                    std::string_view right_title,
                                                    std::string_view right, std::size_t columns);

}  // namespace spillway::app
