#include "ollama_front_messages.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ollama_json.hpp"
#include "spillway/base/text.hpp"

namespace spillway::dialect {
namespace {

/// How the formats that models take begin in base64.
struct ImageRow {
    std::string_view begin;
    std::string_view type;
};
constexpr std::array image_rows{ImageRow{"iVBORw0KGgo", "image/png"},
                                ImageRow{"R0lGOD", "image/gif"}, ImageRow{"UklGR", "image/webp"}};

std::string image_url(std::string_view raw)
{
    if (raw.starts_with("data:"))
        return std::string(raw);
    const auto row = std::find_if(image_rows.begin(), image_rows.end(), [&](const ImageRow& each) {
        return raw.starts_with(each.begin);
    });
    // JPEG may come as `/9j/` or, escaped, as `\/9j\/`.
    const auto type = row == image_rows.end() ? "image/jpeg" : row->type;
    return "data:" + std::string(type) + ";base64," + std::string(raw);
}

bool says_nothing(std::string_view text)
{
    return text.empty() || text == "null" || text == "\"\"";
}

}  // namespace

std::string content_with_images(std::string_view text, const std::vector<std::string_view>& images)
{
    std::string parts = "[";
    if (!says_nothing(text))
        parts.append(R"({"type":"text","text":)").append(text).append("}");
    for (const auto image : images) {
        parts.append(parts.size() > 1 ? "," : "");
        parts.append(R"({"type":"image_url","image_url":{"url":")").append(image_url(image));
        parts.append(R"("}})");
    }
    return parts + "]";
}

bool read_images(JsonWalker& json, std::vector<std::string_view>& images)
{
    if (json.peek() == 'n')
        return json.skip();
    if (json.peek() != '[')
        return false;
    bool are_strings = true;
    json.array([&] {
        const auto image = json.peek() == '"' ? json.string() : std::nullopt;
        are_strings = are_strings && image.has_value();
        if (image)
            images.push_back(image->raw);
    });
    return are_strings;
}

struct OllamaFrontMessages::Message {
    std::string role;
    std::string_view content;
    std::string_view thinking;  ///< A JSON string.
    std::vector<std::string_view> images;
    std::string calls;  ///< OpenAI's array of them.
    std::string tool;
    std::string answers;  ///< The id of the call that it is the result of.
};

std::string OllamaFrontMessages::read(JsonWalker& json)
{
    if (json.peek() != '[')
        return "messages";
    json.array([&] { read_message(json); });
    return fault_;
}

void OllamaFrontMessages::read_message(JsonWalker& json)
{
    const auto place = "messages[" + std::to_string(count_) + "]";
    if (json.peek() != '{') {
        fault_ = fault_.empty() ? place : fault_;
        return;
    }
    Message message;
    const auto before = fault_;
    json.object([&](const JsonKey& key) { read_member(json, key, message); });
    if (fault_ != before)
        fault_ = before.empty() ? place + "." + fault_ : before;
    ++count_;
    write(message);
}

void OllamaFrontMessages::read_member(JsonWalker& json, const JsonKey& key, Message& message)
{
    const auto begin = json.offset();
    if (is(key.text, "role")) {
        message.role = text_at(json);
    } else if (is(key.text, "content")) {
        const char first = json.peek();
        if (first != '"' && first != 'n' && first != '[') {
            fault_ = "content";
            return;
        }
        json.skip();
        message.content = json.since(begin);
    } else if (is(key.text, "thinking") && json.peek() == '"') {
        message.thinking = raw_value(json);
    } else if (is(key.text, "images")) {
        if (!read_images(json, message.images))
            fault_ = "images";
    } else if (is(key.text, "tool_calls")) {
        read_calls(json, message);
    } else if (is(key.text, "tool_name")) {
        message.tool = text_at(json);
    } else if (is(key.text, "tool_call_id")) {
        message.answers = text_at(json);
    }
}

void OllamaFrontMessages::read_calls(JsonWalker& json, Message& message)
{
    if (json.peek() != '[') {
        if (json.peek() != 'n')
            fault_ = "tool_calls";
        return;
    }
    json.array([&] {
        Call call;
        std::string arguments = "{}";
        if (json.peek() != '{') {
            fault_ = "tool_calls";
            return;
        }
        json.object([&](const JsonKey& key) {
            if (is(key.text, "id")) {
                call.id = text_at(json);
            } else if (is(key.text, "function") && json.peek() == '{') {
                json.object([&](const JsonKey& inner) {
                    const auto begin = json.offset();
                    if (is(inner.text, "name")) {
                        call.name = text_at(json);
                    } else if (is(inner.text, "arguments") && json.peek() != 'n') {
                        // Some clients hand back the string that OpenAI wants.
                        arguments = json.peek() == '"' ? text_at(json) : "";
                        if (json.offset() == begin && json.skip())
                            arguments = json.since(begin);
                    }
                });
            }
        });
        if (call.id.empty())
            call.id = new_id();
        message.calls.append(message.calls.empty() ? "" : ",");
        message.calls.append("{\"id\":").append(json_quoted(call.id));
        message.calls.append(R"(,"type":"function","function":{"name":)");
        message.calls.append(json_quoted(call.name)).append(",\"arguments\":");
        message.calls.append(json_quoted(arguments)).append("}}");
        open_.push_back(std::move(call));
    });
}

/// Nine letters and digits: what the strictest of the vendors asks of an id.
std::string OllamaFrontMessages::new_id()
{
    auto digits = std::to_string(calls_++);
    return "call" + std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
}

std::string OllamaFrontMessages::answered_call(const Message& message)
{
    auto call = std::find_if(open_.begin(), open_.end(), [&](const Call& each) {
        return message.answers.empty() ? message.tool.empty() || each.name == message.tool
                                       : each.id == message.answers;
    });
    if (call == open_.end() && message.answers.empty())
        call = open_.begin();
    if (call == open_.end())
        return message.answers.empty() ? new_id() : message.answers;
    auto id = std::move(call->id);
    open_.erase(call);
    return id;
}

std::vector<chat::ByteRange> OllamaFrontMessages::thoughts() const
{
    constexpr std::size_t bracket = 1;
    auto thoughts = thoughts_;
    for (auto& thought : thoughts)
        thought.offset += bracket;
    return thoughts;
}

void OllamaFrontMessages::write(const Message& message)
{
    text_.append(text_.empty() ? "" : ",").append("{\"role\":").append(json_quoted(message.role));
    text_.append(",\"content\":");
    if (!message.images.empty())
        text_.append(content_with_images(message.content, message.images));
    else if (says_nothing(message.content))
        text_.append(message.calls.empty() ? "\"\"" : "null");
    else
        text_.append(message.content);
    if (!says_nothing(message.thinking)) {
        const auto begin = text_.size();
        text_.append(",\"reasoning_content\":").append(message.thinking);
        thoughts_.push_back({begin, text_.size() - begin});
    }
    if (!message.calls.empty())
        text_.append(",\"tool_calls\":[").append(message.calls).append("]");
    if (message.role == "tool")
        text_.append(",\"tool_call_id\":").append(json_quoted(answered_call(message)));
    text_.append("}");
}

}  // namespace spillway::dialect
