#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spillway/dialect/json_walk.hpp"
#include "spillway/dialect/ollama_front_answer.hpp"

/// What the answers of the Ollama front door, whole or line by line, have in common.
namespace spillway::dialect {

/// Tool calls, gathered over the pieces in which OpenAI streams them.
class ToolCalls {
public:
    enum class Verdict : unsigned char { fine, too_large };

    /// Reads one `tool_calls` array.
    [[nodiscard]] Verdict read(JsonWalker& json);
    [[nodiscard]] bool empty() const noexcept { return calls_.empty(); }
    /// Ollama's array of them, arguments as objects. Forgets them.
    [[nodiscard]] std::string take();

private:
    struct Call {
        std::int64_t index = 0;
        std::string id;
        std::string name;
        std::string arguments;  ///< JSON in pieces.
    };
    struct Piece;

    void read_call(JsonWalker& json, std::int64_t position);
    void add(Piece piece, std::int64_t position);

    std::vector<Call> calls_;
    std::size_t bytes_ = 0;
};

/// What one object of an OpenAI answer says: an event's, or a whole answer. Texts are the insides
/// of JSON strings, escapes and all: they go out as they came.
struct Spoken {
    std::string content;
    std::string thinking;
    std::string logprobs;  ///< An array.
    std::string finish;    ///< `finish_reason`; empty when there is none yet.
    std::string error;     ///< Its words.
    bool failed = false;
    bool too_large = false;  ///< The tool calls.
};

/// Reads one object. `usage` is merged into `measures`.
[[nodiscard]] Spoken read_spoken(JsonWalker& json, ToolCalls& calls, OllamaMeasures& measures);

/// Reads a `usage` object, Ollama's own measures in it included.
void read_measures(JsonWalker& json, OllamaMeasures& measures);

/// What `own` does not say is taken from `others`.
void complete_measures(OllamaMeasures& own, const OllamaMeasures& others);

/// `{"model":...,"created_at":...` of a line.
[[nodiscard]] std::string begin_line(const OllamaStyle& style, WallTime now);
/// `,"message":{...}` or `,"response":...` with what was said, and its log-probabilities.
void add_spoken(std::string& line, const OllamaStyle& style, const Spoken& spoken,
                ToolCalls& calls);
/// `,"done":true` and all that follows it to the line's end, without the line feed.
void end_line(std::string& line, std::string_view finish, const OllamaMeasures& measures);

}  // namespace spillway::dialect
