#pragma once

#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/score/features.hpp"

namespace spillway::score {

/// Features as bytes for the ledger: the schema's hash, counters, hashes. No text, and nothing that
/// could be read back into it; who guesses a text can check the guess, though.
[[nodiscard]] std::string pack(const Features& features);

/// Reads what `pack` wrote; refuses rows of another schema.
[[nodiscard]] Result<Features> unpack(std::string_view bytes);

}  // namespace spillway::score
