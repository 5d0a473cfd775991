#pragma once

#include <chrono>
#include <optional>

#include "spillway/config/config.hpp"

namespace spillway::config {

/// How long records of the ledger are kept: `ledger.retention`, else LiteLLM's key in
/// `general_settings`. A month counts thirty days. Empty: for ever.
[[nodiscard]] std::optional<std::chrono::seconds> retention(const Config& config);

/// How often it is looked for older ones, at least every minute; an hour where nothing is said.
[[nodiscard]] std::chrono::seconds retention_interval(const Config& config);

}  // namespace spillway::config
