#pragma once

#include <iosfwd>
#include <optional>
#include <string>

#include "spillway/app/cli.hpp"
#include "spillway/config/environment.hpp"

namespace spillway::app {

/// Where the ledger of a command is: the file that was named, else the one of the configuration
/// that `serve` would take, else where a daemon without a configuration keeps it.
/// @return Nothing after saying in `problems` what is wrong.
[[nodiscard]] std::optional<std::string> find_ledger(const std::optional<std::string>& ledger,
                                                     const std::optional<std::string>& config,
                                                     std::ostream& problems);

/// `spillway ledger verify`. @return The exit code: 1 when something is wrong.
[[nodiscard]] int verify_ledger(const VerifyLedger& wish, std::ostream& out,
                                std::ostream& problems);

/// `spillway ledger export`. @return The exit code.
[[nodiscard]] int export_ledger(const ExportLedger& wish, std::ostream& out,
                                std::ostream& problems);

}  // namespace spillway::app
