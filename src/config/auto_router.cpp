#include "spillway/config/auto_router.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <set>

#include "spillway/base/text.hpp"
#include "spillway/config/fields_deployment.hpp"
#include "spillway/config/section.hpp"
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

constexpr std::string_view config_key = "complexity_router_config";
constexpr std::string_view config_path = "model_list[].litellm_params.complexity_router_config";

/// The text at `key` of `map`; null when there is none. Anything else but text is reported.
const Node* text_at(const Node* map, std::string_view key, Findings& findings)
{
    const auto* node = map != nullptr && map->kind == Node::Kind::map ? map->find(key) : nullptr;
    if (node == nullptr || node->is_null())
        return nullptr;
    if (node->kind == Node::Kind::scalar)
        return node;
    findings.error(node->at,
                   std::string(key) + ": expected a model, found " + std::string(kind_name(*node)));
    return nullptr;
}

/// Sorts the keys of a row's `litellm_params`: what is left is a parameter of requests.
class RowKeys {
public:
    RowKeys()
    {
        Deployment row;
        params_fields(*this, row);
    }
    template <class T, class... Options>
    void operator()(std::string_view key, T&, Options...)
    {
        settings.insert(key);
    }
    void known(std::string_view key, Support, std::string_view) { without_effect.insert(key); }
    void passed(std::string_view, Support, std::string_view) {}

    std::set<std::string_view> settings;
    std::set<std::string_view> without_effect;
};

/// The parameters among `entries`. Those of the client's own are refused as in a rule's `params`.
std::vector<Parameter> parameters_of(const std::vector<Entry>& entries, const std::string& path,
                                     Findings& findings)
{
    static const RowKeys row;
    Node own;
    own.kind = Node::Kind::map;
    for (const auto& entry : entries) {
        if (entry.key == "extra_body" && entry.value.kind == Node::Kind::map) {
            own.entries.insert(own.entries.end(), entry.value.entries.begin(),
                               entry.value.entries.end());
        } else if (row.settings.contains(entry.key) && entry.key != "model") {
            findings.error(entry.at, path + "." + entry.key +
                                         ": a setting of the model's own row, not a parameter of "
                                         "requests; write it there");
        } else if (row.without_effect.contains(entry.key) && entry.key != "stream") {
            findings.warning(entry.at, path + "." + entry.key + ": has no effect here");
        } else {
            own.entries.push_back(entry);
        }
    }
    std::vector<Parameter> parameters;
    const Traits traits;
    read(own, parameters, Reading{findings, traits, path});
    return parameters;
}

struct TierTarget {
    std::string name;
    std::vector<Parameter> parameters;
};

/// `opus`, or `{model_name: opus, litellm_params: {...}}`; also `{model: opus, ...}` with the
/// parameters beside the name.
std::optional<TierTarget> target_of(const Node& node, const std::string& path, Findings& findings)
{
    const auto* name = &node;
    std::vector<Entry> written;
    if (node.kind == Node::Kind::map) {
        name = node.find("model_name");
        const bool beside = name == nullptr;
        if (beside)
            name = node.find("model");
        for (const auto& entry : node.entries) {
            if (&entry.value == name)
                continue;
            if (entry.key == "litellm_params" &&
                is_section(&entry.value, path + ".litellm_params", findings))
                written.insert(written.end(), entry.value.entries.begin(),
                               entry.value.entries.end());
            else if (entry.key != "litellm_params" && beside)
                written.push_back(entry);
            else if (entry.key != "litellm_params")
                findings.error(entry.at, "unknown key \"" + printable(entry.key, 80) + "\" in " +
                                             path + suggestion(entry.key, {"litellm_params"}));
        }
    }
    if (name == nullptr || name->kind != Node::Kind::scalar) {
        findings.error(node.at, path +
                                    ": expected a model or a map of model_name and "
                                    "litellm_params, found " +
                                    std::string(kind_name(node)));
        return std::nullopt;
    }
    findings.require(name->at, name->text, path);
    return TierTarget{name->text, parameters_of(written, path, findings)};
}

/// What a tier does: its models in their order. LiteLLM draws one of a list.
RouteAction action_of(const Node& node, const std::string& path, Findings& findings)
{
    RouteAction action;
    const auto mark = findings.mark();
    std::vector<const Node*> items{&node};
    if (node.kind == Node::Kind::sequence) {
        items.clear();
        for (const auto& item : node.items)
            items.push_back(&item);
    }
    for (const auto* item : items) {
        auto target = target_of(*item, path, findings);
        if (!target)
            continue;
        if (action.use.empty())
            action.parameters = std::move(target->parameters);
        else if (action.parameters != target->parameters)
            findings.error(item->at, path +
                                         ": all models of a tier get the same parameters here; "
                                         "give \"" +
                                         printable(target->name, 80) +
                                         "\" those of the first one, or write a route");
        if (std::find(action.use.begin(), action.use.end(), target->name) == action.use.end())
            action.use.push_back(std::move(target->name));
    }
    if (action.use.empty() && !findings.has_error_since(mark))
        findings.error(node.at, path + " names no model");
    return action;
}

