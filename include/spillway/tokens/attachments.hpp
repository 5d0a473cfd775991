#pragma once

#include <cstddef>
#include <string_view>

#include "spillway/tokens/estimator.hpp"

namespace spillway::tokens {

/// Tokens of a sound for `model`: by its length, 10 a second for OpenAI's models and 32 for
/// Gemini's, as their makers publish; 25 for others, with twice as much as upper end. A WAV file's
/// header tells the length; that of others is guessed from their size at 128 kbit/s, with the 8
/// kbit/s of the thinnest speech as upper end.
/// @param base64      The beginning of the file; may be empty.
/// @param characters  Of the whole base64. 0: a link or an id, which counts as a minute, with half
///                    an hour as upper end.
[[nodiscard]] Count audio_tokens(std::string_view model, std::string_view base64,
                                 std::size_t characters);

/// Tokens of a video: 300 a second, which is what Gemini takes for pictures and sound; others take
/// fewer pictures of it. Its length is guessed from its size at 1 Mbit/s, with 100 kbit/s as upper
/// end.
/// @param characters  As above. 0: counts as a minute, with ten as upper end.
[[nodiscard]] Count video_tokens(std::size_t characters);

/// Tokens of a document. No maker publishes a rule for the text and the pictures of pages that they
/// take out of it, so this is a guess with a wide upper end: of a PDF one token in 16 bytes, and at
/// most one a byte and 3,000 more; of anything else, which can only be text, one in four, and at
/// most one a byte.
/// @param characters  As above. 0: counts as 2,000 tokens, with 100,000 as upper end.
[[nodiscard]] Count file_tokens(std::string_view base64, std::size_t characters);

}  // namespace spillway::tokens
