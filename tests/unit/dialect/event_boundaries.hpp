#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "spillway/dialect/event_stream.hpp"

namespace spillway::dialect {

/// All boundaries of `stream` when it arrives in pieces of this size, as offsets of the whole.
inline std::vector<std::size_t> boundaries(std::string_view stream, std::size_t piece)
{
    EventBoundary boundary;
    std::vector<std::size_t> ends;
    for (std::size_t begin = 0; begin < stream.size(); begin += piece) {
        auto rest = stream.substr(begin, piece);
        auto offset = begin;
        while (const auto end = boundary.first_end(rest)) {
            offset += *end;
            ends.push_back(offset);
            rest.remove_prefix(*end);
        }
    }
    return ends;
}

}  // namespace spillway::dialect
