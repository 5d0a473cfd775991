#pragma once

#include <cstdint>
#include <vector>

#include "spillway/base/units.hpp"

namespace spillway::route {

/// Health, load and latency of one deployment at the moment of asking.
struct DeploymentState {
    TimePoint rests_until{};  ///< Cooldown or open breaker; in the past means: serves.
    bool probing = false;     ///< Half open and its one probe is out: nobody else may try.
    std::uint32_t in_flight = 0;
    double first_token_ms = 0;  ///< Moving average; 0 means never measured.
    double tokens_last_minute = 0;
    bool warm = false;  ///< Answered lately, so its model is most likely loaded.

    [[nodiscard]] bool serves(TimePoint now) const { return rests_until <= now && !probing; }
};

/// Immutable picture of all deployments, by `DeploymentIndex`.
struct FleetView {
    std::vector<DeploymentState> states;
    [[nodiscard]] const DeploymentState& operator[](DeploymentIndex index) const
    {
        return states[at(index)];
    }
};

}  // namespace spillway::route
