#include "request_answers.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

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

}  // namespace

std::string RequestAnswers::metadata(std::string_view path) const
{
    const auto& members = request_.facts.members;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [](const auto& each) { return each.key == "metadata"; });
    auto value =
        found == members.end() ? std::string() : member_of(found->value.of(request_.body), path);
    const auto* grant = request_.arrival.caller.grant.get();
    if (value.empty() && grant != nullptr && !grant->metadata.empty())
        value = member_of(grant->metadata, path);
    return value;
}

}  // namespace spillway::gateway
