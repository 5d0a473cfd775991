#pragma once

#include <set>
#include <string>
#include <vector>

#include "spillway/config/load.hpp"
#include "spillway/config/yaml_tree.hpp"

namespace spillway::config {

/// What becomes of a row of model_list that has a problem.
enum class BadRow : std::uint8_t { dropped, refused };

/// How the rows of `model_list` are to be read.
struct RowRules {
    BadRow bad_row = BadRow::dropped;
    bool allow_link_local = false;
};

/// What `model_list` holds.
struct ModelList {
    std::vector<Deployment> deployments;
    std::set<std::string> dropped_groups;  ///< Names that only a dropped row has.
};

/// Reads `model_list` with `credential_list` and `router_settings.default_litellm_params`.
///
/// @param root         The whole file, its environment references resolved.
/// @param environment  For keys and base URLs that rows leave to the provider's variables.
[[nodiscard]] ModelList read_model_list(const Node& root, RowRules rules,
                                        const Environment& environment, Findings& findings);

}  // namespace spillway::config
