#pragma once

#include <iosfwd>

#include "spillway/app/cli.hpp"

namespace spillway::app {

/// `spillway import litellm`: takes over the keys of a LiteLLM, its teams, users, customers,
/// budgets and tags, all or nothing. A daemon that runs sees them within a second or two.
/// @return The exit code.
[[nodiscard]] int import_litellm(const ImportKeys& wish, std::ostream& out, std::ostream& problems);

}  // namespace spillway::app
