#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "spillway/config/config.hpp"

namespace spillway::app {

/// Reads a configuration for a command that needs only what it says. Errors go to `problems`.
[[nodiscard]] std::optional<config::Config> read_config(const std::string& file,
                                                        std::ostream& problems);

/// When "7d" or "2026-11-14" begins; the beginning of time for none.
[[nodiscard]] Result<WallTime> since_of(const std::optional<std::string>& text, WallTime now);

}  // namespace spillway::app
