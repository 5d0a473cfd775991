#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"

/// What a schedule has to know of one engine (one server: host and port). Plain values, pure.
namespace spillway::engine {

/// Position of a model in the picture of one engine.
enum class ModelIndex : std::uint32_t {};
[[nodiscard]] constexpr std::size_t at(ModelIndex index)
{
    return static_cast<std::size_t>(index);
}

/// Where a model is: `loading` from the moment when the first request for a cold one was sent.
enum class Warmth : std::uint8_t { cold, loading, loaded };
/// "cold", "loading", "loaded".
[[nodiscard]] std::string_view name(Warmth warmth);

/// One model of an engine.
struct ModelShape {
    Warmth warmth = Warmth::cold;
    std::uint32_t slots = 1;              ///< Requests that it works on at once; never 0.
    std::optional<std::uint64_t> memory;  ///< Bytes when loaded; empty: never told.
    Millis load{};                        ///< Expected, when it is cold.
    TimePoint ready_at{};                 ///< When `loading` should end; else meaningless.
};

struct EngineShape {
    std::vector<ModelShape> models;  ///< By `ModelIndex`.
    /// Bytes of models that are known to fit side by side: as configured, or as much as was seen
    /// loaded at once. Empty: nothing is known, and a cold model is loaded alone.
    std::optional<std::uint64_t> memory;
};

}  // namespace spillway::engine
