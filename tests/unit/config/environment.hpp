#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "spillway/config/load.hpp"

namespace spillway::config {

/// An environment with just these variables.
inline Environment environment(std::map<std::string, std::string> variables = {})
{
    return [variables = std::move(variables)](const std::string& name) {
        const auto found = variables.find(name);
        return found == variables.end() ? std::nullopt : std::optional(found->second);
    };
}

}  // namespace spillway::config
