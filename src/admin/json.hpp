#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace spillway::admin {

using Json = nlohmann::ordered_json;

/// Text of `value`; bytes that are not UTF-8 become U+FFFD instead of an exception.
inline std::string text_of(const Json& value)
{
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace spillway::admin
