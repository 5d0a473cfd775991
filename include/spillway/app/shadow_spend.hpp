#pragma once

#include <string>

#include "spillway/base/units.hpp"
#include "spillway/config/config.hpp"
#include "spillway/guard/daily_allowance.hpp"

namespace spillway::app {

/// Tells the allowance what shadows cost today before this process began. Where the ledger cannot
/// be read, the day counts as spent: a cap holds also when nobody can say what it holds.
/// @return False when no route compares, so that nothing was looked up.
[[nodiscard]] bool restore_shadow_spend(const config::Config& config, const std::string& ledger,
                                        guard::DailyAllowance& allowance, WallTime now);

}  // namespace spillway::app
