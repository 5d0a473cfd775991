#pragma once

#include <string>

#include "spillway/base/result.hpp"

namespace spillway::ledger {

/// The name by which others know the daemon that writes this ledger: 26 characters, made at the
/// first call and kept in the file, so that it is gone when the records are. The ledger exists.
[[nodiscard]] Result<std::string> instance_id(const std::string& ledger_path);

}  // namespace spillway::ledger
