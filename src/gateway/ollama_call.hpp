#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/base/ids.hpp"
#include "spillway/base/result.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/dialect/ollama_answer.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/snapshot.hpp"

/// A call in Ollama's own words: what an attempt and a side call have in common (ADR 0039).
namespace spillway::gateway {

/// Which words a request goes out in. What we pass through stays OpenAI's at an Ollama as well.
[[nodiscard]] inline bool speaks_ollama(const Upstream& upstream, chat::Endpoint endpoint)
{
    return upstream.ollama && endpoint != chat::Endpoint::other;
}

[[nodiscard]] inline bool speaks_ollama(const Upstream& upstream, const InferenceRequest& request)
{
    return request.form == BodyForm::json && speaks_ollama(upstream, request.endpoint());
}

/// A request on its way to an Ollama.
struct OllamaWish {
    const Upstream& upstream;
    const chat::RequestFacts& facts;
    std::string_view body;  ///< The client's.
    chat::Endpoint endpoint = chat::Endpoint::chat;
    std::string_view model;  ///< The engine's name of it.
    /// Top-level keys set whatever the client wrote.
    std::vector<std::pair<std::string, std::string>> overrides;
    /// Who may load and unload models may do so by the way.
    dialect::KeepAliveChoice keep_alive = dialect::KeepAliveChoice::bounded;
    dialect::WindowFacts window;  ///< What the engine told; the file's is added.
};
struct OllamaCall {
    std::string path;
    std::string body;
    std::optional<Tokens> window;  ///< The one that is asked for.
};
/// @return `not_translatable` or `invalid_request`; see `ollama_chat_request`.
[[nodiscard]] Result<OllamaCall> in_ollamas_words(OllamaWish wish);

/// The call that loads a model and asks nothing of it.
/// @param told  The window that the engine told.
[[nodiscard]] OllamaCall loading_call(const Upstream& upstream, std::string_view model,
                                      dialect::OllamaTask task, std::optional<Tokens> told);

/// What it means for the chain that a request cannot be said to the deployment. Nothing was sent.
[[nodiscard]] chat::Failure untranslatable(const Error& error);

[[nodiscard]] dialect::AnswerFrame answer_frame(const RequestId& id, WallTime now,
                                                Tokens prompt_count);
/// The frame of an answer to the request.
[[nodiscard]] dialect::AnswerFrame answer_frame(const InferenceRequest& request, WallTime now);
/// The answer in OpenAI's words.
[[nodiscard]] Result<dialect::OpenAiAnswer> in_openais_words(std::string_view body,
                                                             chat::Endpoint endpoint,
                                                             const dialect::AnswerFrame& frame);

/// Has the engine cut the prompt, as far as its figures and ours tell? Not asked of embeddings: a
/// batch of them is many prompts.
/// @param asked  The window that it was asked for, else the one that it told.
[[nodiscard]] bool was_cut(const chat::EngineFacts& engine, const InferenceRequest& request,
                           std::optional<Tokens> asked);

}  // namespace spillway::gateway
