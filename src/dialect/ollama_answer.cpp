#include "spillway/dialect/ollama_answer.hpp"

#include "ollama_line.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

/// The answer read; nothing when it is not one JSON object.
std::optional<OllamaLine> read_whole(std::string_view body, JsonIndex& index)
{
    const auto text = index.copy(body);
    if (index.scan(text) != JsonFault::none || text[index.tokens().front()] != '{') {
        return std::nullopt;
    }
    JsonWalker json(text, index.tokens());
    auto line = read_ollama_line(json);
    return json.finish() ? std::optional(std::move(line)) : std::nullopt;
}

OpenAiAnswer error_answer(std::string_view error)
{
    OpenAiAnswer answer;
    answer.body.append(R"({"error":)").append(error).append("}");
    return answer;
}

std::string message_of(const OllamaLine& line, const AnswerFrame& frame)
{
    std::string message = R"({"role":"assistant","content":)";
    if (line.content.empty() && !line.calls.empty()) {
        message += "null";
    } else {
        message.append("\"").append(line.content).append("\"");
    }
    message += R"(,"refusal":null)";
    if (!line.thinking.empty()) {
        message.append(R"(,"reasoning_content":")").append(line.thinking).append("\"");
    }
    if (!line.calls.empty()) {
        message.append(R"(,"tool_calls":[)");
        message.append(tool_calls(line, frame.id, 0, CallForm::whole)).append("]");
    }
    return message + "}";
}

/// The one choice of a chat, but for its end.
std::string chat_choice(const OllamaLine& line, const AnswerFrame& frame)
{
    auto choice = R"("message":)" + message_of(line, frame) + R"(,"logprobs":)";
    if (line.logprobs.empty()) {
        return choice + "null";
    }
    return choice + R"({"content":[)" + line.logprobs + R"(],"refusal":null})";
}

std::string text_choice(const OllamaLine& line, const AnswerFrame&)
{
    std::string choice = R"("text":")";
    choice.append(line.content).append(R"(","logprobs":null)");
    if (!line.thinking.empty()) {
        choice.append(R"(,"reasoning_content":")").append(line.thinking).append("\"");
    }
    return choice;
}

/// An answer of one choice, which `choice_of` writes.
Result<OpenAiAnswer> answer_of(std::string_view body, const AnswerFrame& frame,
                               std::string_view object,
                               std::string (*choice_of)(const OllamaLine&, const AnswerFrame&))
{
    JsonIndex index;
    const auto line = read_whole(body, index);
    if (!line) {
        return fail(Errc::upstream_bad_reply, "the answer is not JSON");
    }
    if (!line->error.empty()) {
        return error_answer(line->error);
    }
    if (!line->done) {
        return fail(Errc::upstream_bad_reply, "the answer is not complete");
    }
    OllamaSums sums;
    sums.add(*line);
    OpenAiAnswer answer;
    answer.engine = engine_facts(*line);
    answer.usage = usage_origin(*line);
    auto& out = answer.body;
    out.append(R"({"id":)").append(json_quoted(frame.id)).append(R"(,"object":")").append(object);
    out.append(R"(","created":)").append(std::to_string(frame.created));
    out.append(R"(,"model":")").append(line->model);
    out.append(R"(","system_fingerprint":"fp_ollama","choices":[{"index":0,)");
    out.append(choice_of(*line, frame));
    out.append(R"(,"finish_reason":")").append(finish_reason(*line, sums));
    out.append(R"("}],"usage":)").append(usage_of(*line, sums, frame.prompt_count));
    if (frame.hands_context && !line->context.empty()) {
        out.append(R"(,"context":)").append(line->context);
    }
    out.append("}");
    return answer;
}

}  // namespace

Result<OpenAiAnswer> openai_chat_answer(std::string_view body, const AnswerFrame& frame)
{
    return answer_of(body, frame, "chat.completion", &chat_choice);
}

Result<OpenAiAnswer> openai_completion_answer(std::string_view body, const AnswerFrame& frame)
{
    return answer_of(body, frame, "text_completion", &text_choice);
}

Result<OpenAiAnswer> openai_embeddings_answer(std::string_view body, const AnswerFrame& frame)
{
    JsonIndex index;
    const auto line = read_whole(body, index);
    if (line && !line->error.empty()) {
        return error_answer(line->error);
    }
    if (!line || !line->has_vectors) {
        return fail(Errc::upstream_bad_reply, "the answer is not a list of embeddings");
    }
    OpenAiAnswer answer;
    answer.engine = engine_facts(*line);
    answer.usage = usage_origin(*line);
    auto& out = answer.body;
    out.reserve(body.size() + 64 * line->vectors.size() + 256);
    out.append(R"({"object":"list","data":[)");
    std::size_t number = 0;
    for (const auto vector : line->vectors) {
        out.append(number > 0 ? "," : "").append(R"({"object":"embedding","index":)");
        out.append(std::to_string(number++)).append(R"(,"embedding":)").append(vector).append("}");
    }
    const auto prompt = line->prompt_eval_count.value_or(count(frame.prompt_count));
    out.append(R"(],"model":")").append(line->model).append(R"(","usage":{"prompt_tokens":)");
    out.append(std::to_string(prompt)).append(R"(,"total_tokens":)").append(std::to_string(prompt));
    if (line->total_duration) {
        out.append(R"(,"total_duration":)").append(std::to_string(*line->total_duration));
    }
    if (line->load_duration) {
        out.append(R"(,"load_duration":)").append(std::to_string(*line->load_duration));
    }
    out.append("}}");
    return answer;
}

}  // namespace spillway::dialect
