#include "spillway/gateway/overrides.hpp"

#include <algorithm>
#include <string_view>

#include "spillway/config/answer_length.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/route/limits.hpp"

namespace spillway::gateway {
namespace {

constexpr std::string_view old_name = "max_tokens";
constexpr std::string_view new_name = "max_completion_tokens";

/// As the client wrote it, else as the deployment's default does.
std::string_view name_of_length(const chat::RequestFacts& facts, const Upstream& upstream,
                                route::Wording wording)
{
    if (wording != route::Wording::openai)
        return route::length_name(wording);
    const auto sent = [&](std::string_view name) {
        return std::any_of(facts.members.begin(), facts.members.end(),
                           [&](const chat::Member& member) { return member.key == name; });
    };
    const auto added = [&](std::string_view name) {
        const auto& defaults = upstream.rules.defaults;
        return std::any_of(defaults.begin(), defaults.end(),
                           [&](const auto& each) { return each.first == name; });
    };
    if (sent(new_name))
        return new_name;
    return !sent(old_name) && added(new_name) ? new_name : old_name;
}

/// The longest answer that fits; empty where what is asked for does.
std::optional<Tokens> shortened(const route::Plan& plan, const route::Deployment& deployment,
                                std::optional<Tokens> told)
{
    const auto& limits = plan.limits;
    const auto asked = route::asked_of(deployment, limits.answer);
    if (limits.answer_fit != config::AnswerFit::clamp || !asked)
        return std::nullopt;
    const auto room = route::room_for_answer(deployment, told, limits.largest_for(deployment));
    if (!room || *room >= *asked)
        return std::nullopt;
    return std::max(Tokens{1}, *room);
}

}  // namespace

route::Wording wording_of(const InferenceRequest& request)
{
    if (request.endpoint() != chat::Endpoint::other)
        return route::Wording::openai;
    if (request.form != BodyForm::json)
        return route::Wording::none;
    // Clients ask for "/messages?beta=true"; what is below these pages takes other members.
    const auto page = std::string_view(request.suffix).substr(0, request.suffix.find('?'));
    return page == "/responses"  ? route::Wording::responses
           : page == "/messages" ? route::Wording::messages
                                 : route::Wording::none;
}

Overrides overrides_of(const route::Plan& plan, const chat::RequestFacts& facts,
                       const route::Deployment& deployment, const Upstream& upstream,
                       route::Wording wording, std::optional<Tokens> told)
{
    Overrides overrides;
    for (const auto& parameter : plan.parameters)
        overrides.emplace_back(parameter.name, parameter.json);
    const auto most = shortened(plan, deployment, told);
    if (!most)
        return overrides;
    const auto json = std::to_string(count(*most));
    // One key only: of two, each upstream believes another.
    bool set = false;
    for (auto& [name, value] : overrides) {
        if (!config::is_answer_length(name))
            continue;
        value = json;
        set = true;
    }
    if (!set)
        overrides.emplace_back(name_of_length(facts, upstream, wording), json);
    return overrides;
}

}  // namespace spillway::gateway
