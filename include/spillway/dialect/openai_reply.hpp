#pragma once

#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/request_facts.hpp"

namespace spillway::dialect {

/// OpenAI's error body, always its four keys: {"error":{"message","type","param","code"}}.
[[nodiscard]] std::string error_body(const Error& error);

/// The event that ends a broken chat stream: `data: {"error":{...}}` and a blank line, no [DONE].
[[nodiscard]] std::string error_event(const Error& error);
/// The same for /v1/responses streams: `event: error` with a nested error, then `response.failed`.
[[nodiscard]] std::string responses_error_events(const Error& error);

/// An embeddings answer with its vectors in the encoding the client asked for; the bytes unchanged
/// when they already are. base64 is of little-endian IEEE 754 float32 (wire.md 1.7).
/// @return `upstream_bad_reply` when the body is not an embeddings answer.
[[nodiscard]] Result<std::string> recode_embeddings(std::string body, chat::VectorEncoding wanted);

}  // namespace spillway::dialect
