#pragma once

#include <cstdint>
#include <string_view>

namespace spillway::chat {

/// What a client asks for. `other` is any further /v1 path that names a model and passes through.
enum class Endpoint : std::uint8_t { chat, completions, embeddings, other };

/// LiteLLM's `call_type` for the record: "acompletion", "atext_completion", "aembedding", ...
[[nodiscard]] constexpr std::string_view call_type(Endpoint endpoint)
{
    switch (endpoint) {
        case Endpoint::chat:
            return "acompletion";
        case Endpoint::completions:
            return "atext_completion";
        case Endpoint::embeddings:
            return "aembedding";
        case Endpoint::other:
            return "pass_through_endpoint";
    }
    return "";
}

}  // namespace spillway::chat
