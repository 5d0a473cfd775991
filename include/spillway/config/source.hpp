#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/config/load.hpp"
#include "spillway/config/yaml_tree.hpp"

namespace spillway::config {

/// The file and everything it includes as one tree.
struct Source {
    std::optional<Node> root;  ///< Nothing when any part could not be read; findings say why.
    std::vector<std::string> files;
};

/// Reads `path` and follows `include`. Lists are concatenated, the including file's first; maps are
/// merged key by key; where both set a value, the including file's holds, with a warning.
[[nodiscard]] Source read_source(const std::string& path, const Environment& environment,
                                 Findings& findings);

/// The same from text; refuses `include`.
[[nodiscard]] Source read_source_text(std::string_view yaml, std::string name, Findings& findings);

}  // namespace spillway::config
