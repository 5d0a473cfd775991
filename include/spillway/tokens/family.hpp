#pragma once

#include <cstdint>
#include <string_view>

#include "spillway/base/units.hpp"

namespace spillway::tokens {

/// Models that split text alike. A model's family chooses its coefficients and its vocabulary.
enum class Family : std::uint8_t { o200k, cl100k, llama3, qwen, gemini, claude, mistral, generic };
inline constexpr std::size_t family_count = 8;

/// The family of a model by its name, with or without provider prefix and tag: "gpt-4o",
/// "openrouter/meta-llama/llama-3.1-70b-instruct", "qwen2.5:7b". `generic` for names never heard
/// of.
[[nodiscard]] Family family_of(std::string_view model);

/// "o200k", "llama3", ...
[[nodiscard]] std::string_view name_of(Family family);

/// Whether the coefficients of a family were fitted on its own vocabulary or derived from a near
/// one.
enum class Grounds : std::uint8_t { measured, derived };
[[nodiscard]] Grounds grounds_of(Family family);

/// What a chat template adds around `messages` messages: role marks, separators, the answer's
/// opening.
[[nodiscard]] Tokens template_tokens(Family family, std::size_t messages);

}  // namespace spillway::tokens
