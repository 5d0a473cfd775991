#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"

namespace spillway::admin {

using Json = nlohmann::ordered_json;

/// Text of `value`; bytes that are not UTF-8 become U+FFFD instead of an exception.
inline std::string text_of(const Json& value)
{
    return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

/// The object that a request's body is; an empty body is an object without members, as LiteLLM has
/// it.
/// @return `invalid_json` (also for numbers out of range and for what is nested deeper than 32),
///         `duplicate_key`, or `invalid_request` for JSON that is no object.
[[nodiscard]] Result<Json> read_object(std::string_view body);

}  // namespace spillway::admin
