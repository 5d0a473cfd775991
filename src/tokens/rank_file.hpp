#pragma once

#include <memory>
#include <string_view>

#include "rank_tables.hpp"

namespace spillway::tokens {

inline constexpr std::size_t largest_rank_file = 32U << 20;

/// Reads the text of a `.tiktoken` file: a token in base64, a blank and its rank on each line,
/// ranks ascending from 0 without a gap.
[[nodiscard]] Result<std::unique_ptr<const RankTables>> read_rank_file(std::string_view text);

}  // namespace spillway::tokens
