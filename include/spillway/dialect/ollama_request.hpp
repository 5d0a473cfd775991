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

/// What the file sets for requests that do not say otherwise.
struct OllamaDefaults {
    /// As `WireRules::defaults`: names and JSON text. `num_ctx` in it is passed over.
    std::vector<std::pair<std::string, std::string>> members;
    WindowChoice window = WindowChoice::ours;
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

/// The body of `/api/embed`, always with `truncate:false`.
/// @return As above: Ollama takes text only, not lists of tokens.
[[nodiscard]] Result<OllamaRequest> ollama_embed_request(std::string_view body,
                                                         const OllamaDefaults& defaults,
                                                         std::optional<Tokens> num_ctx);

/// A call without a prompt, which only loads the model (wire.md 2.2), with the options of the
/// requests behind it: others would make Ollama load it twice.
/// @param endpoint  `embeddings` for a model that cannot chat: the body of `/api/embed`.
[[nodiscard]] OllamaRequest ollama_load_request(std::string_view model, chat::Endpoint endpoint,
                                                const OllamaDefaults& defaults,
                                                std::optional<Tokens> num_ctx);

/// `num_ctx` among parameters of the file, by itself or inside `options`.
[[nodiscard]] std::optional<Tokens> configured_window(
    const std::vector<std::pair<std::string, std::string>>& members);

}  // namespace spillway::dialect
