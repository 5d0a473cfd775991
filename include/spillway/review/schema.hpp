#pragma once

#include <string_view>

namespace spillway::review {

/// Does the JSON text `value` satisfy the JSON schema `schema`? Knows what tools and structured
/// outputs use: type, enum, const, properties, required, additionalProperties, items, prefixItems,
/// anyOf, oneOf, allOf, not, bounds of lengths, sizes and numbers, and `$ref` within the schema. A
/// keyword that is not known demands nothing, and neither does a schema that is no JSON.
/// @return False also when `value` is no JSON.
[[nodiscard]] bool satisfies(std::string_view value, std::string_view schema);

}  // namespace spillway::review
