#include "spillway/dialect/ollama_front_answer.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "ollama_front_words.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

using chat::ClientForm;

bool is_embedding(ClientForm form)
{
    return form == ClientForm::ollama_embed || form == ClientForm::ollama_embeddings;
}

/// The vectors of an answer, as they stand there, and the place of each.
struct Vectors {
    std::vector<std::pair<std::int64_t, std::string_view>> all;
    bool listed = false;
};

void read_vector(JsonWalker& json, Vectors& vectors)
{
    if (json.peek() != '{')
        return;
    auto place = static_cast<std::int64_t>(vectors.all.size());
    std::string_view vector = "[]";
    json.object([&](const JsonKey& key) {
        const auto begin = json.offset();
        if (is(key.text, "embedding") && json.peek() == '[') {
            json.skip();
            vector = json.since(begin);
        } else if (is(key.text, "index")) {
            place = json.plain_number().value_or(place);
        }
    });
    vectors.all.emplace_back(place, vector);
}

std::string embeddings_answer(const OllamaStyle& style, Vectors vectors,
                              const OllamaMeasures& measures)
{
    std::stable_sort(vectors.all.begin(), vectors.all.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    if (style.form == ClientForm::ollama_embeddings) {
        std::string text = "{\"embedding\":";
        text.append(vectors.all.empty() ? "[]" : vectors.all.front().second);
        return text.append("}");
    }
    std::string text = "{\"model\":" + json_quoted(style.model) + ",\"embeddings\":[";
    for (const auto& [place, vector] : vectors.all)
        text.append(text.back() == '[' ? "" : ",").append(vector);
    text.append("]");
    const auto add = [&text](std::string_view name, std::optional<std::int64_t> value) {
        if (value)
            text.append(",\"").append(name).append("\":").append(std::to_string(*value));
    };
    const auto number = [](const auto& time) {
        return time ? std::optional<std::int64_t>(time->count()) : std::nullopt;
    };
    add("total_duration", number(measures.total));
    add("load_duration", number(measures.load));
    add("prompt_eval_count",
        measures.prompt ? std::optional(count(*measures.prompt)) : std::nullopt);
    return text.append("}");
}

Result<std::string> embeddings(const OllamaStyle& style, JsonWalker& json, OllamaMeasures measures)
{
    Vectors vectors;
    OllamaMeasures reported;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "data") && json.peek() == '[') {
            vectors.listed = true;
            json.array([&] { read_vector(json, vectors); });
        } else if (is(key.text, "usage")) {
            read_measures(json, reported);
        }
    });
    if (!json.finish() || !vectors.listed)
        return fail(Errc::upstream_bad_reply,
                    "The deployment's answer is not a list of embeddings.");
    complete_measures(reported, measures);
    return embeddings_answer(style, std::move(vectors), reported);
}

}  // namespace

Result<std::string> ollama_answer(const OllamaStyle& style, std::string_view body,
                                  const OllamaMeasures& measures, WallTime now)
{
    auto& index = JsonIndex::of_this_thread();
    const auto text = index.copy(body);
    if (index.scan(text) != JsonFault::none)
        return fail(Errc::upstream_bad_reply, "The deployment's answer is not JSON.");
    JsonWalker json(text, index.tokens());
    if (is_embedding(style.form)) {
        auto answer = embeddings(style, json, measures);
        index.shrink();
        return answer;
    }
    ToolCalls calls;
    OllamaMeasures reported;
    const auto spoken = read_spoken(json, calls, reported);
    if (!json.finish())
        return fail(Errc::upstream_bad_reply, "The deployment's answer is not JSON.");
    complete_measures(reported, measures);
    auto line = begin_line(style, now);
    add_spoken(line, style, spoken, calls);
    end_line(line, spoken.finish, reported);
    return line;
}

std::string ollama_empty_answer(const OllamaStyle& style, std::string_view reason, WallTime now)
{
    if (style.form == ClientForm::ollama_embeddings)
        return R"({"embedding":[]})";
    if (style.form == ClientForm::ollama_embed)
        return "{\"model\":" + json_quoted(style.model) + R"(,"embeddings":[]})";
    ToolCalls none;
    auto line = begin_line(style, now);
    add_spoken(line, style, {}, none);
    end_line(line, reason, {});
    return line;
}

std::string ollama_error(std::string_view message)
{
    return "{\"error\":" + json_quoted(message) + "}";
}

}  // namespace spillway::dialect
