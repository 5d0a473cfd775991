#pragma once

#include <optional>
#include <string_view>

#include "spillway/base/text.hpp"

namespace spillway::keys {

/// What the boundary of a key or team says, however it is written: whether its requests stay local.
/// Nothing written is `any`. Empty for anything else.
[[nodiscard]] inline std::optional<bool> says_local(std::string_view written)
{
    const auto word = lower(trimmed(written));
    if (word == "local")
        return true;
    return word == "any" || word.empty() ? std::optional(false) : std::nullopt;
}

}  // namespace spillway::keys
