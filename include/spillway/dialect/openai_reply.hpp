#pragma once

#include <cstddef>
#include <optional>
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

/// What an answer to a request for embeddings must be like.
struct VectorWish {
    chat::VectorEncoding encoding = chat::VectorEncoding::floats;
    std::optional<std::size_t> dimensions{};  ///< That were asked for.
    /// What happens to a longer vector.
    enum class Surplus : std::uint8_t { refused, cut } surplus = Surplus::refused;
    /// `unit`: L2 norm 1; so is what was cut.
    enum class Length : std::uint8_t { as_given, unit } length = Length::as_given;
};

/// An embeddings answer with its vectors as they are wished for; the bytes unchanged when they
/// already are. base64 is of little-endian IEEE 754 float32 (wire.md 1.7).
/// @return `upstream_bad_reply` when the body is not an embeddings answer, or holds a vector of
///         another dimension than was asked for.
[[nodiscard]] Result<std::string> recode_embeddings(std::string body, const VectorWish& wish);

}  // namespace spillway::dialect
