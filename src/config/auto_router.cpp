#include "spillway/config/auto_router.hpp"

#include <algorithm>
#include <array>

#include "spillway/base/text.hpp"
#include "spillway/config/values_routes.hpp"

namespace spillway::config {

namespace {

constexpr std::string_view complexity_router = "auto_router/complexity_router";

struct TierName {
    std::string_view litellm;
    score::Tier tier;
};
/// Dearest first: the first rule that holds wins.
constexpr std::array<TierName, 4> tier_names{{
    {"REASONING", score::Tier::premium},
    {"COMPLEX", score::Tier::complex},
    {"MEDIUM", score::Tier::moderate},
    {"SIMPLE", score::Tier::trivial},
}};

/// What stands at `key` of `map`, if both are maps.
const Node* map_at(const Node* map, std::string_view key)
{
    const auto* node = map != nullptr && map->kind == Node::Kind::map ? map->find(key) : nullptr;
    return node != nullptr && node->kind == Node::Kind::map ? node : nullptr;
}

const Node* text_at(const Node* map, std::string_view key)
{
    const auto* node = map != nullptr && map->kind == Node::Kind::map ? map->find(key) : nullptr;
    return node != nullptr && node->kind == Node::Kind::scalar ? node : nullptr;
}

/// A tier's target: a model, a list of them, or a map of `model` and parameters.
RouteAction action_of(const Node& node, const std::string& path, Findings& findings)
{
    RouteAction action;
    const auto add = [&](const Node& name) {
        if (name.kind != Node::Kind::scalar)
            return;
        findings.require(name.at, name.text, path);
        action.use.push_back(name.text);
    };
    if (node.kind == Node::Kind::sequence) {
        std::for_each(node.items.begin(), node.items.end(), add);
    } else if (node.kind == Node::Kind::map) {
        if (const auto* model = node.find("model"))
            add(*model);
        for (const auto& entry : node.entries)
            if (entry.key != "model")
                action.parameters.push_back({entry.key, to_json(entry.value)});
    } else {
        add(node);
    }
    if (action.use.empty())
        findings.error(node.at, path + " names no model");
    return action;
}

void add_missing(std::vector<std::string>& use, const std::vector<std::string>& more)
{
    for (const auto& name : more)
        if (std::find(use.begin(), use.end(), name) == use.end())
            use.push_back(name);
}

Route route_of(const Node& row, const Node& params, Findings& findings)
{
    Route route;
    route.at = row.at;
    route.name = text_at(&row, "model_name")->text;
    const auto* config = map_at(&params, "complexity_router_config");
    const auto* tiers = map_at(config, "tiers");
    const std::string path = "complexity_router_config.tiers";
    std::string fallback_path = "complexity_router_default_model";
    const auto* fallback = text_at(&params, fallback_path);
    if (fallback == nullptr) {
        fallback_path = "complexity_router_config.default_model";
        fallback = text_at(config, "default_model");
    }
    if (fallback != nullptr)
        route.otherwise = action_of(*fallback, fallback_path, findings);
    for (const auto& [name, tier] : tier_names) {
        const auto* target = tiers != nullptr ? tiers->find(name) : nullptr;
        if (target == nullptr || target->is_null())
            continue;
        RouteRule rule;
        rule.name = lower(name);
        rule.at = target->at;
        rule.when = {TierIs{tier, tier}, target->at, 0};
        rule.action = action_of(*target, path + "." + std::string(name), findings);
        // A model that fails is followed by the default one, as in LiteLLM.
        add_missing(rule.action.use, route.otherwise.use);
        route.rules.push_back(std::move(rule));
    }
    // Tiers that are not set go to the default model, as `otherwise` says.
    if (route.rules.empty() && fallback == nullptr)
        findings.error(row.at, path +
                                   ": neither a tier nor a default model is set, and LiteLLM's own "
                                   "default tiers are not known here; name a model for SIMPLE, "
                                   "MEDIUM, COMPLEX or REASONING, or a default_model");
    else if (fallback == nullptr)
        route.otherwise = route.rules.back().action;
    findings.seen("model_list[].litellm_params.complexity_router_config", Support::different,
                  "becomes a route of the same name; tiers are cut by spillway's learned score, so "
                  "LiteLLM's weights, boundaries and keywords have no effect");
    findings.seen("model_list[].litellm_params.complexity_router_default_model", Support::supported,
                  {});
    return route;
}

}  // namespace

std::vector<Route> take_auto_routers(Node& root, Findings& findings)
{
    std::vector<Route> routes;
    auto* list = root.find("model_list");
    if (list == nullptr || list->kind != Node::Kind::sequence)
        return routes;
    std::erase_if(list->items, [&](const Node& row) {
        const auto* params = row.kind == Node::Kind::map ? row.find("litellm_params") : nullptr;
        const auto* model = text_at(params, "model");
        if (model == nullptr || !model->text.starts_with(complexity_router) ||
            text_at(&row, "model_name") == nullptr)
            return false;
        routes.push_back(route_of(row, *params, findings));
        return true;
    });
    return routes;
}

}  // namespace spillway::config
