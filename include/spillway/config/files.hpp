#pragma once

#include <cstddef>
#include <string>

#include "spillway/base/result.hpp"

namespace spillway::config {

/// The contents of a regular file of at most `limit` bytes. Refuses pipes and devices, which could
/// block the control thread or never end. Fails with `io_error`.
[[nodiscard]] Result<std::string> read_whole_file(const std::string& path, std::size_t limit);

}  // namespace spillway::config
