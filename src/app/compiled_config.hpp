#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>

#include "spillway/gateway/snapshot.hpp"
#include "spillway/observe/metrics.hpp"

namespace spillway::app {

/// A configuration compiled for a command that serves nobody. Nothing is called.
struct CompiledConfig {
    std::unique_ptr<observe::Metrics> metrics;  ///< The snapshot points into it.
    std::shared_ptr<const gateway::Snapshot> snapshot;
};

/// @param file  Empty: the file that `spillway serve` would take.
/// @return Nothing after saying in `problems` what is wrong.
[[nodiscard]] std::optional<CompiledConfig> compile_config(const std::optional<std::string>& file,
                                                           std::ostream& problems);

}  // namespace spillway::app
