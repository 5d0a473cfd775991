#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"

/// Compares two answers to one request. Pure: texts in, a label out.
namespace spillway::review {

struct ToolCall {
    std::string name;
    std::string arguments;  ///< JSON as the model wrote it; may be no JSON at all.
};

/// What a model said in one chat answer, as far as answers are compared.
struct Answer {
    std::string text;
    std::vector<ToolCall> calls;
    std::string finish;      ///< "stop", "length", "content_filter" ...; empty when none was given.
    std::string refusal;     ///< The member of that name.
    std::string thought{};   ///< Reasoning that stands apart from the answer.
    double logprob_sum = 0;  ///< Of the tokens whose log-probability was told.
    std::size_t logprobs = 0;

    /// Mean log-probability of a token; empty when none was told.
    [[nodiscard]] std::optional<double> mean_logprob() const
    {
        if (logprobs == 0)
            return std::nullopt;
        return logprob_sum / static_cast<double>(logprobs);
    }
};

/// The first choice of a whole chat completion. Empty for what is none.
[[nodiscard]] std::optional<Answer> read_whole(std::string_view body);

/// The first choice of a streamed one, put together. @param events  All of them, as they came.
[[nodiscard]] std::optional<Answer> read_stream(std::string_view events);

/// The same, event by event.
class StreamedAnswer {
public:
    /// @param events  Whole ones.
    void add(std::string_view events);
    [[nodiscard]] const Answer& answer() const noexcept { return answer_; }
    /// Was there any chunk of a chat completion?
    [[nodiscard]] bool begun() const noexcept { return begun_; }

private:
    Answer answer_;
    bool begun_ = false;
};

/// A tool that the request offers.
struct Tool {
    std::string name;
    std::string schema;  ///< Of its arguments, JSON; empty: none was given.
};

/// What a request demands of any answer to it.
struct Asked {
    enum class Form : std::uint8_t { text, json, schema } form = Form::text;
    std::string schema;  ///< JSON, with `Form::schema`.
    enum class ToolUse : std::uint8_t { allowed, demanded } tool_use = ToolUse::allowed;
    std::vector<Tool> tools;
};
/// @param body  Of a chat completion that was served, so it is valid.
[[nodiscard]] Asked read_asked(std::string_view body);

/// The conversation as text for a judge or a reviewer: "user: ...", a paragraph each; images are
/// named, not shown. The end is what counts: of more than `most` bytes the beginning is left out.
[[nodiscard]] std::string conversation(std::string_view body, std::size_t most);

}  // namespace spillway::review
