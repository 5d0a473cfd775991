#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::dialect {

/// Where a text stands: where bytes are usual beside links and names, or where the protocol has
/// nothing but bytes (`input_audio.data`, `file_data`).
enum class Standing : std::uint8_t { among_names, for_bytes };

/// Is `text` bytes in base64 instead of something to read: behind `data:...;base64,` and where
/// bytes belong at any length, by itself from 4 KiB on? Every byte must be of the alphabet, and
/// capitals, small letters and digits must all be there; so numbers and text of any writing are
/// none, whatever they are called.
[[nodiscard]] bool is_payload(std::string_view text, Standing standing = Standing::among_names);

}  // namespace spillway::dialect
