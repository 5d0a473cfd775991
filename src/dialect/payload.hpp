#pragma once

#include <string_view>

namespace spillway::dialect {

/// Is `text` bytes in base64 instead of something to read: behind `data:...;base64,` at any length,
/// by itself from 4 KiB on? Every byte must be of the alphabet, and capitals, small letters and
/// digits must all be there; so numbers and text of any writing are none, whatever they are called.
[[nodiscard]] bool is_payload(std::string_view text);

}  // namespace spillway::dialect
