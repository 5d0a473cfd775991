#pragma once

#include <memory>
#include <string>

#include "spillway/keys/store.hpp"

namespace spillway::keys {

/// The file of keys that belongs to a ledger: "spillway.keys.db" beside "spillway.db".
[[nodiscard]] std::string keys_path(const std::string& ledger_path);

/// A store in a file of its own (mode 0600), every commit synced to the disk. Several processes may
/// use it at once.
/// @return `io_error` when the file is damaged or was made by a newer spillway.
[[nodiscard]] Result<std::unique_ptr<Store>> open_sqlite_store(const std::string& path);

}  // namespace spillway::keys
