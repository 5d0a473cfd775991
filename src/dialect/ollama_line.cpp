#include "ollama_line.hpp"

#include "ollama_json.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/stream_meter.hpp"

namespace spillway::dialect {
namespace {

void read_call(JsonWalker& json, OllamaLine& line)
{
    OllamaLine::Call call;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "id")) {
            call.id = raw_string(json);
        } else if (is(key.text, "function") && json.peek() == '{') {
            json.object([&](const JsonKey& inner) {
                if (is(inner.text, "name")) {
                    call.name = raw_string(json);
                } else if (is(inner.text, "arguments")) {
                    call.arguments = raw_value(json);
                }
            });
        }
    });
    line.calls.push_back(call);
}

void read_message(JsonWalker& json, OllamaLine& line)
{
    if (json.peek() != '{') {
        return;
    }
    json.object([&](const JsonKey& key) {
        if (is(key.text, "content")) {
            line.content = raw_string(json);
        } else if (is(key.text, "thinking")) {
            line.thinking = raw_string(json);
        } else if (is(key.text, "tool_calls") && json.peek() == '[') {
            json.array([&] {
                if (json.peek() == '{') {
                    read_call(json, line);
                }
            });
        }
    });
}

/// One token with its log probability. OpenAI's has all of its members, always.
enum class Alternatives : unsigned char { read, none };
void read_logprob(JsonWalker& json, Alternatives alternatives, std::string& out)
{
    std::string_view token;
    std::string_view logprob = "0";
    std::string_view bytes = "null";
    std::string others;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "token")) {
            token = raw_string(json);
        } else if (is(key.text, "logprob")) {
            logprob = raw_value(json);
        } else if (is(key.text, "bytes")) {
            bytes = raw_value(json);
        } else if (is(key.text, "top_logprobs") && json.peek() == '[' &&
                   alternatives == Alternatives::read) {
            json.array([&] {
                if (json.peek() == '{') {
                    read_logprob(json, Alternatives::none, others);
                }
            });
        }
    });
    out.append(out.empty() ? "" : ",").append(R"({"token":")").append(token);
    out.append(R"(","logprob":)").append(logprob).append(R"(,"bytes":)").append(bytes);
    if (alternatives == Alternatives::read) {
        out.append(R"(,"top_logprobs":[)").append(others).append("]");
    }
    out.append("}");
}

class LineReader {
public:
    LineReader(JsonWalker& json, OllamaLine& line) : json_(json), line_(line) {}

    void read()
    {
        json_.object([&](const JsonKey& key) { read_member(key.text); });
    }

private:
    void read_member(std::string_view name)
    {
        if (is(name, "message")) {
            read_message(json_, line_);
        } else if (is(name, "model")) {
            line_.model = raw_string(json_);
        } else if (is(name, "response") && json_.peek() == '"') {
            line_.content = raw_string(json_);
        } else if (is(name, "thinking") && json_.peek() == '"') {
            line_.thinking = raw_string(json_);
        } else if (is(name, "context") && json_.peek() == '[') {
            line_.context = raw_value(json_);
        } else if (is(name, "done")) {
            line_.done = json_.peek() == 't';
        } else if (is(name, "done_reason")) {
            line_.done_reason = raw_string(json_);
        } else if (is(name, "error")) {
            const auto error = raw_value(json_);
            line_.error = error == "null" || error == "false" ? std::string_view() : error;
        } else if (is(name, "logprobs") && json_.peek() == '[') {
            json_.array([&] {
                if (json_.peek() == '{') {
                    read_logprob(json_, Alternatives::read, line_.logprobs);
                }
            });
        } else if (is(name, "embeddings") && json_.peek() == '[') {
            read_vectors();
        } else {
            read_figure(name);
        }
    }

    void read_vectors()
    {
        line_.has_vectors = true;
        json_.array([&] {
            const auto begin = json_.offset();
            if (json_.peek() == '[' && json_.skip()) {
                line_.vectors.push_back(json_.since(begin));
            } else {
                json_.stop();
            }
        });
    }

