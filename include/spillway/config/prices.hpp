#pragma once

#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/config/config.hpp"

namespace spillway::config {

/// The table of config/prices.yaml that was built into the binary.
[[nodiscard]] const PriceTable& built_in_prices();

/// Reads a price table (schema of config/prices.yaml).
[[nodiscard]] Result<PriceTable> read_prices(std::string_view yaml);

}  // namespace spillway::config
