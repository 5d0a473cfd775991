#include "spillway/config/check_weighing.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "spillway/base/text.hpp"

namespace spillway::config {

namespace {

std::string title(const Route& route)
{
    return "routes." + printable(route.name, 80);
}

/// Does it matter to the answer which side of `complex` a request is on?
bool asks_for_a_side(const TierIs& tier)
{
    const auto holds = [&](score::Tier at) { return at >= tier.low && at <= tier.high; };
    return holds(score::Tier::moderate) != holds(score::Tier::complex) ||
           holds(score::Tier::moderate) != holds(score::Tier::premium);
}

/// The first part of `condition` that does, wherever it stands.
const Condition* find_side(const Condition& condition)
{
    const auto among = [&](const std::vector<Condition>& parts) -> const Condition* {
        for (const auto& part : parts)
            if (const auto* found = find_side(part))
                return found;
        return nullptr;
    };
    if (const auto* all = std::get_if<AllOf>(&condition.test))
        return among(all->parts);
    if (const auto* any = std::get_if<AnyOf>(&condition.test))
        return among(any->parts);
    if (const auto* none = std::get_if<NotAny>(&condition.test))
        return among(none->parts);
    const auto* tier = std::get_if<TierIs>(&condition.test);
    return tier != nullptr && asks_for_a_side(*tier) ? &condition : nullptr;
}

/// Without a price nothing is worth it (`tier_of` in src/route/conditions.cpp).
void check_worth(const Route& route, const Servers& servers, Findings& findings)
{
    for (const auto& rule : route.rules) {
        const auto* tier = find_side(rule.when);
        if (rule.reading == RouteRule::Reading::whole && tier != nullptr &&
            servers.prices_nothing(rule.action))
            findings.error(tier->at, title(route) + ": rule \"" + printable(rule.name, 80) +
                                         "\": nothing in `use` has a price above 0 that the gain "
                                         "could be worth, so under `gain_worth` no request is "
                                         "`>=complex` here");
    }
}

/// Rules that a share of nothing, or of everything, leaves no request.
void check_ends(const Route& route, Share share, Findings& findings)
{
    if (share.part > 0 && share.part < 1)
        return;
    for (const auto& rule : route.rules) {
        if (rule.reading == RouteRule::Reading::in_part)
            continue;
        const auto bounds = bounds_of(rule.when);
        const bool none = share.part <= 0 ? bounds.lowest >= score::Tier::complex
                                          : bounds.highest <= score::Tier::moderate;
        if (none)
            findings.error(rule.when.at, title(route) + ": rule \"" + printable(rule.name, 80) +
                                             "\" can never match: a `cloud_share` of " +
                                             (share.part <= 0 ? "0% leaves no request `>=complex`"
                                                              : "100% makes all `>=complex`"));
    }
}

void check_complexity(const Route& route, const Servers& servers, Findings& findings)
{
    const auto& complexity = route.complexity;
    const auto path = title(route) + ".complexity";
    if (complexity.cloud_share_cap && !complexity.cloud_share)
        findings.warning(route.at, path + ".cloud_share_cap does nothing without `cloud_share`");
    if (complexity.cloud_share_cap < complexity.cloud_share && complexity.cloud_share_cap)
        findings.error(route.at, path + ".cloud_share_cap is below `cloud_share`");
    const bool asked = std::any_of(route.rules.begin(), route.rules.end(), [](const auto& rule) {
        return find_side(rule.when) != nullptr;
    });
    if (!asked && (complexity.cloud_share || complexity.gain_worth))
        findings.warning(route.at, path +
                                       (complexity.cloud_share ? ".cloud_share" : ".gain_worth") +
                                       " does nothing: no rule asks whether a request is "
                                       "`complexity: \">=complex\"`");
    if (complexity.cloud_share && complexity.gain_worth)
        findings.warning(route.at, path +
                                       ": `gain_worth` decides what is `>=complex`, and "
                                       "`cloud_share` only where the score abstains");
    if (complexity.gain_worth)
        check_worth(route, servers, findings);
    else if (complexity.cloud_share)
        check_ends(route, *complexity.cloud_share, findings);
}

/// Does every rule lead to `group` alone?
bool leads_to(const Route& route, const std::string& group)
{
    const auto only = [&](const RouteAction& action) {
        return std::all_of(action.use.begin(), action.use.end(),
                           [&](const std::string& name) { return name == group; });
    };
    return only(route.otherwise) &&
           std::all_of(route.rules.begin(), route.rules.end(),
                       [&](const RouteRule& rule) { return only(rule.action); });
}

void check_shadow(const Route& route, const RouteShadow& shadow, const Servers& servers,
                  Findings& findings)
{
    const auto warn = [&](const char* key, const std::string& what) {
        findings.warning(route.at, title(route) + ".shadow" + key + ": " + what);
    };
    if (shadow.share.part <= 0)
        warn(".share", "of 0% of the requests nothing is ever compared");
    if (shadow.against.empty() && leads_to(route, shadow.group))
        warn(".group", "the route has no other group that its answers could be compared with");
    for (const auto& [key, name] :
         {std::pair{".group", &shadow.group}, std::pair{".judge", &shadow.judge}}) {
        if (name->empty())
            continue;
        if (servers.all_behind(*name, Servers::Trait::embeds))
            warn(key, "\"" + printable(*name, 80) + "\" makes embeddings and answers nothing");
        else if (servers.all_behind(*name, Servers::Trait::unpriced))
            warn(key, "the price of \"" + printable(*name, 80) +
                          "\" is unknown, so nothing is ever sent there");
    }
    if (count(shadow.max_cost_per_day) == 0 &&
        servers.all_behind(shadow.group, Servers::Trait::costs))
        warn(".max_cost_per_day", "0 pays for nothing, so nothing is ever sent");
}

}  // namespace

void check_weighing(const Route& route, const Servers& servers, Findings& findings)
{
    check_complexity(route, servers, findings);
    if (route.shadow)
        check_shadow(route, *route.shadow, servers, findings);
}

}  // namespace spillway::config
