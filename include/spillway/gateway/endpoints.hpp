#pragma once

#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/client_form.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/net/http_head.hpp"

namespace spillway::gateway {

enum class Service : std::uint8_t {
    inference,
    model_list,
    model_card,
    preflight,
    explain,
    ollama_hello,    ///< GET /
    ollama_version,  ///< GET /api/version
    ollama_models,   ///< GET /api/tags
    ollama_running,  ///< GET /api/ps
    ollama_card,     ///< POST /api/show
    ollama_engine,   ///< What is done to an engine's own models: /api/pull and its like.
};

/// What a path and method ask for.
struct Destination {
    Service service = Service::inference;
    chat::Endpoint endpoint = chat::Endpoint::other;
    /// The path without "/v1", still percent-encoded: "/chat/completions". View into the head.
    std::string_view suffix;
    /// GET of a further path: the model stands in the query ("model=...").
    std::string_view query_model;
    /// In whose words the client speaks; `suffix` is OpenAI's path for what it asks.
    chat::ClientForm form = chat::ClientForm::openai;
};

/// Finds the destination, with and without the /v1 prefix. Paths behind /v1 that are not known pass
/// through when they name a model; a path with dot segments, encoded or not, never does, because it
/// would be appended to an upstream's base path.
/// @return `unknown_path` or `method_not_allowed`.
[[nodiscard]] Result<Destination> find_destination(const net::RequestHead& head);

/// Is the path one of Ollama's, where errors are `{"error":"..."}`?
[[nodiscard]] bool is_ollama_path(std::string_view path) noexcept;

/// The value of `name` in a query, still encoded; empty when it is absent.
[[nodiscard]] std::string_view query_value(std::string_view query, std::string_view name) noexcept;

/// What an `Allow` header says for a path that answered `method_not_allowed`.
[[nodiscard]] std::string_view allowed_methods(std::string_view path);

}  // namespace spillway::gateway
