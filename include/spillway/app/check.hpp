#pragma once

#include <string>

#include "spillway/app/cli.hpp"

namespace spillway::app {

/// `spillway check`: prints every problem and what each key of the file does.
/// @return The exit code: 1 when the file cannot be served.
[[nodiscard]] int check(const Check& wish);

}  // namespace spillway::app
