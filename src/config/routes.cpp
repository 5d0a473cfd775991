// Reads `routes`: virtual models, their rules and what they do.
#include <algorithm>
#include <set>

#include "spillway/base/sha256_name.hpp"
#include "spillway/base/text.hpp"
#include "spillway/config/conditions.hpp"
#include "spillway/config/fields_routes.hpp"
#include "spillway/config/read_routes.hpp"
#include "spillway/config/section.hpp"
#include "spillway/config/values_routes.hpp"

namespace spillway::config {

namespace {

/// Every name in `use` must turn out to be something that can serve.
void refer_targets(const Node* use, const std::string& setting, Findings& findings)
{
    if (use == nullptr)
        return;
    const auto refer = [&](const Node& name) {
        if (name.kind == Node::Kind::scalar)
            findings.require(name.at, name.text, setting);
    };
    if (use->kind == Node::Kind::sequence)
        std::for_each(use->items.begin(), use->items.end(), refer);
    else
        refer(*use);
}

void check_targets(const RouteAction& action, Position at, const std::string& path,
                   Findings& findings)
{
    if (action.use.empty())
        findings.error(at, path + ": `use` names no group");
    std::set<std::string_view> seen;
    for (const auto& name : action.use)
        if (!seen.insert(name).second)
            findings.error(at, path + ": \"" + printable(name, 80) + "\" stands twice in `use`");
}

void check_bounds(const RouteAction& action, Position at, const std::string& path,
                  Findings& findings)
{
    const auto check = [&](const std::optional<Millis>& bound, const char* key) {
        if (bound && *bound <= Millis{0})
            findings.error(at, path + "." + key + ": in no time at all every request fails");
    };
    check(action.timeout, "timeout");
    check(action.first_token_timeout, "first_token_timeout");
}

/// `verify` of a rule or of `otherwise`, beside what its own field list read.
void read_verify(const Node& map, RouteAction& action, const std::string& path, Findings& findings)
{
    const auto* node = map.find("verify");
    if (!is_section(node, path + ".verify", findings))
        return;
    action.verify.emplace();
    SectionLoader load(*node, path + ".verify", findings);
    route_verify_fields(load, *action.verify);
    load.refuse_rest(Unknown::error);
    if (action.use.size() == 1)
        findings.warning(node->at, path +
                                       ".verify: `use` names one target only, so an answer that "
                                       "fails has nowhere else to be asked for");
}

/// `[a, b]`, or a map with `use` and more.
RouteAction read_otherwise(const Entry& entry, const std::string& path, Findings& findings)
{
    RouteAction action;
    if (entry.value.kind == Node::Kind::map) {
        SectionLoader load(entry.value, path, findings);
        route_action_fields(load, action);
        load.refuse_rest(Unknown::error);
        refer_targets(entry.value.find("use"), path + ".use", findings);
        read_verify(entry.value, action, path, findings);
    } else {
        const Traits traits;
        read(entry.value, action.use, Reading{findings, traits, path});
        refer_targets(&entry.value, path, findings);
    }
    check_targets(action, entry.at, path, findings);
    check_bounds(action, entry.at, path, findings);
    return action;
}

RouteRule read_rule(const Node& node, const std::string& path, Findings& findings)
{
    RouteRule rule;
    rule.at = node.at;
    SectionLoader load(node, path, findings);
    load("name", rule.name, Doc{"For `x-spillway-reason` and the record."});
    load.known("when", Support::supported, "");
    route_action_fields(load, rule.action);
    load.refuse_rest(Unknown::error);
    if (rule.name.empty())
        findings.error(node.at, path + ": a rule needs a `name`");
    const auto* when = node.find("when");
    if (when == nullptr) {
        findings.error(node.at, path + ": a rule needs a `when`; what holds always is `otherwise`");
        rule.reading = RouteRule::Reading::in_part;
    } else {
        const Traits traits;
        if (!read(*when, rule.when, Reading{findings, traits, path + ".when"}))
            rule.reading = RouteRule::Reading::in_part;
    }
    refer_targets(node.find("use"), path + ".use", findings);
    read_verify(node, rule.action, path, findings);
    check_targets(rule.action, node.at, path, findings);
    check_bounds(rule.action, node.at, path, findings);
    return rule;
}

void read_rules(const Node& node, Route& route, const std::string& path, Findings& findings)
{
    if (node.kind != Node::Kind::sequence) {
        findings.error(node.at,
                       path + ": expected a list of rules, found " + std::string(kind_name(node)));
        return;
    }
    std::set<std::string> names{"otherwise"};
    for (const auto& item : node.items) {
        if (!is_section(&item, path + "[]", findings))
            continue;
        auto rule = read_rule(item, path + "[]", findings);
        if (!rule.name.empty() && !names.insert(rule.name).second)
            findings.error(item.at, path + ": the name \"" + printable(rule.name, 80) +
                                        "\" is taken; reasons could not be told apart");
        route.rules.push_back(std::move(rule));
    }
}

void read_inner(const Node& node, Route& route, const std::string& path, Findings& findings)
{
    if (const auto* part = node.find("complexity");
        is_section(part, path + ".complexity", findings)) {
        SectionLoader load(*part, path + ".complexity", findings);
        route_complexity_fields(load, route.complexity);
        load.refuse_rest(Unknown::error);
        if (!route.complexity.cuts.empty() && route.complexity.cuts.size() != 3)
            findings.error(part->at, path + ".complexity.cuts: expected three numbers");
    }
    if (const auto* part = node.find("shadow"); is_section(part, path + ".shadow", findings)) {
        route.shadow.emplace();
        SectionLoader load(*part, path + ".shadow", findings);
        route_shadow_fields(load, *route.shadow);
        load.refuse_rest(Unknown::error);
        refer_targets(part->find("group"), path + ".shadow.group", findings);
        refer_targets(part->find("against"), path + ".shadow.against", findings);
        refer_targets(part->find("judge"), path + ".shadow.judge", findings);
        if (route.shadow->group.empty())
            findings.error(part->at, path + ".shadow: `group` is missing");
    }
}

Route read_route(const Entry& entry, Findings& findings)
{
    Route route;
    route.name = entry.key;
    route.at = entry.at;
    const std::string path = "routes." + printable(entry.key, 80);
    SectionLoader load(entry.value, "routes.*", findings);
    route_fields(load, route);
    load.refuse_rest(Unknown::error);
    if (const auto* rules = entry.value.find("rules"); rules != nullptr && !rules->is_null())
        read_rules(*rules, route, path + ".rules", findings);
    const auto& entries = entry.value.entries;
    const auto otherwise = std::find_if(entries.begin(), entries.end(),
                                        [](const Entry& each) { return each.key == "otherwise"; });
    if (otherwise == entries.end())
        findings.error(entry.at, path +
                                     ": `otherwise` is missing: a request that no rule takes "
                                     "must go somewhere");
    else
        route.otherwise = read_otherwise(*otherwise, path + ".otherwise", findings);
    read_inner(entry.value, route, path, findings);
    return route;
}

/// A key as requests know it: a hash in lower case, or an alias as it is.
std::string key_name_of(std::string_view written)
{
    auto name = lower(trimmed(written));
    constexpr std::string_view scheme = "sha256:";
    if (name.starts_with(scheme))
        name.erase(0, scheme.size());
    return is_sha256_hex(name) ? name : std::string(written);
}

void read_local_keys(const Node& section, std::vector<std::string>& keys, Findings& findings)
{
    const auto* node = section.find("local_keys");
    for (std::size_t i = 0; i < keys.size(); ++i) {
        // Never printed: it may be the key itself.
        if (lower(trimmed(keys[i])).starts_with("sk-"))
            findings.error(
                node != nullptr && i < node->items.size() ? node->items[i].at : section.at,
                "privacy.local_keys: an entry begins with sk-; name the key by its "
                "alias or its SHA-256 hash (`token` of /key/info)");
        keys[i] = key_name_of(keys[i]);
    }
}

void read_patterns(const Node& node, Privacy& privacy, Findings& findings)
{
    if (!is_section(&node, "privacy.patterns", findings))
        return;
    for (const auto& entry : node.entries) {
        const std::string path = "privacy.patterns." + printable(entry.key, 80);
        SensitivePattern own;
        own.id = entry.key;
        own.at = entry.at;
        if (!is_section(&entry.value, path, findings))
            continue;
        SectionLoader load(entry.value, "privacy.patterns.*", findings);
        load("patterns", own.patterns, Doc{"Regular expressions (RE2)."});
        load("words", own.words, Doc{"Words and phrases, in any case."});
        load.refuse_rest(Unknown::error);
        for (const auto& pattern : own.patterns)
            if (const auto fault = pattern_fault(pattern); !fault.empty())
                findings.error(entry.at, path + ": \"" + printable(pattern, 60) +
                                             "\" is no regular expression of RE2: " + fault);
        for (const auto& pattern : own.patterns)
            if (matches_empty(pattern))
                findings.error(
                    entry.at, path + ": \"" + printable(pattern, 60) + "\" matches the empty text");
        for (const auto& word : own.words)
            if (trimmed(word).empty() || trimmed(word) == "*")
                findings.error(entry.at, path + ": \"" + printable(word, 60) + "\" is no word");
        if (own.patterns.empty() && own.words.empty())
            findings.error(entry.at, path + ": neither `patterns` nor `words`");
        privacy.patterns.push_back(std::move(own));
    }
}

}  // namespace

std::vector<Route> read_routes(const Node& root, Findings& findings)
{
    std::vector<Route> routes;
    const auto* section = root.find("routes");
    if (!is_section(section, "routes", findings))
        return routes;
    for (const auto& entry : section->entries)
        if (is_section(&entry.value, "routes." + printable(entry.key, 80), findings))
            routes.push_back(read_route(entry, findings));
    return routes;
}

Privacy read_privacy(const Node& root, Findings& findings)
{
    Privacy privacy;
    const auto* section = root.find("privacy");
    if (!is_section(section, "privacy", findings))
        return privacy;
    privacy.at = section->at;
    SectionLoader load(*section, "privacy", findings);
    privacy_fields(load, privacy);
    load.refuse_rest(Unknown::error);
    read_local_keys(*section, privacy.local_keys, findings);
    if (const auto* patterns = section->find("patterns"); patterns != nullptr)
        read_patterns(*patterns, privacy, findings);
    return privacy;
}

}  // namespace spillway::config
