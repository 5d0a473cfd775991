#include "spillway/dialect/ollama_request.hpp"

#include <array>

#include "ollama_json.hpp"
#include "ollama_members.hpp"
#include "ollama_messages.hpp"
#include "spillway/base/object_writer.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

using Source = OllamaMembers::Source;

Error untranslatable(std::string message, std::string param)
{
    return Error(Errc::not_translatable, std::move(message)).about(std::move(param));
}

/// The inside of a JSON string, for words that have no escapes; empty for anything else.
std::string_view word(std::string_view json)
{
    const bool quoted = json.size() >= 2 && json.front() == '"';
    return quoted ? json.substr(1, json.size() - 2) : std::string_view();
}

struct Effort {
    std::string_view openai;
    std::string_view think;
};
/// As Ollama's own OpenAI surface reads it (wire.md 2.4).
constexpr std::array efforts{
    Effort{"none", "false"},     Effort{"disable", "false"},      Effort{"minimal", R"("low")"},
    Effort{"low", R"("low")"},   Effort{"medium", R"("medium")"}, Effort{"high", R"("high")"},
    Effort{"xhigh", R"("max")"}, Effort{"ultra", R"("max")"},     Effort{"max", R"("max")"},
};

Result<std::string> think_for(std::string_view effort)
{
    for (const auto& row : efforts) {
        if (row.openai == word(effort)) {
            return std::string(row.think);
        }
    }
    return fail(Error(Errc::invalid_request,
                      "reasoning_effort is none, minimal, low, medium, "
                      "high, xhigh or max")
                    .about("reasoning_effort"));
}

/// The value of one member of an object.
std::string member_of(std::string_view object, std::string_view wanted)
{
    std::string found;
    for_each_member(object, [&](auto name, auto json) {
        if (name == wanted && json != "null") {
            found = json;
        }
    });
    return found;
}

Result<std::string> think_in(const OllamaMembers& members, Source source)
{
    if (const auto own = members.find("think", source); !own.empty()) {
        return std::string(own);
    }
    auto effort = std::string(members.find("reasoning_effort", source));
    if (effort.empty()) {
        effort = member_of(members.find("reasoning", source), "effort");
    }
    if (!effort.empty()) {
        return think_for(effort);
    }
    const auto type = member_of(members.find("thinking", source), "type");
    return type.empty() ? std::string() : std::string(word(type) == "disabled" ? "false" : "true");
}

/// `think`; empty when nobody says.
Result<std::string> think_of(const OllamaMembers& members)
{
    auto own = think_in(members, Source::request);
    return own && own->empty() ? think_in(members, Source::file) : own;
}

/// `format`; empty when any text will do.
Result<std::string> format_of(const OllamaMembers& members)
{
    const auto asked = members.find("response_format");
    const auto type = member_of(asked, "type");
    if (type.empty() || word(type) == "text") {
        return std::string(members.find("format"));
    }
    if (word(type) == "json_object") {
        return std::string(R"("json")");
    }
    if (word(type) == "json_schema") {
        auto schema = member_of(member_of(asked, "json_schema"), "schema");
        return schema.empty() ? std::string(R"("json")") : schema;
    }
    return fail(untranslatable("Ollama has no response format '" + printable(word(type), 40) + "'",
                               "response_format"));
}

/// `tools`, as far as `tool_choice` allows: Ollama reads no choice, so what may not be called is
/// not shown.
std::string tools_of(const OllamaMembers& members)
{
    const auto tools = members.find("tools");
    const auto choice = members.find("tool_choice");
    if (word(choice) == "none") {
        return {};
    }
    const auto wanted = member_of(member_of(choice, "function"), "name");
    if (wanted.empty()) {
        return std::string(tools);
    }
    std::string chosen;
    JsonIndex index;
    const auto text = index.copy(tools);
    if (index.scan(text) != JsonFault::none || text[index.tokens().front()] != '[') {
        return {};
    }
    JsonWalker json(text, index.tokens());
    json.array([&] {
        const auto begin = json.offset();
        if (!json.skip()) {
            return;
        }
        const auto tool = json.since(begin);
        if (member_of(member_of(tool, "function"), "name") == wanted) {
            chosen.append(chosen.empty() ? "" : ",").append(tool);
        }
    });
    return chosen.empty() ? std::string() : "[" + chosen + "]";
}

