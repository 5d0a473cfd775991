#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/chat/engine_facts.hpp"
#include "spillway/dialect/json_walk.hpp"
#include "spillway/dialect/ollama_answer.hpp"

namespace spillway::dialect {

/// One object of Ollama's answers: a line of a stream, or a whole answer (wire.md 2.2). Views point
/// into the text that was walked; texts are the insides of JSON strings, escapes and all.
struct OllamaLine {
    struct Call {
        std::string_view id;
        std::string_view name;
        std::string_view arguments;  ///< An object as JSON text.
    };

    std::string_view model;
    std::string_view content;  ///< `response` of `/api/generate` as well.
    std::string_view thinking;
    std::vector<Call> calls;
    std::string logprobs;                   ///< OpenAI's list, without brackets.
    std::string_view context;               ///< JSON text; of `/api/generate` only.
    std::string_view error;                 ///< JSON text; empty when there is none.
    std::vector<std::string_view> vectors;  ///< JSON text of each embedding.
    bool has_vectors = false;
    bool done = false;
    std::string_view done_reason;
    std::optional<std::int64_t> total_duration;
    std::optional<std::int64_t> load_duration;
    std::optional<std::int64_t> prompt_eval_count;
    std::optional<std::int64_t> prompt_eval_duration;
    std::optional<std::int64_t> eval_count;
    std::optional<std::int64_t> eval_duration;
};

/// Reads the object that comes next. The walker says whether it was JSON.
[[nodiscard]] OllamaLine read_ollama_line(JsonWalker& json);

/// What one answer adds up to.
struct OllamaSums {
    std::size_t output_bytes = 0;
    std::size_t calls = 0;
    void add(const OllamaLine& line);
};

/// `usage` as JSON: OpenAI's three counts, then Ollama's durations under their own names.
/// What the engine did not count is our own count.
[[nodiscard]] std::string usage_of(const OllamaLine& last, const OllamaSums& sums,
                                   Tokens prompt_count);
[[nodiscard]] UsageOrigin usage_origin(const OllamaLine& last);
[[nodiscard]] chat::EngineFacts engine_facts(const OllamaLine& last);
/// "stop", "length", "tool_calls".
[[nodiscard]] std::string_view finish_reason(const OllamaLine& last, const OllamaSums& sums);

/// Calls of tools as OpenAI's list, without brackets. `index` stands in those of streams only.
enum class CallForm : unsigned char { delta, whole };
[[nodiscard]] std::string tool_calls(const OllamaLine& line, std::string_view answer_id,
                                     std::size_t first, CallForm form);

}  // namespace spillway::dialect
