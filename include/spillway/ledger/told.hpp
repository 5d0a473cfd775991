#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"

namespace spillway::ledger {

/// Something that is told once per window: what, and of which window of whose budget.
struct Tiding {
    std::string what;    ///< "soft_budget_crossed"
    std::string scope;   ///< "key", "team" ...
    std::string name;    ///< Of the scope.
    std::string period;  ///< "30d"; empty: for ever.
    WallTime began{};    ///< As all instances call the window.
    std::optional<WallTime> ends;
};

/// How long after its window's end a tiding is remembered.
inline constexpr std::chrono::hours tidings_age{24};

/// Notes them as told, on the disk, over restarts. Blocking, all or nothing, on a connection of its
/// own.
/// @return The positions of those that were not told before; `ledger_unavailable`.
[[nodiscard]] Result<std::vector<std::size_t>> note_told(const std::string& ledger_path,
                                                         std::span<const Tiding> tidings,
                                                         WallTime now);

}  // namespace spillway::ledger
