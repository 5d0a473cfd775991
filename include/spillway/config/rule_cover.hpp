#pragma once

#include <span>
#include <vector>

#include "spillway/config/rule_logic.hpp"

/// What several rules leave over together. As sound as `rule_logic`, and as incomplete: it looks at
/// one thing of the request at a time.
namespace spillway::config {

/// A rule that is asked before another one.
struct Earlier {
    const Condition& when;
    Common common;  ///< With the later one.
};

/// Which of `earlier` take every request for which `when` holds, as indices; empty when some may
/// be left. Found where they share out a number, the tier, the time, a budget, the task or the
/// kind of client ("turns: >=3" and "turns: <3"), and where one asks for what another one's `not`
/// forbids.
[[nodiscard]] std::vector<std::size_t> takers(const Condition& when,
                                              std::span<const Earlier> earlier);

}  // namespace spillway::config
