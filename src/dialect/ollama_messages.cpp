#include "ollama_messages.hpp"

#include <utility>

#include "ollama_json.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

bool is_json_object(std::string_view text)
{
    JsonIndex index;
    const auto copy = index.copy(text);
    if (index.scan(copy) != JsonFault::none || copy[index.tokens().front()] != '{') {
        return false;
    }
    JsonWalker walker(copy, index.tokens());
    return walker.skip() && walker.finish();
}

std::string_view without_blanks(std::string_view text)
{
    constexpr std::string_view blanks = " \t\r\n";
    const auto begin = text.find_first_not_of(blanks);
    return begin == std::string_view::npos
               ? std::string_view()
               : text.substr(begin, text.find_last_not_of(blanks) + 1 - begin);
}

/// What Ollama calls the role.
std::string_view role_of(std::string_view role)
{
    if (role == "developer") {
        return "system";
    }
    return role == "function" ? "tool" : role;
}

void add_member(std::string& object, std::string_view name, std::string_view json)
{
    object.append(object.size() > 1 ? ",\"" : "\"").append(name).append("\":").append(json);
}

void add_string(std::string& object, std::string_view name, std::string_view raw)
{
    object.append(object.size() > 1 ? ",\"" : "\"").append(name);
    object.append("\":\"").append(raw).append("\"");
}

}  // namespace

void OllamaMessages::refuse(Errc code, std::string message)
{
    if (!error_) {
        error_ =
            Error(code, std::move(message)).about("messages[" + std::to_string(messages_) + "]");
    }
}

void OllamaMessages::read(JsonWalker& json)
{
    if (json.peek() != '[') {
        return;
    }
    // Of two lists the last one counts, as with every member.
    out_ = "[";
    messages_ = 0;
    json.array([&] {
        if (json.peek() == '{' && !error_) {
            read_message(json);
        } else {
            refuse(Errc::invalid_request, "a message is an object");
        }
        ++messages_;
    });
    out_ += "]";
}

void OllamaMessages::read_message(JsonWalker& json)
{
    Message message;
    json.object([&](const JsonKey& key) { read_member(json, key, message); });
    write(message);
}

void OllamaMessages::read_member(JsonWalker& json, const JsonKey& key, Message& message)
{
    const auto name = key.text;
    if (is(name, "role")) {
        message.role = raw_string(json);
    } else if (is(name, "content")) {
        read_content(json, message);
    } else if (is(name, "reasoning_content") || is(name, "reasoning") || is(name, "thinking")) {
        const auto thinking = raw_string(json);
        message.thinking = thinking.empty() ? message.thinking : thinking;
    } else if (is(name, "tool_calls")) {
        read_calls(json, message);
    } else if (is(name, "function_call") && json.peek() == '{') {
        std::string_view called;
        std::string arguments;
        read_function(json, called, arguments);
        // The word before there were tools: beside `tool_calls` it is one more call.
        message.calls.append(message.calls.empty() ? "" : ",");
        message.calls.append(R"({"function":{"index":)");
        message.calls.append(std::to_string(message.call_count++));
        message.calls.append(R"(,"name":")").append(called);
        message.calls.append(R"(","arguments":)").append(arguments).append("}}");
    } else if (is(name, "tool_call_id")) {
        message.call_id = raw_string(json);
    } else if (is(name, "name") || is(name, "tool_name")) {
        message.name = raw_string(json);
    }
}

void OllamaMessages::read_content(JsonWalker& json, Message& message)
{
    if (json.peek() == '"') {
        message.content = raw_string(json);
    } else if (json.peek() == '[') {
        json.array([&] {
            if (json.peek() == '{') {
                read_part(json, message);
            } else if (json.peek() == '"') {
                take_part({"text", json.string(), std::nullopt}, message);
            }
        });
    } else if (json.peek() != 'n') {
        refuse(Errc::invalid_request, "content is a text or a list of parts");
    }
}

void OllamaMessages::read_part(JsonWalker& json, Message& message)
{
    Part part;
    json.object([&](const JsonKey& key) {
        if (is(key.text, "type")) {
            part.type = raw_string(json);
        } else if ((is(key.text, "text") || is(key.text, "refusal")) && json.peek() == '"') {
            part.text = json.string();
        } else if (is(key.text, "image_url") && json.peek() == '"') {
            part.url = json.string();
        } else if (is(key.text, "image_url") && json.peek() == '{') {
            json.object([&](const JsonKey& inner) {
                if (is(inner.text, "url") && json.peek() == '"') {
                    part.url = json.string();
                }
            });
        }
    });
    take_part(part, message);
}

