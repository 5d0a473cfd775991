#include "spillway/review/answer.hpp"

#include <nlohmann/json.hpp>

namespace spillway::review {
namespace {

using Json = nlohmann::json;

const Json nothing;

Json parse(std::string_view text)
{
    return Json::parse(text, nullptr, false);
}

/// The member of an object; null for what is no object or has none.
const Json& member(const Json& object, const char* name)
{
    if (!object.is_object())
        return nothing;
    const auto found = object.find(name);
    return found == object.end() ? nothing : *found;
}

std::string text_of(const Json& value)
{
    return value.is_string() ? value.get<std::string>() : std::string();
}

/// Text of a content: a string, or parts; what is no text is named.
std::string content_text(const Json& content)
{
    if (content.is_string())
        return content.get<std::string>();
    std::string text;
    if (!content.is_array())
        return text;
    for (const auto& part : content) {
        if (!text.empty())
            text += '\n';
        const auto& words = member(part, "text");
        text += words.is_string() ? words.get<std::string>()
                                  : "[" + text_of(member(part, "type")) + "]";
    }
    return text;
}

ToolCall call_of(const Json& call)
{
    const auto& function = member(call, "function");
    return {text_of(member(function, "name")), text_of(member(function, "arguments"))};
}

const Json& first_choice(const Json& body)
{
    const auto& choices = member(body, "choices");
    return choices.is_array() && !choices.empty() ? choices.front() : nothing;
}

/// Adds the log-probabilities of the tokens that a choice lists.
void add_logprobs(const Json& choice, Answer& answer)
{
    const auto& tokens = member(member(choice, "logprobs"), "content");
    if (!tokens.is_array())
        return;
    for (const auto& token : tokens) {
        const auto& value = member(token, "logprob");
        if (!value.is_number())
            continue;
        answer.logprob_sum += value.get<double>();
        ++answer.logprobs;
    }
}

/// Engines call it by either name (wire.md 1.3).
std::string thought_of(const Json& message)
{
    auto text = text_of(member(message, "reasoning_content"));
    return text.empty() ? text_of(member(message, "reasoning")) : text;
}

/// Adds what one chunk brings of the first choice.
void add_chunk(const Json& chunk, Answer& answer)
{
    const auto& choice = first_choice(chunk);
    const auto& index = member(choice, "index");
    if (index.is_number_integer() && index.get<std::int64_t>() != 0)
        return;
    const auto& delta = member(choice, "delta");
    answer.text += text_of(member(delta, "content"));
    answer.refusal += text_of(member(delta, "refusal"));
    answer.thought += thought_of(delta);
    add_logprobs(choice, answer);
    if (const auto finish = text_of(member(choice, "finish_reason")); !finish.empty())
        answer.finish = finish;
    const auto& calls = member(delta, "tool_calls");
    if (!calls.is_array())
        return;
    constexpr std::size_t most_calls = 128;
    for (const auto& each : calls) {
        const auto& place = member(each, "index");
        const auto at = place.is_number_unsigned() ? place.get<std::size_t>() : answer.calls.size();
        if (at >= most_calls)
            continue;
        if (answer.calls.size() <= at)
            answer.calls.resize(at + 1);
        const auto piece = call_of(each);
        answer.calls[at].name += piece.name;
        answer.calls[at].arguments += piece.arguments;
    }
}

}  // namespace

std::optional<Answer> read_whole(std::string_view body)
{
    const auto parsed = parse(body);
    const auto& choice = first_choice(parsed);
    const auto& message = member(choice, "message");
    if (!message.is_object())
        return std::nullopt;
    Answer answer;
    answer.text = content_text(member(message, "content"));
    answer.refusal = text_of(member(message, "refusal"));
    answer.finish = text_of(member(choice, "finish_reason"));
    answer.thought = thought_of(message);
    add_logprobs(choice, answer);
    const auto& calls = member(message, "tool_calls");
    if (calls.is_array())
        for (const auto& call : calls)
            answer.calls.push_back(call_of(call));
    return answer;
}

void StreamedAnswer::add(std::string_view events)
{
    while (!events.empty()) {
        const auto end = std::min(events.find_first_of("\r\n"), events.size());
        const auto line = events.substr(0, end);
        events.remove_prefix(std::min(end + 1, events.size()));
        constexpr std::string_view field = "data:";
        if (!line.starts_with(field))
            continue;
        const auto chunk = parse(line.substr(field.size()));
        if (!member(chunk, "choices").is_array())
            continue;
        begun_ = true;
        add_chunk(chunk, answer_);
    }
}

std::optional<Answer> read_stream(std::string_view events)
{
    StreamedAnswer streamed;
    streamed.add(events);
    return streamed.begun() ? std::optional(streamed.answer()) : std::nullopt;
}

Asked read_asked(std::string_view body)
{
    Asked asked;
    const auto parsed = parse(body);
    const auto& format = member(parsed, "response_format");
    const auto kind = text_of(member(format, "type"));
    if (kind == "json_object")
        asked.form = Asked::Form::json;
    if (kind == "json_schema") {
        const auto& schema = member(member(format, "json_schema"), "schema");
        asked.form = schema.is_object() ? Asked::Form::schema : Asked::Form::json;
        asked.schema = schema.is_object() ? schema.dump() : std::string();
    }
    const auto& tools = member(parsed, "tools");
    if (tools.is_array()) {
        for (const auto& each : tools) {
            const auto& function = member(each, "function");
            const auto& schema = member(function, "parameters");
            asked.tools.push_back({text_of(member(function, "name")),
                                   schema.is_object() ? schema.dump() : std::string()});
        }
    }
    const auto& choice = member(parsed, "tool_choice");
    if (choice.is_object() || text_of(choice) == "required")
        asked.tool_use = Asked::ToolUse::demanded;
    return asked;
}

std::string conversation(std::string_view body, std::size_t most)
{
    const auto parsed = parse(body);
    const auto& messages = member(parsed, "messages");
    std::string text;
    if (messages.is_array()) {
        for (const auto& message : messages) {
            if (!text.empty())
                text += "\n\n";
            text +=
                text_of(member(message, "role")) + ": " + content_text(member(message, "content"));
            const auto& calls = member(message, "tool_calls");
            if (calls.is_array())
                for (const auto& each : calls) {
                    const auto call = call_of(each);
                    text += "\n[calls " + call.name + " " + call.arguments + "]";
                }
        }
    }
    if (text.size() <= most)
        return text;
    auto begin = text.size() - most;
    // Not in the middle of a character.
    while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0U) == 0x80U)
        ++begin;
    return "[...] " + text.substr(begin);
}

}  // namespace spillway::review
