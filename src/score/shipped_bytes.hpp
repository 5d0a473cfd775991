#pragma once

#include <string_view>

namespace spillway::score {

/// The bytes of config/complexity.weights; defined in a file that the build generates.
[[nodiscard]] std::string_view shipped_bytes() noexcept;

}  // namespace spillway::score
