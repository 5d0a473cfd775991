#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "spillway/chat/prompt.hpp"

namespace spillway::dialect {

/// Adds to `prompt` what one pass over a body finds: its pieces in order, with their speakers, its
/// attachments and its counts; of the texts that are put together of pieces, none.
/// @param tokens   Where the structure of `body` stands.
/// @param decoded  Replaced by the unescaped strings; pieces may point into it.
void take_prompt(std::string_view body, std::span<const std::uint32_t> tokens, std::string& decoded,
                 chat::Prompt& prompt);

}  // namespace spillway::dialect
