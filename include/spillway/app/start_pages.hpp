#pragma once

#include <cstddef>
#include <string_view>

namespace spillway::app {

/// One mapping of the process that holds program text and nothing else.
struct TextMapping {
    void* begin = nullptr;
    std::size_t size = 0;
};

/// Reads a line of /proc/self/maps. @return Empty but for text of a file ("r-xp", a path).
[[nodiscard]] TextMapping text_mapping(std::string_view line);

/// Gives back the pages of program text that only starting needed: half of what an idle daemon
/// would hold is the code that read its configuration. What is used again comes back from the page
/// cache. Only text is let go: it is never written, so nothing can be lost.
void release_start_pages();

}  // namespace spillway::app
