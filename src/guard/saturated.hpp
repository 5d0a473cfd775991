#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>

/// Sums of money that saturate instead of wrapping.
namespace spillway::guard {

inline constexpr std::int64_t largest_sum = std::numeric_limits<std::int64_t>::max();

[[nodiscard]] inline std::int64_t saturated_sum(std::int64_t a, std::int64_t b)
{
    std::int64_t result = 0;
    return __builtin_add_overflow(a, b, &result) ? largest_sum : result;
}

/// What is left when something is given back; a sum that saturated stays so.
[[nodiscard]] inline std::int64_t saturated_rest(std::int64_t from, std::int64_t what)
{
    return from == largest_sum ? largest_sum : std::max<std::int64_t>(0, from - what);
}

}  // namespace spillway::guard
