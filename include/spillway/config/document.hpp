#pragma once

#include <string>

#include "spillway/config/load.hpp"

namespace spillway::config {

/// The text of docs/configuration.md, printed from the field lists.
[[nodiscard]] std::string configuration_manual();

/// The report of `spillway check`: problems first, then a table of every key seen.
[[nodiscard]] std::string check_report(const Loaded& loaded);

/// Which changes between two configurations need a restart (`server.shards`, ...), for the log.
[[nodiscard]] std::vector<std::string> restart_only_changes(const Config& before,
                                                            const Config& after);

}  // namespace spillway::config
