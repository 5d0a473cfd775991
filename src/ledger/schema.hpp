#pragma once

#include "spillway/sqlite/connection.hpp"

namespace spillway::ledger {

/// Brings the file to the newest schema, one migration per transaction, forward only.
/// @return `bad_config` for a file of a newer spillway or of another application.
[[nodiscard]] Result<void> migrate(sqlite::Connection& connection);

}  // namespace spillway::ledger
