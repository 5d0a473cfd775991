#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "request_fields.hpp"
#include "spillway/keys/litellm_tables.hpp"

/// Rows of LiteLLM's tables as JSON. Private to `keys`.
namespace spillway::keys::litellm {

/// "LiteLLM_VerificationToken, key_name sk-...abcd, column spend"
[[nodiscard]] std::string place_of(const TableShape& shape, const TableRow& row,
                                   std::string_view column);

/// A row as the requests that make such records have it; moments are numbers in texts.
/// @return `invalid_request`, with its place, for a JSON column that holds none.
[[nodiscard]] Result<Json> json_of(const TableShape& shape, const TableRow& row);

/// A moment as the tables are read; empty for what is none.
[[nodiscard]] std::optional<WallTime> moment_in(const Json& json, const char* column);

/// A text; empty for what is none.
[[nodiscard]] std::string text_in(const Json& json, const char* column);

}  // namespace spillway::keys::litellm
