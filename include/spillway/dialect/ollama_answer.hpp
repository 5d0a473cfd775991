#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/engine_facts.hpp"

/// Ollama's whole answers in OpenAI's words. Texts, vectors and arguments go over to the letter.
namespace spillway::dialect {

/// What Ollama's answers lack.
struct AnswerFrame {
    std::string id;            ///< "chatcmpl-..."; ids of tool calls are made from it.
    std::int64_t created = 0;  ///< Seconds since 1970.
    Tokens prompt_count{};     ///< Ours; where the engine gives none.
    /// The `context` of a generated text goes along, for a client that knows Ollama's API.
    bool hands_context = false;
};

/// Who counted the tokens of the prompt. Ollama leaves its count out where it is 0, for instance
/// when its cache held all of the prompt.
enum class UsageOrigin : std::uint8_t { engine, ourselves };

struct OpenAiAnswer {
    std::string body;
    UsageOrigin usage = UsageOrigin::engine;
    chat::EngineFacts engine;  ///< The durations, and `evaluated`.
};

/// A chat completion from the answer of `/api/chat`. One with an error instead becomes
/// `{"error": ...}`, for `read_answer` to find.
/// @return `upstream_bad_reply` when it is not such an answer, or not a complete one.
[[nodiscard]] Result<OpenAiAnswer> openai_chat_answer(std::string_view body,
                                                      const AnswerFrame& frame);

/// An old completion from the answer of `/api/generate`, in the same way. What the model thought
/// stands beside the text as `reasoning_content`.
[[nodiscard]] Result<OpenAiAnswer> openai_completion_answer(std::string_view body,
                                                            const AnswerFrame& frame);

/// The same for `/api/embed`. Vectors stay lists of numbers.
[[nodiscard]] Result<OpenAiAnswer> openai_embeddings_answer(std::string_view body,
                                                            const AnswerFrame& frame);

}  // namespace spillway::dialect
