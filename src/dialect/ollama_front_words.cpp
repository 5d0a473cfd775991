#include "ollama_front_words.hpp"

#include <algorithm>
#include <utility>

#include "ollama_json.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

using std::chrono::nanoseconds;

/// Of all the arguments of one answer: as large as the largest event of a stream.
constexpr std::size_t most_gathered = std::size_t{16} * 1024 * 1024;
constexpr std::size_t most_calls = 1000;

/// A message's content: a string, or a list of parts of which the text counts.
void add_content(JsonWalker& json, std::string& to)
{
    if (json.peek() != '[') {
        to.append(raw_string(json));
        return;
    }
    json.array([&] {
        if (json.peek() != '{')
            return;
        json.object([&](const JsonKey& key) {
            if (is(key.text, "text"))
                to.append(raw_string(json));
        });
    });
}

/// An error's words, out of the shapes in which they come.
void read_error(JsonWalker& json, Spoken& spoken)
{
    if (json.peek() == 'n')
        return;
    spoken.failed = true;
    if (json.peek() != '{') {
        spoken.error = text_at(json);
        return;
    }
    json.object([&](const JsonKey& key) {
        if (is(key.text, "message"))
            spoken.error = text_at(json);
    });
}

void read_logprobs(JsonWalker& json, Spoken& spoken)
{
    if (json.peek() != '{')
        return;
    json.object([&](const JsonKey& key) {
        if (!is(key.text, "content") || json.peek() != '[')
            return;
        spoken.logprobs = raw_value(json);
    });
}

void read_message(JsonWalker& json, ToolCalls& calls, Spoken& spoken)
{
    if (json.peek() != '{')
        return;
    // Some send the same thought under both names.
    std::string other;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "content"))
            add_content(json, spoken.content);
        else if (is(key.text, "reasoning_content"))
            spoken.thinking.append(raw_string(json));
        else if (is(key.text, "reasoning"))
            other.append(raw_string(json));
        else if (is(key.text, "tool_calls"))
            spoken.too_large = calls.read(json) == ToolCalls::Verdict::too_large;
    });
    if (spoken.thinking.empty())
        spoken.thinking = std::move(other);
}

void read_choice(JsonWalker& json, ToolCalls& calls, Spoken& spoken)
{
    if (json.peek() != '{')
        return;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "delta") || is(key.text, "message"))
            read_message(json, calls, spoken);
        else if (is(key.text, "text"))
            spoken.content.append(raw_string(json));
        else if (is(key.text, "reasoning_content"))
            spoken.thinking.append(raw_string(json));
        else if (is(key.text, "finish_reason"))
            spoken.finish = text_at(json);
        else if (is(key.text, "logprobs"))
            read_logprobs(json, spoken);
    });
}

std::optional<nanoseconds> duration_at(JsonWalker& json)
{
    const auto value = count_at(json);
    return value ? std::optional(nanoseconds(*value)) : std::nullopt;
}

std::optional<Tokens> tokens_at(JsonWalker& json)
{
    const auto value = count_at(json);
    return value ? std::optional(Tokens{*value}) : std::nullopt;
}

/// Valid JSON with its line ends as blanks: they can only stand between its tokens.
std::string on_one_line(std::string text)
{
    std::replace_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
    return text;
}

/// The arguments as an object. What is none is handed over as it is, under a name that says so: the
/// client shall see what the model wrote.
std::string arguments_object(const std::string& text)
{
    if (text.find_first_not_of(" \t\r\n") == std::string::npos)
        return "{}";
    auto& index = JsonIndex::of_this_thread();
    const auto padded = index.copy(text);
    if (index.scan(padded) == JsonFault::none) {
        JsonWalker json(padded, index.tokens());
        if (json.peek() == '{' && json.skip() && json.finish())
            return on_one_line(text);
    }
    return R"({"_not_an_object":)" + json_quoted(text) + "}";
}

void add_number(std::string& line, std::string_view name, std::optional<std::int64_t> value)
{
    if (value)
        line.append(",\"").append(name).append("\":").append(std::to_string(*value));
}

std::optional<std::int64_t> number_of(std::optional<Tokens> tokens)
{
    return tokens ? std::optional(count(*tokens)) : std::nullopt;
}

std::optional<std::int64_t> number_of(std::optional<nanoseconds> time)
{
    return time ? std::optional<std::int64_t>(time->count()) : std::nullopt;
}

/// Ollama's word for why an answer ended; others are handed on.
std::string_view done_reason(std::string_view finish)
{
    if (finish.empty() || finish == "tool_calls" || finish == "function_call")
        return "stop";
    return finish;
}

template <class T>
void complete(std::optional<T>& own, const std::optional<T>& other)
{
    if (!own)
        own = other;
}

}  // namespace

struct ToolCalls::Piece {
    std::optional<std::int64_t> index;
    std::string id;
    std::string name;
    std::string arguments;
};

void ToolCalls::read_call(JsonWalker& json, std::int64_t position)
{
    if (json.peek() != '{')
        return;
    Piece piece;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "index")) {
            piece.index = count_at(json);
        } else if (is(key.text, "id")) {
            piece.id = text_at(json);
        } else if (is(key.text, "function") && json.peek() == '{') {
            json.object([&](const JsonKey& inner) {
                if (is(inner.text, "name")) {
                    piece.name = text_at(json);
                } else if (is(inner.text, "arguments")) {
                    const auto begin = json.offset();
                    piece.arguments = text_at(json);
                    if (json.offset() == begin && json.peek() == '{' && json.skip())
                        piece.arguments = json.since(begin);
                }
            });
        }
    });
    add(std::move(piece), position);
}

