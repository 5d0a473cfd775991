#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "spillway/chat/engine_facts.hpp"
#include "spillway/dialect/ollama_answer.hpp"

namespace spillway::dialect {

struct OllamaLine;

/// Which stream of OpenAI's is made: of a chat, or of an old completion.
enum class StreamForm : std::uint8_t { chat, completion };

/// Turns the stream of `/api/chat` or `/api/generate` (one JSON object per line, wire.md 2.2) into
/// the events of an OpenAI stream, which `StreamMeter` then judges as if they had come from
/// upstream. Bytes may be cut anywhere; cutting them differently never changes the events. One per
/// attempt.
///
/// The usage chunk is always made: the meter takes it out where the client did not ask. Without a
/// line that is `done` there is neither a finish nor [DONE], so the meter sees a cut stream; a line
/// `{"error": ...}` becomes an error event.
class OllamaStream {
public:
    /// Lines hold a few tokens each, but a call of a tool comes in one.
    static constexpr std::size_t largest_line = std::size_t{16} * 1024 * 1024;

    explicit OllamaStream(AnswerFrame frame, StreamForm form = StreamForm::chat)
        : frame_(std::move(frame)), form_(form)
    {}

    /// The next bytes of the body. @return Whole events, often none; lives until the next call.
    [[nodiscard]] std::string_view feed(std::string_view bytes);
    /// The body has ended: some servers leave the last line's end out.
    [[nodiscard]] std::string_view finish();

    /// What the engine told; known once the stream is done.
    [[nodiscard]] const chat::EngineFacts& engine() const { return engine_; }
    [[nodiscard]] UsageOrigin usage() const { return usage_; }

private:
    void take_line(std::string_view line);
    void write_line(const OllamaLine& line);
    void write_delta(const OllamaLine& line);
    void write_text(const OllamaLine& line);
    void write_choice(std::string_view delta, std::string_view logprobs, std::string_view finish);
    void write_finish(std::string_view finish);
    void write_end(const OllamaLine& line);
    void begin_chunk();
    void fail(std::string_view error);

    AnswerFrame frame_;
    StreamForm form_;
    std::string model_;       ///< The inside of a JSON string.
    std::string unfinished_;  ///< The beginning of a line whose end has not come yet.
    std::string out_;
    chat::EngineFacts engine_;
    UsageOrigin usage_ = UsageOrigin::engine;
    std::size_t output_bytes_ = 0;
    std::size_t calls_ = 0;
    bool begun_ = false;
    bool over_ = false;  ///< Nothing that follows counts.
};

}  // namespace spillway::dialect
