#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::dialect {

/// Where a text stands: where bytes are usual beside links and names, or where the protocol has
/// nothing but bytes (`input_audio.data`, `file_data`, a `source` that says base64).
enum class Standing : std::uint8_t { among_names, for_bytes };

/// Is `text` bytes in base64 instead of something to read: behind `data:...;base64,` and where
/// bytes belong at any length, by itself from 4 KiB on? Every byte must be of the alphabet, and
/// capitals, small letters and digits must all be there; so numbers and text of any writing are
/// none, whatever they are called. It may be broken into lines as MIME and PEM do it: all of one
/// length between 60 and 128, but for the last, which may be shorter.
[[nodiscard]] bool is_payload(std::string_view text, Standing standing = Standing::among_names);

}  // namespace spillway::dialect
