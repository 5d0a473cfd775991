#pragma once

#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/privacy/class_set.hpp"
#include "spillway/route/features.hpp"

namespace spillway::route {

/// The features as one JSON object, for the record. Classes are written by name, because their
/// numbers mean something within one configuration only.
[[nodiscard]] std::string to_json(const Features& features, const privacy::ClassNames& names);

/// Reads what `to_json` wrote, under the names of another configuration: a class that it does not
/// know is left out. Fails with `invalid_json` on anything else than such an object.
[[nodiscard]] Result<Features> features_from_json(std::string_view json,
                                                  const privacy::ClassNames& names);

}  // namespace spillway::route
