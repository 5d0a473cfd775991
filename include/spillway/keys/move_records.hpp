#pragma once

#include <cstddef>

#include "spillway/keys/store.hpp"

namespace spillway::keys {

/// Moves all records of one store into another. One that is there already stays as it is there.
/// Cut off in the middle, it is done the next time.
/// @return How many came to `to`.
[[nodiscard]] Result<std::size_t> move_records(Store& from, Store& to);

}  // namespace spillway::keys