void ToolCalls::add(Piece piece, std::int64_t position)
{
    bytes_ += piece.id.size() + piece.name.size() + piece.arguments.size();
    const auto index = piece.index.value_or(position);
    auto call = std::find_if(calls_.rbegin(), calls_.rend(),
                             [&](const Call& each) { return each.index == index; });
    // Some engines begin each call at index 0; another id is another call.
    const bool another =
        call == calls_.rend() || (!piece.id.empty() && !call->id.empty() && piece.id != call->id);
    if (another) {
        calls_.push_back(
            {index, std::move(piece.id), std::move(piece.name), std::move(piece.arguments)});
        return;
    }
    if (call->id.empty())
        call->id = std::move(piece.id);
    if (call->name.empty())
        call->name = std::move(piece.name);
    call->arguments += piece.arguments;
}

ToolCalls::Verdict ToolCalls::read(JsonWalker& json)
{
    if (json.peek() != '[')
        return Verdict::fine;
    std::int64_t position = 0;
    json.array([&] { read_call(json, position++); });
    return bytes_ > most_gathered || calls_.size() > most_calls ? Verdict::too_large
                                                                : Verdict::fine;
}

std::string ToolCalls::take()
{
    std::string text = "[";
    for (std::size_t i = 0; i < calls_.size(); ++i) {
        const auto& call = calls_[i];
        text.append(i == 0 ? "{" : ",{");
        if (!call.id.empty())
            text.append("\"id\":").append(json_quoted(call.id)).append(",");
        text.append(R"("function":{"index":)").append(std::to_string(i));
        text.append(",\"name\":").append(json_quoted(call.name));
        text.append(",\"arguments\":").append(arguments_object(call.arguments)).append("}}");
    }
    calls_.clear();
    bytes_ = 0;
    return text + "]";
}

Spoken read_spoken(JsonWalker& json, ToolCalls& calls, OllamaMeasures& measures)
{
    Spoken spoken;
    if (json.peek() != '{')
        return spoken;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "choices") && json.peek() == '[') {
            // Nobody asks for more than one here.
            bool first = true;
            json.array([&] {
                if (std::exchange(first, false))
                    read_choice(json, calls, spoken);
            });
        } else if (is(key.text, "usage")) {
            read_measures(json, measures);
        } else if (is(key.text, "context") && json.peek() == '[') {
            measures.context = raw_value(json);
        } else if (is(key.text, "error")) {
            read_error(json, spoken);
        }
    });
    return spoken;
}

void read_measures(JsonWalker& json, OllamaMeasures& measures)
{
    if (json.peek() != '{')
        return;
    const auto set = [](auto& place, auto value) {
        if (value)
            place = value;
    };
    json.object([&](const JsonKey& key) {
        if (is(key.text, "prompt_tokens"))
            set(measures.prompt, tokens_at(json));
        else if (is(key.text, "completion_tokens"))
            set(measures.generated, tokens_at(json));
        else if (is(key.text, "total_duration"))
            set(measures.total, duration_at(json));
        else if (is(key.text, "load_duration"))
            set(measures.load, duration_at(json));
        else if (is(key.text, "prompt_eval_duration"))
            set(measures.prefill, duration_at(json));
        else if (is(key.text, "eval_duration"))
            set(measures.decode, duration_at(json));
    });
}

void complete_measures(OllamaMeasures& own, const OllamaMeasures& others)
{
    complete(own.prompt, others.prompt);
    complete(own.generated, others.generated);
    complete(own.total, others.total);
    complete(own.load, others.load);
    complete(own.prefill, others.prefill);
    complete(own.decode, others.decode);
    own.truncated = own.truncated || others.truncated;
}

std::string begin_line(const OllamaStyle& style, WallTime now)
{
    std::string line = "{\"model\":";
    line.append(json_quoted(style.model)).append(",\"created_at\":\"").append(rfc3339(now));
    return line.append("\"");
}

void add_spoken(std::string& line, const OllamaStyle& style, const Spoken& spoken, ToolCalls& calls)
{
    const bool chat = style.form == chat::ClientForm::ollama_chat;
    line.append(chat ? R"(,"message":{"role":"assistant","content":")" : R"(,"response":")");
    line.append(spoken.content).append("\"");
    if (!spoken.thinking.empty() && style.thinking == OllamaThinking::shown)
        line.append(",\"thinking\":\"").append(spoken.thinking).append("\"");
    if (!calls.empty() && chat)
        line.append(",\"tool_calls\":").append(calls.take());
    if (chat)
        line.append("}");
    if (!spoken.logprobs.empty())
        line.append(",\"logprobs\":").append(on_one_line(spoken.logprobs));
}

void end_line(std::string& line, std::string_view finish, const OllamaMeasures& measures)
{
    line.append(R"(,"done":true,"done_reason":)").append(json_quoted(done_reason(finish)));
    add_number(line, "total_duration", number_of(measures.total));
    add_number(line, "load_duration", number_of(measures.load));
    add_number(line, "prompt_eval_count", number_of(measures.prompt));
    add_number(line, "prompt_eval_duration", number_of(measures.prefill));
    add_number(line, "eval_count", number_of(measures.generated));
    add_number(line, "eval_duration", number_of(measures.decode));
    if (measures.truncated)
        line.append(R"(,"truncated":true)");
    if (!measures.context.empty())
        line.append(",\"context\":").append(on_one_line(measures.context));
    line.append("}");
}

}  // namespace spillway::dialect
