#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "environment.hpp"
#include "spillway/config/load.hpp"

namespace spillway::config {

inline Loaded load(std::string_view yaml, std::map<std::string, std::string> variables = {})
{
    return load_text(yaml, "c.yaml", environment(std::move(variables)));
}

/// "where: message" of every problem of one level.
inline std::vector<std::string> problems(const Loaded& loaded, Problem::Level level)
{
    std::vector<std::string> texts;
    for (const auto& problem : loaded.problems)
        if (problem.level == level)
            texts.push_back(problem.where + ": " + problem.message);
    return texts;
}
inline std::vector<std::string> errors(const Loaded& loaded)
{
    return problems(loaded, Problem::Level::error);
}
inline std::vector<std::string> warnings(const Loaded& loaded)
{
    return problems(loaded, Problem::Level::warning);
}

/// How a key was seen; empty when it was not.
inline std::optional<Support> seen(const Loaded& loaded, std::string_view path)
{
    for (const auto& key : loaded.keys_seen)
        if (key.path == path)
            return key.support;
    return std::nullopt;
}

/// One row that is good whatever the test adds.
inline std::string one_row(std::string_view params)
{
    return "model_list:\n- model_name: a\n  litellm_params: {" + std::string(params) + "}\n";
}

}  // namespace spillway::config
