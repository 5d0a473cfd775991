#pragma once

#include <string>

namespace spillway::app {

/// The text of docs/errors.md, printed from the error table.
[[nodiscard]] std::string errors_manual();

}  // namespace spillway::app
