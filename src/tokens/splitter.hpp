#pragma once

#include "spillway/tokens/family.hpp"

namespace spillway::tokens {

/// The end of the piece that begins at `at`, which is before `end`: what tiktoken's split pattern
/// of the family matches there. Pieces are encoded by themselves. A text is split in linear time.
[[nodiscard]] const char* end_of_o200k_piece(const char* at, const char* end);
[[nodiscard]] const char* end_of_cl100k_piece(const char* at, const char* end);

}  // namespace spillway::tokens
