#include "prompt_lines.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace spillway::app {

namespace {

using nlohmann::json;

Result<PromptLine> wrong(std::size_t number, const char* what)
{
    return fail(Errc::invalid_request, "line " + std::to_string(number) + ": " + what);
}

void append(std::string& text, const std::string& more)
{
    if (!text.empty())
        text += '\n';
    text += more;
}

/// The text of a message's content, a string or a list of parts; counts the images in it.
std::string text_of(const json& message, std::uint32_t& images)
{
    std::string text;
    const auto content = message.find("content");
    if (content == message.end())
        return text;
    if (content->is_string())
        return content->get<std::string>();
    if (!content->is_array())
        return text;
    for (const auto& part : *content) {
        if (!part.is_object())
            continue;
        const auto kind = part.value("type", json());
        if (kind == "image_url" || kind == "image")
            ++images;
        if (const auto words = part.find("text"); words != part.end() && words->is_string())
            append(text, words->get<std::string>());
    }
    return text;
}

void read_messages(const json& messages, PromptLine& line)
{
    line.facts.turns = 0;
    for (const auto& message : messages) {
        if (!message.is_object())
            continue;
        const auto role = message.value("role", json());
        const auto text = text_of(message, line.facts.images);
        line.facts.total_bytes += text.size();
        if (role == "system" || role == "developer") {
            append(line.system, text);
            continue;
        }
        ++line.facts.turns;
        if (role == "tool" || role == "function")
            ++line.facts.tool_result_turns;
        if (role == "user")
            line.last_user = text;
    }
}

std::string id_of(const json& row, std::size_t number)
{
    const auto id = row.find("id");
    if (id == row.end() || id->is_null())
        return std::to_string(number);
    return id->is_string() ? id->get<std::string>() : id->dump();
}

double number_at(const json& row, const char* key, double otherwise)
{
    const auto found = row.find(key);
    return found != row.end() && found->is_number() ? found->get<double>() : otherwise;
}

std::string string_at(const json& row, const char* key)
{
    const auto found = row.find(key);
    return found != row.end() && found->is_string() ? found->get<std::string>() : std::string();
}

}  // namespace

score::PromptView PromptLine::view() const
{
    auto prompt = facts;
    prompt.last_user = last_user;
    prompt.system = system;
    return prompt;
}

Result<PromptLine> read_prompt_line(const std::string& line, std::size_t number)
{
    const auto row = json::parse(line, nullptr, false);
    if (!row.is_object())
        return wrong(number, "not a JSON object");
    PromptLine result;
    result.id = id_of(row, number);
    const auto prompt = row.find("prompt");
    const auto messages = row.find("messages");
    if (messages != row.end() && messages->is_array())
        read_messages(*messages, result);
    else if (prompt != row.end() && prompt->is_string())
        result.last_user = prompt->get<std::string>();
    else
        return wrong(number, "neither 'prompt' (a string) nor 'messages' (an array)");
    if (const auto tools = row.find("tools"); tools != row.end() && tools->is_array())
        result.facts.tools = static_cast<std::uint32_t>(tools->size());
    result.facts.has_schema = row.contains("response_format");
    result.facts.max_tokens =
        static_cast<std::uint32_t>(std::clamp(number_at(row, "max_tokens", 0), 0.0, 1e9));
    result.dataset = string_at(row, "dataset");
    result.split = string_at(row, "split");
    result.weak = number_at(row, "weak", -1);
    result.strong = number_at(row, "strong", -1);
    result.weight = number_at(row, "weight", 1);
    return result;
}

}  // namespace spillway::app
