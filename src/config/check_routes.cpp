#include "spillway/config/check_routes.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/config/chain_fit.hpp"
#include "spillway/config/check_weighing.hpp"
#include "spillway/config/rule_cover.hpp"
#include "spillway/config/rule_logic.hpp"
#include "spillway/privacy/class_set.hpp"

namespace spillway::config {

namespace {

void check_chain(const RouteAction& action, const Bounds& bounds, Position at,
                 const std::string& what, const Servers& servers,
                 std::optional<tokens::Family> counted, Findings& findings)
{
    std::string reasons;
    bool known = false;
    Position place = at;
    for (const auto& name : action.use) {
        for (const auto index : servers.behind(name)) {
            const auto unfit = servers.unfit(index, bounds, action, counted);
            if (!unfit)
                return;
            // Where several fail by something else, the first says where to look.
            if (!std::exchange(known, true) && unfit->at.line != 0)
                place = unfit->at;
            const auto line = "\"" + printable(name, 80) + "\" " + std::string(unfit->why);
            if (reasons.find(line) == std::string::npos)
                reasons += (reasons.empty() ? "" : ", ") + line;
        }
    }
    // Names that nothing has were reported already.
    if (known)
        findings.error(place, what + ": nothing in `use` can serve what it selects: " + reasons);
}

void check_class_names(const std::vector<std::string>& words, Position at, const std::string& what,
                       const privacy::ClassNames& names, Findings& findings)
{
    for (const auto& word : words)
        if (const auto known = names.parse(word); !known)
            findings.error(at, what + ": " + known.error().message());
}

/// Fills in the classes of every `sensitive`. False after reporting names that nobody knows.
bool fill_classes(Condition& condition, const privacy::ClassNames& names, const std::string& what,
                  Findings& findings)
{
    bool good = true;
    const auto each = [&](std::vector<Condition>& parts) {
        for (auto& part : parts)
            good = fill_classes(part, names, what, findings) && good;
    };
    if (auto* all = std::get_if<AllOf>(&condition.test))
        each(all->parts);
    else if (auto* any = std::get_if<AnyOf>(&condition.test))
        each(any->parts);
    else if (auto* none = std::get_if<NotAny>(&condition.test))
        each(none->parts);
    auto* sensitive = std::get_if<IsSensitive>(&condition.test);
    if (sensitive == nullptr)
        return good;
    for (const auto& word : sensitive->any_of) {
        if (const auto known = names.parse(word)) {
            sensitive->classes.add(*known);
        } else {
            findings.error(condition.at, what + ": " + known.error().message());
            good = false;
        }
    }
    return good;
}

std::string title(const Route& route, const RouteRule& rule)
{
    return "routes." + printable(route.name, 80) + ": rule \"" + printable(rule.name, 80) + "\"";
}

/// Of rules above: `"a"`, or `"a" and "b"`.
std::string names_of(const std::vector<const RouteRule*>& rules)
{
    std::string names;
    for (std::size_t i = 0; i < rules.size(); ++i)
        names += (i == 0                  ? "\""
                  : i + 1 == rules.size() ? " and \""
                                          : ", \"") +
                 printable(rules[i]->name, 80) + "\"";
    return names;
}

/// Which rules take every request that `route.rules[index]` would: one, else several together.
/// Rules that were not read, or never match, take none.
std::vector<const RouteRule*> taken_by(const Route& route, std::size_t index)
{
    const auto& rule = route.rules[index];
    std::vector<Earlier> earlier;
    std::vector<const RouteRule*> rules;
    for (std::size_t i = 0; i < index; ++i) {
        const auto& above = route.rules[i];
        if (above.reading == RouteRule::Reading::in_part || contradiction(above.when))
            continue;
        Common common;
        if (route.complexity.gain_worth)
            common.tiers = Common::Tiers::by_price;
        common.use =
            rule.action.use == above.action.use && rule.action.parameters == above.action.parameters
                ? Common::Use::same
                : Common::Use::other;
        if (implies(rule.when, above.when, common))
            return {&above};
        earlier.push_back({above.when, common});
        rules.push_back(&above);
    }
    std::vector<const RouteRule*> found;
    for (const auto taker : takers(rule.when, earlier))
        found.push_back(rules[taker]);
    return found;
}

void check_reach(const Route& route, Findings& findings)
{
    for (std::size_t i = 0; i < route.rules.size(); ++i) {
        const auto& rule = route.rules[i];
        if (rule.reading == RouteRule::Reading::in_part)
            continue;
        if (const auto never = contradiction(rule.when)) {
            findings.error(never->at, title(route, rule) + " can never match: " + never->why);
            continue;
        }
        if (const auto above = taken_by(route, i); !above.empty())
            findings.error(rule.when.at, title(route, rule) +
                                             " can never match: " + names_of(above) + " above it " +
                                             (above.size() == 1 ? "takes" : "together take") +
                                             " every request it would");
    }
}

/// Rules with names of classes that nobody knows are left at that.
void check_rules(Route route, const privacy::ClassNames& names, const Servers& servers,
                 Findings& findings)
{
    bool good = true;
    for (auto& rule : route.rules)
        good = fill_classes(rule.when, names, title(route, rule), findings) && good;
    if (!good)
        return;
    check_reach(route, findings);
    const auto counted = servers.counting_family(route);
    for (const auto& rule : route.rules) {
        if (rule.reading == RouteRule::Reading::in_part || contradiction(rule.when))
            continue;
        const auto bounds = bounds_of(rule.when);
        if (const auto never = servers.no_such_cost(bounds, rule.action, counted))
            findings.error(never->at,
                           title(route, rule) + " can never match: " + std::string(never->why));
        else
            check_chain(rule.action, bounds, rule.at, title(route, rule), servers, counted,
                        findings);
    }
}

void check_name(const Route& route, const Config& config, Findings& findings)
{
    const auto same = [&](const Deployment& row) {
        return row.group == route.name || row.id == route.name;
    };
    const bool taken = std::any_of(config.deployments.begin(), config.deployments.end(), same) ||
                       config.router.aliases.contains(route.name);
    if (taken)
        findings.error(route.at, "routes." + printable(route.name, 80) +
                                     ": a group, alias or deployment has this name already");
    // The routes above it; LiteLLM's rows of complexity_router come last.
    for (const auto& above : config.routes) {
        if (&above == &route)
            return;
        if (above.name == route.name)
            return findings.error(route.at, "routes." + printable(route.name, 80) +
                                                ": another route has this name already, at " +
                                                findings.where(above.at));
    }
}

/// Does `pattern` take everything that `name` does? Both may end in `*`.
bool takes_all_of(std::string_view pattern, std::string_view name)
{
    return pattern.ends_with('*') ? name.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : pattern == name;
}

/// Captured names that never lead here: the route of that name, or one above, has the request.
void check_captures(const Route& route, const Config& config, Findings& findings)
{
    for (const auto& name : route.captures) {
        const auto report = [&](const std::string& why) {
            findings.error(route.at, "routes." + printable(route.name, 80) + ".captures: \"" +
                                         printable(name, 80) + "\" " + why);
        };
        bool above = true;
        for (const auto& other : config.routes) {
            above = above && &other != &route;
            if (&other == &route)
                continue;
            if (other.name == name) {
                report("is a route itself, which decides for its own name");
                break;
            }
            const auto taker =
                std::find_if(other.captures.begin(), other.captures.end(),
                             [&](const auto& each) { return takes_all_of(each, name); });
            if (above && taker != other.captures.end()) {
                report("is captured by the route \"" + printable(other.name, 80) +
                       "\" above it already, as \"" + printable(*taker, 80) + "\"");
                break;
            }
        }
    }
}

}  // namespace

void check_routes(const Config& config, const Environment& environment, Findings& findings)
{
    const auto& section = config.privacy;
    std::vector<std::string> own;
    for (const auto& pattern : section.patterns)
        own.push_back(pattern.id);
    const auto names = privacy::ClassNames::with_own(own);
    const auto hosts = privacy::LocalHosts::listing(section.local_hosts);
    if (!names)
        findings.error(section.at, "privacy.patterns: " + names.error().message());
    if (!hosts)
        findings.error(section.at, "privacy.local_hosts: " + hosts.error().message());
    if (!names || !hosts)
        return;
    check_class_names(section.local_only, section.at, "privacy.local_only", *names, findings);
    const auto& kept = section.local_only;
    if (own.empty() && std::find(kept.begin(), kept.end(), "own") != kept.end())
        findings.warning(section.at,
                         "privacy.local_only: \"own\" keeps nothing local: there are "
                         "no privacy.patterns");
    const Servers servers(config, environment, *hosts);
    for (const auto& route : config.routes) {
        check_name(route, config, findings);
        check_captures(route, config, findings);
        check_rules(route, *names, servers, findings);
        check_weighing(route, servers, findings);
        check_chain(route.otherwise, {}, route.at,
                    "routes." + printable(route.name, 80) + ".otherwise", servers, {}, findings);
    }
}

}  // namespace spillway::config
