#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"

/// What Ollama's `/api/show` tells of a model (wire.md 2.2). Pure; asking loads nothing.
namespace spillway::engine {

/// The body of the question.
[[nodiscard]] std::string card_question(std::string_view model);

/// The most that the model can hold, prompt and answer; empty when the answer does not say.
[[nodiscard]] std::optional<Tokens> trained_window(std::string_view answer);

}  // namespace spillway::engine
