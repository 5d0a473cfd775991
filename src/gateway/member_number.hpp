#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

#include "spillway/gateway/inference_request.hpp"

namespace spillway::gateway {

/// The whole number that a JSON text begins with.
[[nodiscard]] inline std::optional<std::int64_t> number_of(std::string_view json)
{
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(json.data(), json.data() + json.size(), value);
    return error == std::errc{} ? std::optional(value) : std::nullopt;
}

/// A whole number that stands as such in the request's top-level object.
[[nodiscard]] inline std::optional<std::int64_t> number_at(const InferenceRequest& request,
                                                           std::string_view key)
{
    for (const auto& member : request.facts.members)
        if (member.key == key)
            return number_of(member.value.of(request.body));
    return std::nullopt;
}

}  // namespace spillway::gateway
