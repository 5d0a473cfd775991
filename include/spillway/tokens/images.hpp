#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "spillway/tokens/estimator.hpp"

namespace spillway::tokens {

/// Size of an image.
struct Pixels {
    std::uint32_t width = 0;
    std::uint32_t height = 0;
    [[nodiscard]] bool operator==(const Pixels&) const = default;
};

/// OpenAI's `detail` of an image part; `automatic` is counted as `high`, which bounds it.
enum class Detail : std::uint8_t { automatic, low, high };

/// What is known about an image part without decoding it.
struct Image {
    std::optional<Pixels> size;
    Detail detail = Detail::automatic;
};

/// Tokens of an image for `model`, by the rule its maker publishes: tiles of 512 or patches of 32
/// pixels (OpenAI), pixels / 750 (Claude), tiles of 768 (Gemini), patches (Qwen, Mistral, Llama).
/// Without a size: what a 1024 x 1024 image costs, with the rule's greatest value as upper end.
[[nodiscard]] Count image_tokens(std::string_view model, const Image& image);

/// The size that the header of a PNG, JPEG, GIF or WebP file in base64 tells. Looks at the first
/// 256 KiB at most and decodes no pixels.
[[nodiscard]] std::optional<Pixels> pixels_of(std::string_view base64);

}  // namespace spillway::tokens
