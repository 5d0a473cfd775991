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

/// "n" and "best_of" of a request's top-level object. Asked before the members are forgotten.
[[nodiscard]] inline chat::Choices choices_of(const chat::RequestFacts& facts,
                                              std::string_view body)
{
    chat::Choices choices;
    for (const auto& member : facts.members) {
        if (member.key == "n")
            choices.n = chat::read_choices(member.value.of(body));
        else if (member.key == "best_of")
            choices.best_of = chat::read_choices(member.value.of(body));
    }
    return choices;
}

}  // namespace spillway::gateway
