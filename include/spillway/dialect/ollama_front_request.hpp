#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/client_form.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/dialect/ollama_front_answer.hpp"

namespace spillway::dialect {

/// What a client of Ollama's own API asks for, in OpenAI's words (wire.md 2.2).
struct OllamaFrontRequest {
    enum class Wish : std::uint8_t {
        answer,
        load,    ///< Nothing to answer: the model is to be loaded ...
        unload,  ///< ... or, with `keep_alive` 0, given up.
    };

    Wish wish = Wish::answer;
    chat::Endpoint endpoint = chat::Endpoint::chat;  ///< `completions` for text that is not a chat.
    chat::Delivery delivery = chat::Delivery::stream;
    OllamaThinking thinking = OllamaThinking::shown;
    std::string model;
    /// OpenAI's body. `options`, `keep_alive` and `think` stand in it as the client wrote them, for
    /// deployments that speak Ollama; `plan_edits` takes them out for all others. Empty unless
    /// `wish` is `answer`.
    std::string body;
};

/// Translates a body.
///
/// What has no counterpart is kept in `options` or left out (`thinking` of earlier messages,
/// `truncate`); what would change the answer without a word is refused: `template`, `context`.
/// Members of the body that are no part of Ollama's API are left out but for LiteLLM's controls.
///
/// @param body  Followed by `body_padding` readable bytes.
/// @param form  One of Ollama's.
/// @return `invalid_json`, `missing_model`, or `invalid_request` with `param`.
[[nodiscard]] Result<OllamaFrontRequest> read_ollama_request(std::string_view body,
                                                             chat::ClientForm form);

}  // namespace spillway::dialect
