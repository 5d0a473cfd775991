#pragma once

#include <cstdint>

namespace spillway::config {

/// How the deployments of one group are ordered.
enum class Strategy : std::uint8_t {
    simple_shuffle,
    least_busy,
    usage_based,
    latency_based,
    cost_based,
    ordered,      ///< As they stand in the file.
    two_choices,  ///< Of two drawn by weight, the one with the lower load.
};

}  // namespace spillway::config