/// Names each key that LiteLLM gives a meaning to and that has none here.
void report_keys(const Node& config, Findings& findings)
{
    SectionLoader load(config, std::string(config_path), findings);
    load.known("tiers", Support::supported, "");
    load.known("default_model", Support::supported, "");
    ignored(load, "tiers are cut by spillway's learned score",
            {"classifier_type",
             "classifier_llm_config",
             "classifier_plugin",
             "classifier_plugin_timeout_ms",
             "classifier_fallback",
             "classifier_context_window_size",
             "classifier_context_budget_chars",
             "classifier_context_per_turn_chars",
             "classifier_context_include_assistant_turns",
             "heuristic_first_max_tier",
             "jev_classifier_config",
             "opensource_classifier_config",
             "classification_prompt",
             "reminder_markers",
             "tier_boundaries",
             "reasoning_override_min_score",
             "token_thresholds",
             "dimension_weights",
             "code_keywords",
             "reasoning_keywords",
             "technical_keywords",
             "custom_technical_keywords",
             "simple_keywords"});
    ignored(load, "rules with `words` of a route do this",
            {"keyword_tier_rules", "semantic_keyword_matching", "embedding_model",
             "match_threshold", "escalation_keywords", "plan_mode_min_tier", "plan_mode_patterns"});
    ignored(load, "there are these four tiers and no others",
            {"tier_definitions", "fallback_tier", "tier_labels"});
    ignored(load, "written within `tiers`", {"tier_model_configs"});
    ignored(load, "a conversation stays with the member of a group that served it last",
            {"session_affinity", "session_affinity_ttl_seconds", "deployment_affinity"});
    ignored(load, "not in this version",
            {"adaptive", "adaptive_weights", "adaptive_eligible", "tier_distance_penalty",
             "plugins", "return_raw_model_name"});
    load.refuse_rest(Unknown::warn);
}

using Targets = std::array<const Node*, tier_names.size()>;

/// What stands at each tier, whatever the case of its name; null where there is nothing.
Targets read_tiers(const Node* tiers, const std::string& path, Findings& findings)
{
    Targets targets{};
    if (!is_section(tiers, path, findings))
        return targets;
    std::vector<std::string_view> known;
    for (const auto& each : tier_names)
        known.push_back(each.litellm);
    for (const auto& entry : tiers->entries) {
        const auto same = [&](std::string_view name) { return iequals(name, entry.key); };
        const auto found = std::find_if(known.begin(), known.end(), same);
        if (found == known.end()) {
            auto loud = entry.key;
            std::transform(loud.begin(), loud.end(), loud.begin(), [](char c) {
                return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
            });
            findings.error(entry.at, path + ": \"" + printable(entry.key, 80) +
                                         "\" is none of SIMPLE, MEDIUM, COMPLEX and REASONING" +
                                         suggestion(loud, known));
            continue;
        }
        auto& target = targets[static_cast<std::size_t>(found - known.begin())];
        if (target != nullptr)
            findings.error(entry.at, path + ": " + std::string(*found) + " stands there twice");
        target = entry.value.is_null() ? target : &entry.value;
    }
    return targets;
}

void add_missing(std::vector<std::string>& use, const std::vector<std::string>& more)
{
    for (const auto& name : more)
        if (std::find(use.begin(), use.end(), name) == use.end())
            use.push_back(name);
}

/// One rule per tier, dearest first.
void add_rules(const Targets& targets, const std::string& path, Route& route, Findings& findings)
{
    for (std::size_t i = 0; i < targets.size(); ++i) {
        const auto* target = targets[i];
        if (target == nullptr)
            continue;
        const auto& [name, tier] = tier_names[i];
        RouteRule rule;
        rule.name = lower(name);
        rule.at = target->at;
        rule.when = {TierIs{tier, tier}, target->at, 0};
        rule.action = action_of(*target, path + "." + std::string(name), findings);
        // A model that fails is followed by the default one, as in LiteLLM.
        const auto own = rule.action.use.size();
        add_missing(rule.action.use, route.otherwise.use);
        if (!rule.action.parameters.empty() && rule.action.use.size() > own)
            findings.warning(target->at, path + "." + std::string(name) +
                                             ": its parameters are set for the default model, too, "
                                             "which follows when the tier's own models fail");
        route.rules.push_back(std::move(rule));
    }
}

Route route_of(const Node& row, const Node& params, Findings& findings)
{
    Route route;
    const auto mark = findings.mark();
    route.at = row.at;
    route.name = row.find("model_name")->text;
    const auto* config = params.find(config_key);
    if (!is_section(config, config_key, findings))
        config = nullptr;
    const std::string path = std::string(config_key) + ".tiers";
    std::string fallback_path = "complexity_router_default_model";
    const auto* fallback = text_at(&params, fallback_path, findings);
    if (fallback == nullptr) {
        fallback_path = std::string(config_key) + ".default_model";
        fallback = text_at(config, "default_model", findings);
    }
    if (fallback != nullptr)
        route.otherwise = action_of(*fallback, fallback_path, findings);
    if (config != nullptr) {
        report_keys(*config, findings);
        add_rules(read_tiers(config->find("tiers"), path, findings), path, route, findings);
    }
    // Tiers that are not set go to the default model, as `otherwise` says.
    if (route.rules.empty() && fallback == nullptr && findings.has_error_since(mark))
        return route;
    if (route.rules.empty() && fallback == nullptr)
        findings.error(row.at, path +
                                   ": neither a tier nor a default model is set, and LiteLLM's own "
                                   "default tiers are not known here; name a model for SIMPLE, "
                                   "MEDIUM, COMPLEX or REASONING, or a default_model");
    else if (fallback == nullptr)
        route.otherwise = route.rules.back().action;
    findings.seen(std::string(config_path), Support::different,
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
        const auto* model = params != nullptr ? params->find("model") : nullptr;
        const auto* name = row.kind == Node::Kind::map ? row.find("model_name") : nullptr;
        if (model == nullptr || name == nullptr || model->kind != Node::Kind::scalar ||
            name->kind != Node::Kind::scalar || !model->text.starts_with(complexity_router))
            return false;
        routes.push_back(route_of(row, *params, findings));
        return true;
    });
    return routes;
}

}  // namespace spillway::config
