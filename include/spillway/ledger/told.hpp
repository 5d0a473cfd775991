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

/// A tiding with the words it is told in.
struct Notice {
    Tiding about;
    std::string line;     ///< Of the log.
    std::string message;  ///< Of the webhook; never empty.
};

/// How long after its window's end a tiding is remembered.
inline constexpr std::chrono::hours tidings_age{24};

/// Takes it upon this process to tell them, on the disk: what is not marked as told is found by
/// `untold` after a restart. Blocking, all or nothing, on a connection of its own, as the next two.
/// @return The positions of those that nobody had taken before; `ledger_unavailable`.
[[nodiscard]] Result<std::vector<std::size_t>> note_told(const std::string& ledger_path,
                                                         std::span<const Notice> notices,
                                                         WallTime now);
/// They were told, or are left to somebody else.
[[nodiscard]] Result<void> mark_told(const std::string& ledger_path,
                                     std::span<const Tiding> tidings);
/// What was taken and never marked.
[[nodiscard]] Result<std::vector<Notice>> untold(const std::string& ledger_path);

}  // namespace spillway::ledger
