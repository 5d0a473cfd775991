#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "spillway/base/result.hpp"

namespace spillway::ledger {

/// The name by which others know the daemon that writes this ledger: 26 characters, made at the
/// first call and kept in the file, so that it is gone when the records are. The ledger exists.
[[nodiscard]] Result<std::string> instance_id(const std::string& ledger_path);

/// How many instances there usually were, as this daemon noted it last, in the same place.
/// @return Empty when it has never met them.
[[nodiscard]] Result<std::optional<std::size_t>> known_instances(const std::string& ledger_path);
[[nodiscard]] Result<void> note_instances(const std::string& ledger_path, std::size_t number);

}  // namespace spillway::ledger
