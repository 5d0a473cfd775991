#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "ollama_front_messages.hpp"
#include "spillway/base/result.hpp"
#include "spillway/chat/client_form.hpp"
#include "spillway/dialect/json_walk.hpp"

/// What a body of Ollama's own API holds, before it is decided what that asks for.
namespace spillway::dialect {

/// A value as it stands in the body; empty when it is absent.
using Raw = std::string_view;

[[nodiscard]] inline bool says_nothing(Raw raw)
{
    return raw.empty() || raw == "null" || raw == "\"\"" || raw == "[]" || raw == "{}";
}

/// Adds `,"name":value`.
inline void add_member(std::string& members, std::string_view name, Raw value)
{
    members.append(",\"").append(name).append("\":").append(value);
}

/// `invalid_request`
[[nodiscard]] Error wrong_member(std::string_view param, std::string_view wanted);

/// What is read in one pass over the body. Views of it, but for what is put into other words at
/// once.
struct OllamaFrontParts {
    std::string model;
    OllamaFrontMessages messages;
    Raw stream;
    Raw format;
    Raw options;
    Raw keep_alive;
    Raw tools;
    Raw think;
    Raw logprobs;
    Raw top_logprobs;
    Raw prompt;
    Raw system;
    Raw suffix;
    Raw template_text;
    Raw raw;
    Raw context;
    Raw input;
    Raw dimensions;
    Raw truncate;
    std::vector<std::string_view> images;
    std::string sampling;  ///< Of `options`, what OpenAI has as well: `,"temperature":0.5`
    std::string passed;    ///< LiteLLM's controls, in the same form.
};

/// @return `invalid_json`, `missing_model`, or `invalid_request` with `param`.
[[nodiscard]] Result<OllamaFrontParts> read_front_parts(JsonWalker& json, chat::ClientForm form);

}  // namespace spillway::dialect