    void read_figure(std::string_view name)
    {
        if (is(name, "total_duration")) {
            line_.total_duration = count_at(json_);
        } else if (is(name, "load_duration")) {
            line_.load_duration = count_at(json_);
        } else if (is(name, "prompt_eval_count")) {
            line_.prompt_eval_count = count_at(json_);
        } else if (is(name, "prompt_eval_duration")) {
            line_.prompt_eval_duration = count_at(json_);
        } else if (is(name, "eval_count")) {
            line_.eval_count = count_at(json_);
        } else if (is(name, "eval_duration")) {
            line_.eval_duration = count_at(json_);
        }
    }

    JsonWalker& json_;
    OllamaLine& line_;
};

std::optional<std::chrono::nanoseconds> duration(std::optional<std::int64_t> told)
{
    return told ? std::optional(std::chrono::nanoseconds(*told)) : std::nullopt;
}

}  // namespace

OllamaLine read_ollama_line(JsonWalker& json)
{
    OllamaLine line;
    LineReader(json, line).read();
    return line;
}

void OllamaSums::add(const OllamaLine& line)
{
    output_bytes += line.content.size() + line.thinking.size();
    for (const auto& call : line.calls) {
        output_bytes += call.name.size() + call.arguments.size();
    }
    calls += line.calls.size();
}

std::string usage_of(const OllamaLine& last, const OllamaSums& sums, Tokens prompt_count)
{
    const auto prompt = last.prompt_eval_count.value_or(count(prompt_count));
    const auto answer = last.eval_count.value_or(count(estimate_tokens(sums.output_bytes)));
    std::string usage = R"({"prompt_tokens":)" + std::to_string(prompt);
    usage.append(R"(,"completion_tokens":)").append(std::to_string(answer));
    usage.append(R"(,"total_tokens":)").append(std::to_string(prompt + answer));
    const auto put = [&](std::string_view name, std::optional<std::int64_t> value) {
        if (value) {
            usage.append(",\"").append(name).append("\":").append(std::to_string(*value));
        }
    };
    put("total_duration", last.total_duration);
    put("load_duration", last.load_duration);
    put("prompt_eval_duration", last.prompt_eval_duration);
    put("eval_duration", last.eval_duration);
    return usage + "}";
}

UsageOrigin usage_origin(const OllamaLine& last)
{
    return last.prompt_eval_count ? UsageOrigin::engine : UsageOrigin::ourselves;
}

chat::EngineFacts engine_facts(const OllamaLine& last)
{
    chat::EngineFacts facts;
    facts.load = duration(last.load_duration);
    facts.prefill = duration(last.prompt_eval_duration);
    facts.decode = duration(last.eval_duration);
    if (last.prompt_eval_count) {
        facts.evaluated = Tokens{*last.prompt_eval_count};
    }
    return facts;
}

std::string_view finish_reason(const OllamaLine& last, const OllamaSums& sums)
{
    if (last.done_reason == "length") {
        return "length";
    }
    return sums.calls > 0 ? "tool_calls" : "stop";
}

std::string tool_calls(const OllamaLine& line, std::string_view answer_id, std::size_t first,
                       CallForm form)
{
    std::string list;
    for (const auto& call : line.calls) {
        const auto index = std::to_string(first++);
        list.append(list.empty() ? "{" : ",{");
        if (form == CallForm::delta) {
            list.append(R"("index":)").append(index).append(",");
        }
        list.append(R"("id":")");
        if (call.id.empty()) {
            list.append("call_").append(answer_id.substr(answer_id.find('-') + 1));
            list.append("_").append(index);
        } else {
            list.append(call.id);
        }
        list.append(R"(","type":"function","function":{"name":")").append(call.name);
        list.append(R"(","arguments":)");
        list.append(json_quoted(call.arguments.empty() ? "{}" : call.arguments)).append("}}");
    }
    return list;
}

}  // namespace spillway::dialect
