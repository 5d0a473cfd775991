#include "spillway/app/start_pages.hpp"

#include <sys/mman.h>

#include <charconv>
#include <cstdint>
#include <fstream>
#include <string>

namespace spillway::app {

TextMapping text_mapping(std::string_view line)
{
    // "7f00-7f10 r-xp 00000000 08:01 1234   /usr/lib/x.so": proc(5).
    const auto dash = line.find('-');
    const auto blank = line.find(' ');
    if (dash == std::string_view::npos || blank == std::string_view::npos || blank < dash ||
        !line.substr(blank).starts_with(" r-xp ") || line.find(" /") == std::string_view::npos)
        return {};
    std::uintptr_t begin = 0;
    std::uintptr_t end = 0;
    const auto* text = line.data();
    if (std::from_chars(text, text + dash, begin, 16).ptr != text + dash ||
        std::from_chars(text + dash + 1, text + blank, end, 16).ptr != text + blank || end <= begin)
        return {};
    return {reinterpret_cast<void*>(begin), end - begin};
}

void release_start_pages()
{
    std::ifstream maps("/proc/self/maps");
    std::string line;
    while (std::getline(maps, line)) {
        const auto mapping = text_mapping(line);
        // A kernel that refuses keeps the pages: no harm.
        if (mapping.size > 0)
            (void)::madvise(mapping.begin, mapping.size, MADV_DONTNEED);
    }
}

}  // namespace spillway::app
