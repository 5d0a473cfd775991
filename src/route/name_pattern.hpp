#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::route {

/// "abc*" matches what begins with "abc"; without a star the name must be the same.
[[nodiscard]] inline bool matches(std::string_view pattern, std::string_view name)
{
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : name == pattern;
}

[[nodiscard]] inline bool matches_any(const std::vector<std::string>& patterns,
                                      std::string_view name)
{
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const std::string& pattern) { return matches(pattern, name); });
}

}  // namespace spillway::route
