#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/client_form.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/dialect/ollama_front_answer.hpp"

namespace spillway::dialect {

/// Who can be asked: everybody, or, because there are no other words for it, deployments that speak
/// Ollama.
enum class OllamaTakers : std::uint8_t { all, ollama };

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
    OllamaTakers takers = OllamaTakers::all;
    std::string model;
    /// OpenAI's body. `options`, `keep_alive`, `think` and `raw` stand in it as the client wrote
    /// them, for deployments that speak Ollama; `plan_edits` takes them out for all others. Empty
    /// unless `wish` is `answer`.
    std::string body;
    /// Where in `body` earlier messages tell what their models thought: a member each, with the
    /// comma before it. Strict vendors refuse it, so it goes to deployments that speak Ollama only.
    std::vector<chat::ByteRange> thoughts;
};

/// Translates a body.
///
/// What has no counterpart is kept in `options` or left out (`truncate`). What would change the
/// answer if it were left out (`template`, `context`, images beside a raw prompt) goes to
/// deployments that speak Ollama only. Members of the body that are no part of Ollama's API are
/// left out but for LiteLLM's controls.
///
/// @param body  Followed by `body_padding` readable bytes.
/// @param form  One of Ollama's.
/// @return `invalid_json`, `missing_model`, or `invalid_request` with `param`.
[[nodiscard]] Result<OllamaFrontRequest> read_ollama_request(std::string_view body,
                                                             chat::ClientForm form);

}  // namespace spillway::dialect