/// Goes through the body: `visit` may read a member's value, which is kept when it does not.
template <class Visit>
bool read_members(std::string_view body, JsonIndex& index, OllamaMembers& members, Visit&& visit)
{
    const auto text = index.copy(body);
    if (index.scan(text) != JsonFault::none) {
        return false;
    }
    JsonWalker json(text, index.tokens());
    json.object([&](const JsonKey& key) {
        const auto begin = json.offset();
        visit(json, key);
        if (json.offset() == begin && json.skip()) {
            members.add(key, json.since(begin));
        }
    });
    return json.finish();
}

std::string embraced(std::string members)
{
    return members.empty() ? std::move(members) : "{" + std::move(members) + "}";
}

/// How an answer is to be given.
struct Manner {
    std::string format;  ///< Empty when any text will do.
    std::string think;   ///< Empty when nobody says.
};

Result<Manner> manner_of(const OllamaMembers& members)
{
    auto format = format_of(members);
    if (!format) {
        return fail(format.error());
    }
    auto think = think_of(members);
    if (!think) {
        return fail(think.error());
    }
    return Manner{*std::move(format), *std::move(think)};
}

/// What every request for text ends with: it is answered whole or refused, never cut.
void write_terms(ObjectWriter& out, const OllamaMembers& members, std::optional<Tokens> num_ctx)
{
    out.given("keep_alive", members.keep_alive());
    // Ollama streams unless it is told not to.
    out.given("stream", members.find("stream", Source::request) == "true" ? "true" : "false");
    out.json("truncate", "false");
    out.json("shift", "false");
    out.given("options", embraced(members.options(num_ctx)));
}

Result<OllamaRequest> chat_request(const OllamaMembers& members, const OllamaMessages& messages,
                                   std::optional<Tokens> num_ctx)
{
    if (messages.error()) {
        return fail(*messages.error());
    }
    if (messages.size() == 0) {
        // To Ollama a chat without messages is a wish to load the model.
        return fail(Error(Errc::invalid_request, "messages is a list of at least one message")
                        .about("messages"));
    }
    const auto manner = manner_of(members);
    if (!manner) {
        return fail(manner.error());
    }
    OllamaRequest request;
    request.num_ctx = members.window(num_ctx);
    {
        ObjectWriter out(request.body);
        out.given("model", members.find("model", Source::request));
        out.given("messages", messages.text());
        out.given("tools", tools_of(members));
        out.given("format", manner->format);
        out.given("think", manner->think);
        out.given("logprobs", members.find("logprobs"));
        out.given("top_logprobs", members.find("top_logprobs"));
        write_terms(out, members, request.num_ctx);
    }
    return request;
}

/// A prompt that is one text, as a JSON string; empty when it is none, or there is no letter in it:
/// to Ollama an empty prompt is a wish to load the model.
std::string one_text(std::string_view prompt)
{
    std::string text;
    if (!prompt.empty() && prompt.front() == '"') {
        text = prompt;
    } else if (!prompt.empty() && prompt.front() == '[') {
        std::size_t listed = 0;
        JsonIndex index;
        const auto list = index.copy(prompt);
        if (index.scan(list) != JsonFault::none) {
            return {};
        }
        JsonWalker json(list, index.tokens());
        json.array([&] {
            const auto each = raw_value(json);
            text = listed++ == 0 && !each.empty() && each.front() == '"' ? each : "";
        });
    }
    return text == R"("")" ? std::string() : text;
}

bool asks_for_several(const OllamaMembers& members, std::string_view name)
{
    const auto wanted = members.find(name);
    return !wanted.empty() && whole_number(wanted).value_or(2) > 1;
}

/// What an old completion may ask for and `/api/generate` does not give.
std::optional<Error> beyond_generate(const OllamaMembers& members)
{
    for (const auto* name : {"n", "best_of"}) {
        if (asks_for_several(members, name)) {
            return untranslatable("Ollama gives one answer", name);
        }
    }
    if (members.find("echo") == "true") {
        return untranslatable("Ollama does not repeat the prompt", "echo");
    }
    const auto logprobs = members.find("logprobs");
    if (!logprobs.empty() && logprobs != "false") {
        return untranslatable("Ollama has no log probabilities in the form of old completions",
                              "logprobs");
    }
    return std::nullopt;
}

