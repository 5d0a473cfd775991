#include "request_answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

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

/// What the client sent under `key`; a field of a form stands as it came.
std::optional<std::string_view> sent(const InferenceRequest& request, std::string_view key)
{
    const auto& members = request.facts.members;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [&](const auto& each) { return each.key == key; });
    return found == members.end() ? std::nullopt : std::optional(found->value.of(request.body));
}

/// "a.b" as forms spell it: "metadata[a][b]".
std::string form_field(std::string_view path)
{
    std::string name = "metadata[";
    for (const char c : path)
        name += c == '.' ? std::string("][") : std::string(1, c);
    return name + "]";
}

/// The member of the request's own metadata.
std::string own_member(const InferenceRequest& request, std::string_view path)
{
    if (request.form == BodyForm::multipart)
        if (const auto text = sent(request, form_field(path)))
            return std::string(*text);
    const auto text = sent(request, "metadata");
    if (!text)
        return {};
    if (request.form == BodyForm::json && text->starts_with('{'))
        return member_of(*text, path);
    const auto object = dialect::object_within(*text);
    return object ? member_of(*object, path) : std::string();
}

}  // namespace

std::string RequestAnswers::metadata(std::string_view path) const
{
    auto value = own_member(request_, path);
    const auto* grant = request_.arrival.caller.grant.get();
    if (value.empty() && grant != nullptr && !grant->metadata.empty())
        value = member_of(grant->metadata, path);
    return value;
}

}  // namespace spillway::gateway