void OllamaMessages::take_part(const Part& part, Message& message)
{
    if (part.url) {
        take_image(*part.url, message);
    } else if (part.text) {
        // Two parts are two paragraphs; Ollama has one text.
        message.content.append(message.content.empty() ? "" : "\\n").append(part.text->raw);
    } else {
        refuse(Errc::not_translatable, "Ollama cannot take a content part of type '" +
                                           printable(unescaped(part.type), 40) + "'");
    }
}

/// Ollama takes pictures as base64 and fetches none.
void OllamaMessages::take_image(const JsonString& url, Message& message)
{
    std::string decoded;
    auto text = url.raw;
    if (url.escaped()) {
        decoded = url.text();
        text = decoded;
    }
    constexpr std::string_view scheme = "data:";
    constexpr std::string_view coding = ";base64";
    const auto comma = text.find(',');
    const bool inlined = text.substr(0, scheme.size()) == scheme &&
                         comma != std::string_view::npos && comma >= coding.size() &&
                         text.substr(comma - coding.size(), coding.size()) == coding;
    if (!inlined) {
        refuse(Errc::not_translatable,
               "Ollama takes images as base64 data URLs only; it fetches none from the web");
        return;
    }
    const auto payload = text.substr(comma + 1);
    message.images.push_back(url.escaped() ? json_quoted(payload)
                                           : '"' + std::string(payload) + '"');
}

void OllamaMessages::read_calls(JsonWalker& json, Message& message)
{
    if (json.peek() != '[') {
        return;
    }
    json.array([&] {
        if (json.peek() == '{') {
            read_call(json, message);
        }
    });
}

void OllamaMessages::read_call(JsonWalker& json, Message& message)
{
    std::string_view id;
    std::string_view name;
    std::string arguments = "{}";
    json.object([&](const JsonKey& key) {
        if (is(key.text, "id")) {
            id = raw_string(json);
        } else if (is(key.text, "function") && json.peek() == '{') {
            read_function(json, name, arguments);
        }
    });
    if (!id.empty()) {
        names_.insert_or_assign(std::string(id), std::string(name));
    }
    std::string call = "{";
    if (!id.empty()) {
        add_string(call, "id", id);
    }
    add_member(call, "function", R"({"index":)" + std::to_string(message.call_count++));
    add_string(call, "name", name);
    add_member(call, "arguments", arguments);
    message.calls.append(message.calls.empty() ? "" : ",").append(call).append("}}");
}

void OllamaMessages::read_function(JsonWalker& json, std::string_view& name, std::string& arguments)
{
    arguments = "{}";
    json.object([&](const JsonKey& key) {
        if (is(key.text, "name")) {
            name = raw_string(json);
        } else if (is(key.text, "arguments")) {
            arguments = read_arguments(json);
        }
    });
}

/// The object inside the string, to the letter.
std::string OllamaMessages::read_arguments(JsonWalker& json)
{
    if (json.peek() == '{') {
        const auto begin = json.offset();
        return json.skip() ? std::string(json.since(begin)) : "{}";
    }
    if (json.peek() != '"') {
        return "{}";
    }
    const auto text = json.string();
    const auto decoded = text ? text->text() : std::string();
    const auto object = without_blanks(decoded);
    if (object.empty()) {
        return "{}";
    }
    if (!is_json_object(object)) {
        refuse(Errc::not_translatable,
               "Ollama takes the arguments of a tool call as an object, and these are none");
        return "{}";
    }
    return std::string(object);
}

void OllamaMessages::write(const Message& message)
{
    const auto role = role_of(message.role);
    std::string object = "{";
    add_string(object, "role", role);
    add_string(object, "content", message.content);
    if (!message.thinking.empty()) {
        add_string(object, "thinking", message.thinking);
    }
    if (!message.images.empty()) {
        std::string list = "[";
        for (const auto& image : message.images) {
            list.append(list.size() > 1 ? "," : "").append(image);
        }
        add_member(object, "images", list + "]");
    }
    if (!message.calls.empty()) {
        add_member(object, "tool_calls", "[" + message.calls + "]");
    }
    if (role == "tool") {
        const auto known = names_.find(message.call_id);
        const auto name = known != names_.end() ? std::string_view(known->second) : message.name;
        if (!name.empty()) {
            add_string(object, "tool_name", name);
        }
        if (!message.call_id.empty()) {
            add_string(object, "tool_call_id", message.call_id);
        }
    }
    out_.append(messages_ > 0 ? "," : "").append(object).append("}");
}

}  // namespace spillway::dialect
