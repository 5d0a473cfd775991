#pragma once

#include <string_view>
#include <vector>

#include "spillway/config/yaml_tree.hpp"

namespace spillway::config {

/// Reads a map from model names to prices: `models` of config/prices.yaml and our section `prices`.
///
/// @param map   Must be a map. @param path  Its place in the file, for messages.
[[nodiscard]] std::vector<PriceRow> read_price_rows(const Node& map, std::string_view path,
                                                    Findings& findings);

}  // namespace spillway::config
