#pragma once

#include <string_view>

#include "spillway/dialect/json_walk.hpp"

namespace spillway {

/// Whether `text` is one JSON value. What was as deep as it may be may lie a little deeper in its
/// new place.
inline bool is_json(std::string_view text)
{
    dialect::JsonIndex index;
    const auto copy = index.copy(text);
    if (index.scan(copy) != dialect::JsonFault::none) {
        return false;
    }
    dialect::JsonWalker walker(copy, index.tokens());
    const bool whole = walker.skip() && walker.finish();
    return whole || walker.fault() == dialect::JsonFault::too_deep;
}

}  // namespace spillway
