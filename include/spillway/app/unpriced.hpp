#pragma once

#include <vector>

#include "spillway/config/load.hpp"

namespace spillway::app {

/// Warnings of deployments that a cap of the file pays for although their price is not known: they
/// would not be used (`budgets.unknown_prices`).
[[nodiscard]] std::vector<config::Problem> unpriced_under_caps(
    const config::Config& config, const config::Environment& environment);

}  // namespace spillway::app
