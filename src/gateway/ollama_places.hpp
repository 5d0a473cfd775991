#pragma once

#include <string_view>

#include "spillway/gateway/endpoints.hpp"

/// The paths of Ollama's own API (wire.md 2.2).
namespace spillway::gateway {

struct OllamaPlace {
    std::string_view path;
    std::string_view methods;  ///< As an `Allow` header has them.
    Service service;
    chat::Endpoint endpoint = chat::Endpoint::other;
    chat::ClientForm form = chat::ClientForm::openai;
    std::string_view suffix = {};  ///< OpenAI's path for the same.
};

/// The place at `path`; null when it is none of these.
[[nodiscard]] const OllamaPlace* find_ollama_place(std::string_view path) noexcept;

[[nodiscard]] bool takes(const OllamaPlace& place, net::Method method) noexcept;

}  // namespace spillway::gateway
