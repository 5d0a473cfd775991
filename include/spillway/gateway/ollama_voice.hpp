#pragma once

#include <string>
#include <string_view>

#include "spillway/base/clock.hpp"
#include "spillway/base/result.hpp"
#include "spillway/chat/kept_answer.hpp"
#include "spillway/dialect/ollama_front_request.hpp"
#include "spillway/dialect/ollama_front_stream.hpp"
#include "spillway/gateway/outcome.hpp"

/// Between a client that speaks Ollama's own API and a gateway that speaks OpenAI's inside (ADR
/// 0040). Its request is translated when it is read, and what it gets is translated as it leaves;
/// what lies between, kept answers and samples included, is OpenAI's.
namespace spillway::gateway {

struct InferenceRequest;

/// What a request in Ollama's words has besides one in OpenAI's.
struct OllamaVoice {
    dialect::OllamaFrontRequest::Wish wish = dialect::OllamaFrontRequest::Wish::answer;
    chat::Delivery delivery = chat::Delivery::stream;
    std::string body;  ///< In OpenAI's words, padded for its reader.
    dialect::OllamaFrontStream stream;
    dialect::OllamaTakers takers = dialect::OllamaTakers::all;
    std::vector<chat::ByteRange> thoughts{};  ///< In `body`.
};

/// Translates the body that the request has now: its voice, endpoint, path and body are set.
/// @return As `dialect::read_ollama_request`.
[[nodiscard]] Result<void> hear_ollama(InferenceRequest& request);

/// Has the request nothing to be answered, but a model to be loaded or given up?
[[nodiscard]] bool only_loads(const InferenceRequest& request);

/// What the client gets for `events`, which are whole: they themselves, or lines that live until
/// the next call.
[[nodiscard]] std::string_view voiced(InferenceRequest& request, std::string_view events,
                                      const Clock& clock);

/// Puts the client's content type in the place of the upstream's.
void voice_headers(const InferenceRequest& request, net::HeaderLines& headers);

/// Translates the end of an answer; errors are left to `error_body`.
void voice_parting(InferenceRequest& request, Parting& parting, const Outcome& outcome,
                   const Clock& clock);

/// The body of an answer that was kept.
[[nodiscard]] std::string voiced_answer(InferenceRequest& request, const chat::KeptAnswer& answer,
                                        const Clock& clock);

/// The body of an error, for whoever asks.
[[nodiscard]] std::string error_body(const InferenceRequest& request, const Error& error);

}  // namespace spillway::gateway
