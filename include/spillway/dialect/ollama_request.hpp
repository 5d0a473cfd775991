#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/endpoint.hpp"

/// OpenAI's requests in the words of Ollama's own API (wire.md 2.2). Numbers, schemas and arguments
/// go over to the letter: they are cut out of the body, never parsed and printed anew.
namespace spillway::dialect {

/// Whose `num_ctx` holds. Another one than before makes Ollama load the model again, so clients
/// decide only where the file lets them.
enum class WindowChoice : std::uint8_t { ours, clients };

/// Whose `keep_alive` holds: clients' within bounds (`bounded_keep_alive`), because the model is
/// everybody's, or as they write it.
enum class KeepAliveChoice : std::uint8_t { bounded, clients };

/// What the file sets for requests that do not say otherwise.
struct OllamaDefaults {
    /// As `WireRules::defaults`: names and JSON text. `num_ctx` in it is passed over.
    std::vector<std::pair<std::string, std::string>> members;
    WindowChoice window = WindowChoice::ours;
    KeepAliveChoice keep_alive = KeepAliveChoice::bounded;
};

/// A request as Ollama takes it.
struct OllamaRequest {
    std::string body;
    std::optional<Tokens> num_ctx;  ///< As it stands in the body.
};

/// The body of `/api/chat`, always with `truncate:false` and `shift:false`: a prompt that does not
/// fit is an error, which leads to a place where it fits, and not a shorter prompt.
/// @param body     Valid JSON, as `plan_edits` leaves it. Need not be padded.
/// @param num_ctx  The model's window; not sent when empty.
/// @return `not_translatable` with the parameter for what Ollama has no way to take (an image at a
///         web address, audio, a file); `invalid_request` for what is no OpenAI request.
[[nodiscard]] Result<OllamaRequest> ollama_chat_request(std::string_view body,
                                                        const OllamaDefaults& defaults,
                                                        std::optional<Tokens> num_ctx);

/// The body of `/api/generate`, for old completions: always with `truncate:false` and
/// `shift:false`, as a chat's. What only Ollama has (`raw`, `template`, `system`, `context`,
/// `images`) is handed on where the request has it; without `raw` Ollama puts the model's template
/// around the prompt, as it does behind its own `/v1/completions`.
/// @return `not_translatable` for what its answer would lack: several prompts or answers, prompts
///         of tokens, no prompt, `echo`, `logprobs` in the old form.
[[nodiscard]] Result<OllamaRequest> ollama_generate_request(std::string_view body,
                                                            const OllamaDefaults& defaults,
                                                            std::optional<Tokens> num_ctx);

/// The body of `/api/embed`, with `truncate:false` unless the request says true.
/// @return As above: Ollama takes text only, not lists of tokens.
[[nodiscard]] Result<OllamaRequest> ollama_embed_request(std::string_view body,
                                                         const OllamaDefaults& defaults,
                                                         std::optional<Tokens> num_ctx);

/// What a model is loaded for.
enum class OllamaTask : std::uint8_t { chat, embed };

/// A body that loads the model and asks nothing of it, with all that the requests behind it will
/// say of how it is to be loaded: anything else would load it twice.
[[nodiscard]] std::string ollama_load_request(std::string_view model, OllamaTask task,
                                              const OllamaDefaults& defaults,
                                              std::optional<Tokens> num_ctx);

/// `num_ctx` among parameters of the file, by itself or inside `options`.
[[nodiscard]] std::optional<Tokens> configured_window(
    const std::vector<std::pair<std::string, std::string>>& members);

}  // namespace spillway::dialect
