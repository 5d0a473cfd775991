#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "spillway/engine/forecast.hpp"

namespace spillway::engine {

/// One engine of a group that serves the same model.
struct Place {
    Forecast forecast;
    double weight = 1;  ///< More than 0; of the configuration.
    enum class Reach : std::uint8_t { reachable, doubtful, gone } reach = Reach::reachable;
};

/// The engine for a request: among those that can be reached the least expected time to the first
/// token, divided by its weight. A load counts twice: it costs the others of that engine, too, so
/// the engine that has the model loaded is preferred until it is clearly slower. Those that come
/// within a tenth of the best share by weight. A `doubtful` one (back after a failure, not probed
/// yet) is taken only when there is no reachable one, one that is `gone` never.
/// @param draw  Random, from 0 to less than 1.
/// @return position in `places`; empty when all are gone.
[[nodiscard]] std::optional<std::size_t> choose(std::span<const Place> places, double draw);

}  // namespace spillway::engine
