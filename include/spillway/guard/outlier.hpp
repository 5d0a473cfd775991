#pragma once

#include <cstdint>
#include <span>

namespace spillway::guard {

/// How fast one member of a group has been.
struct Pace {
    double first_token_ms = 0;  ///< Smoothed.
    std::uint32_t samples = 0;  ///< In it; 0 when it is not recent.
    bool resting = false;       ///< For whatever reason.
};

/// Is `group[which]` so much slower than its group that it should rest? It is when its time to the
/// first token is more than four times the group's median, by a tenth of a second at least, with
/// at least three members measured twenty times each. Never more than a third of a group rests so.
[[nodiscard]] bool is_outlier(std::span<const Pace> group, std::size_t which);

}  // namespace spillway::guard
