#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

#include "spillway/app/cli.hpp"

namespace spillway::app {

/// The JSON of `POST /route/explain` for people.
[[nodiscard]] std::string explanation_text(std::string_view json);

/// `spillway explain`: where the request on `in` would go, and why. Calls nobody.
/// @return The exit code: 1 when the request or the file cannot be read, or nobody may serve it.
[[nodiscard]] int explain_request(const ExplainRequest& wish, std::istream& in, std::ostream& out,
                                  std::ostream& problems);

}  // namespace spillway::app
