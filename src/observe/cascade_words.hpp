#pragma once

#include <array>
#include <string_view>

namespace spillway::observe {

/// What became of answers that a route verifies, and the check that failed: label values.
constexpr std::array<std::string_view, 5> cascade_outcomes{"verified", "released", "escalated",
                                                           "kept", "late"};
constexpr std::array<std::string_view, 11> cascade_checks{
    "empty",   "refused",      "cut",           "looping", "not_json", "off_schema",
    "no_call", "unknown_tool", "bad_arguments", "unsure",  "none"};

template <class T>
using PerCheck = std::array<T, cascade_checks.size()>;

}  // namespace spillway::observe