Result<OllamaRequest> generate_request(const OllamaMembers& members, std::optional<Tokens> num_ctx)
{
    if (auto refusal = beyond_generate(members)) {
        return fail(*std::move(refusal));
    }
    const auto prompt = one_text(members.find("prompt", Source::request));
    if (prompt.empty()) {
        return fail(untranslatable("Ollama completes one text that is not empty", "prompt"));
    }
    const auto manner = manner_of(members);
    if (!manner) {
        return fail(manner.error());
    }
    OllamaRequest request;
    request.num_ctx = members.window(num_ctx);
    {
        ObjectWriter out(request.body);
        out.given("model", members.find("model", Source::request));
        out.given("prompt", prompt);
        for (const auto* name : {"suffix", "system", "template", "raw", "images", "context"}) {
            out.given(name, members.find(name, Source::request));
        }
        out.given("format", manner->format);
        out.given("think", manner->think);
        write_terms(out, members, request.num_ctx);
    }
    return request;
}

/// Text or texts.
bool is_text_input(std::string_view json)
{
    if (json.empty() || json.front() == '"') {
        return !json.empty();
    }
    const auto first = json.find_first_not_of(" \t\r\n", 1);
    return json.front() == '[' && (json[first] == '"' || json[first] == ']');
}

}  // namespace

Result<OllamaRequest> ollama_chat_request(std::string_view body, const OllamaDefaults& defaults,
                                          std::optional<Tokens> num_ctx)
{
    JsonIndex index;
    OllamaMembers members(defaults);
    OllamaMessages messages;
    const bool read = read_members(body, index, members, [&](JsonWalker& json, const JsonKey& key) {
        if (key.text == "messages") {
            messages.read(json);
        }
    });
    if (!read) {
        return fail(Errc::invalid_json, "the request is not JSON");
    }
    return chat_request(members, messages, num_ctx);
}

Result<OllamaRequest> ollama_generate_request(std::string_view body, const OllamaDefaults& defaults,
                                              std::optional<Tokens> num_ctx)
{
    JsonIndex index;
    OllamaMembers members(defaults);
    if (!read_members(body, index, members, [](JsonWalker&, const JsonKey&) {})) {
        return fail(Errc::invalid_json, "the request is not JSON");
    }
    return generate_request(members, num_ctx);
}

Result<OllamaRequest> ollama_embed_request(std::string_view body, const OllamaDefaults& defaults,
                                           std::optional<Tokens> num_ctx)
{
    JsonIndex index;
    OllamaMembers members(defaults);
    if (!read_members(body, index, members, [](JsonWalker&, const JsonKey&) {})) {
        return fail(Errc::invalid_json, "the request is not JSON");
    }
    const auto input = members.find("input", Source::request);
    if (!is_text_input(input)) {
        return fail(untranslatable("Ollama embeds a text or a list of texts, no tokens", "input"));
    }
    OllamaRequest request;
    request.num_ctx = members.window(num_ctx);
    {
        ObjectWriter out(request.body);
        out.given("model", members.find("model", Source::request));
        out.given("input", input);
        out.given("dimensions", members.find("dimensions"));
        out.given("keep_alive", members.keep_alive());
        const bool cuts = members.find("truncate", Source::request) == "true";
        out.json("truncate", cuts ? "true" : "false");
        out.given("options", embraced(members.options(request.num_ctx)));
    }
    return request;
}

std::string ollama_load_request(std::string_view model, OllamaTask task,
                                const OllamaDefaults& defaults, std::optional<Tokens> num_ctx)
{
    const OllamaMembers members(defaults);
    std::string body;
    {
        ObjectWriter out(body);
        out.text("model", model);
        if (task == OllamaTask::embed) {
            out.json("input", R"("")");
            out.json("truncate", "false");
        } else {
            out.json("messages", "[]");
            out.json("stream", "false");
            out.json("truncate", "false");
            out.json("shift", "false");
        }
        out.given("keep_alive", members.keep_alive());
        out.given("options", embraced(members.options(num_ctx)));
    }
    return body;
}

}  // namespace spillway::dialect
