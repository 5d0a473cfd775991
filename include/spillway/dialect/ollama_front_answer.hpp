#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/client_form.hpp"

namespace spillway::dialect {

/// Whether the client gets to see what the model thought.
enum class OllamaThinking : std::uint8_t { shown, hidden };

/// What stays the same over one answer in Ollama's words.
struct OllamaStyle {
    chat::ClientForm form = chat::ClientForm::ollama_chat;
    std::string model;  ///< As the client asked for it.
    OllamaThinking thinking = OllamaThinking::shown;
};

/// What Ollama tells at the end of an answer. What the upstream's own `usage` says counts first;
/// what nobody knows is left out.
struct OllamaMeasures {
    std::optional<Tokens> prompt{};
    std::optional<Tokens> generated{};
    std::optional<std::chrono::nanoseconds> total{};
    std::optional<std::chrono::nanoseconds> load{};
    std::optional<std::chrono::nanoseconds> prefill{};
    std::optional<std::chrono::nanoseconds> decode{};
    bool truncated = false;  ///< The engine cut the prompt, as far as we know.
    std::string context{};   ///< The conversation in tokens, as a JSON list; of a text only.
};

/// A whole OpenAI answer as Ollama's: of a chat, of a text, or embeddings.
/// @param body      Need not be padded.
/// @param measures  Of our own.
/// @param now       For `created_at`.
/// @return `upstream_bad_reply` when the body is not such an answer.
[[nodiscard]] Result<std::string> ollama_answer(const OllamaStyle& style, std::string_view body,
                                                const OllamaMeasures& measures, WallTime now);

/// The answer to a request that has nothing to answer. @param reason  "load" or "unload".
[[nodiscard]] std::string ollama_empty_answer(const OllamaStyle& style, std::string_view reason,
                                              WallTime now);

/// `{"error":"..."}`, the shape of every error there.
[[nodiscard]] std::string ollama_error(std::string_view message);

}  // namespace spillway::dialect
