#include "request_answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "spillway/dialect/metadata_text.hpp"

namespace spillway::gateway {

namespace {

/// What stands at a dotted path of an object; empty when nothing does.
std::string member_of(std::string_view text, std::string_view path)
{
    const auto object = nlohmann::json::parse(text, nullptr, false);
    const auto* at = &object;
    while (!path.empty()) {
        const auto dot = std::min(path.find('.'), path.size());
        const auto key = std::string(path.substr(0, dot));
        if (!at->is_object() || !at->contains(key))
            return {};
        at = &(*at)[key];
        path.remove_prefix(std::min(dot + 1, path.size()));
    }
    return at->is_string() ? at->get<std::string>() : at->dump();
}

/// "a.b" as forms spell it: "metadata[a][b]".
std::string form_field(std::string_view name, std::string_view path)
{
    std::string field(name);
    field += '[';
    for (const char c : path)
        field += c == '.' ? std::string("][") : std::string(1, c);
    return field + "]";
}

/// What stands at `path` of metadata that came as an object, or as a text that holds one.
std::string member_within(std::string_view text, std::string_view path)
{
    if (text.starts_with('{'))
        return member_of(text, path);
    const auto object = dialect::object_within(text);
    return object ? member_of(*object, path) : std::string();
}

}  // namespace

std::vector<std::string> RequestAnswers::metadata(std::string_view path) const
{
    std::vector<std::string> values;
    const auto note = [&values](std::string value) {
        if (!value.empty())
            values.push_back(std::move(value));
    };
    for (const std::string_view name : {"metadata", "litellm_metadata"}) {
        const bool form = request_.form == BodyForm::multipart;
        const auto field = form ? form_field(name, path) : std::string();
        for (const auto& member : request_.facts.members) {
            const auto text = member.value.of(request_.body);
            if (member.key == name)
                note(member_within(text, path));
            else if (form && member.key == field)
                note(std::string(text));
        }
    }
    if (const auto* grant = request_.arrival.caller.grant.get())
        for (const auto* text : {&grant->metadata, &grant->team_metadata})
            if (!text->empty())
                note(member_of(*text, path));
    return values;
}

}  // namespace spillway::gateway
