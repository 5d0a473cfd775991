#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/engine/model_report.hpp"

/// Exact counts by the engine's own tokenizer (wire.md 5.1, 5.2). Pure.
namespace spillway::engine {

/// A question to POST as JSON, from the root of the server. The body holds `text`: it goes to the
/// engine that is about to get the prompt, and nowhere else.
struct CountQuestion {
    std::string_view path;
    std::string body;
};

/// How many tokens `text` has for `model`; empty for engines that do not say it (Ollama).
[[nodiscard]] std::optional<CountQuestion> count_question(Kind kind, std::string_view model,
                                                          std::string_view text);

/// What a 200 answer says: the text's tokens, without those that a chat template adds.
/// @return `upstream_bad_reply` when it is none.
[[nodiscard]] Result<Tokens> read_count(Kind kind, std::string_view body);

}  // namespace spillway::engine
