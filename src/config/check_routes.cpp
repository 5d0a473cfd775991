#include "spillway/config/check_routes.hpp"

#include <algorithm>
#include <set>

#include "spillway/base/text.hpp"
#include "spillway/config/locality.hpp"
#include "spillway/config/rule_logic.hpp"
#include "spillway/privacy/class_set.hpp"

namespace spillway::config {

namespace {

/// The file's deployments by what a rule may ask of them.
class Servers {
public:
    Servers(const Config& config, const Environment& environment, const privacy::LocalHosts& hosts)
        : config_(config)
    {
        for (const auto& deployment : config.deployments) {
            const auto resolved = resolve(deployment, environment);
            reach_.push_back(resolved ? planned_reach(deployment, resolved->base, hosts)
                                      : privacy::Reach::remote);
        }
    }

    /// Deployments behind a name: of a group, an alias, a wildcard, or the one of that id.
    [[nodiscard]] std::vector<std::size_t> behind(std::string_view name) const
    {
        if (const auto alias = config_.router.aliases.find(std::string(name));
            alias != config_.router.aliases.end() && alias->second.group != name)
            return behind(alias->second.group);
        std::vector<std::size_t> found;
        for (std::size_t i = 0; i < config_.deployments.size(); ++i) {
            const auto& row = config_.deployments[i];
            const bool wild =
                row.group.ends_with('*') &&
                name.starts_with(std::string_view(row.group).substr(0, row.group.size() - 1));
            if (row.group == name || row.id == name || wild)
                found.push_back(i);
        }
        return found;
    }

    [[nodiscard]] privacy::Reach reach(std::size_t index) const { return reach_[index]; }
    [[nodiscard]] const Deployment& operator[](std::size_t index) const
    {
        return config_.deployments[index];
    }

private:
    const Config& config_;
    std::vector<privacy::Reach> reach_;
};

std::optional<bool> supports(const Deployment& row, Content content)
{
    switch (content) {
        case Content::images:
            return row.supports_vision;
        case Content::audio:
            return row.supports_audio;
        case Content::tools:
            return row.supports_tools;
        case Content::json_schema:
            return row.supports_schema;
        case Content::code:
        case Content::files:
            break;
    }
    return std::nullopt;
}

bool does(const Deployment& row, const std::vector<Task>& tasks)
{
    const auto fits = [&](Task task) {
        switch (task) {
            case Task::embedding:
                return row.mode == Mode::embedding || row.group.ends_with('*');
            case Task::chat:
            case Task::completion:
                return row.mode != Mode::embedding;
            case Task::other:
                break;
        }
        return true;
    };
    return std::any_of(tasks.begin(), tasks.end(), fits);
}

/// Why `row` can serve none of the requests within `bounds`; empty when it may serve some.
std::string_view unfit(const Deployment& row, const Bounds& bounds, privacy::Boundary boundary,
                       privacy::Reach reach)
{
    if (!privacy::permits(boundary, reach))
        return "is not local";
    if (bounds.tasks && !does(row, *bounds.tasks))
        return "has another mode";
    if (row.max_input_tokens && bounds.prompt_tokens.low &&
        *bounds.prompt_tokens.low >= static_cast<double>(count(*row.max_input_tokens)))
        return "has a smaller window than the rule asks for";
    for (const auto content : bounds.contents)
        if (supports(row, content) == false)
            return "does not support what the rule asks for";
    return {};
}

void check_chain(const RouteAction& action, const Bounds& bounds, Position at,
                 const std::string& what, const Servers& servers, Findings& findings)
{
    std::string reasons;
    bool known = false;
    for (const auto& name : action.use) {
        for (const auto index : servers.behind(name)) {
            known = true;
            const auto why = unfit(servers[index], bounds, action.boundary, servers.reach(index));
            if (why.empty())
                return;
            const auto line = "\"" + printable(name, 80) + "\" " + std::string(why);
            if (reasons.find(line) == std::string::npos)
                reasons += (reasons.empty() ? "" : ", ") + line;
        }
    }
    // Names that nothing has were reported already.
    if (known)
        findings.error(at, what + ": nothing in `use` can serve what it selects: " + reasons);
}

void check_class_names(const std::vector<std::string>& words, Position at, const std::string& what,
                       const privacy::ClassNames& names, Findings& findings)
{
    for (const auto& word : words)
        if (const auto known = names.parse(word); !known)
            findings.error(at, what + ": " + known.error().message());
}

void check_classes(const Condition& condition, const privacy::ClassNames& names,
                   const std::string& what, Findings& findings)
{
    const auto each = [&](const std::vector<Condition>& parts) {
        for (const auto& part : parts)
            check_classes(part, names, what, findings);
    };
    if (const auto* all = std::get_if<AllOf>(&condition.test))
        each(all->parts);
    else if (const auto* any = std::get_if<AnyOf>(&condition.test))
        each(any->parts);
    else if (const auto* none = std::get_if<NotAny>(&condition.test))
        each(none->parts);
    else if (const auto* sensitive = std::get_if<IsSensitive>(&condition.test))
        check_class_names(sensitive->any_of, condition.at, what, names, findings);
}

std::string title(const Route& route, const RouteRule& rule)
{
    return "routes." + printable(route.name, 80) + ": rule \"" + printable(rule.name, 80) + "\"";
}

void check_reach(const Route& route, Findings& findings)
{
    for (std::size_t i = 0; i < route.rules.size(); ++i) {
        const auto& rule = route.rules[i];
        if (const auto why = contradiction(rule.when); !why.empty()) {
            findings.error(rule.at, title(route, rule) + " can never match: " + why);
            continue;
        }
        for (std::size_t j = 0; j < i; ++j) {
            const auto& above = route.rules[j];
            if (!contradiction(above.when).empty() || !implies(rule.when, above.when))
                continue;
            findings.error(rule.at, title(route, rule) + " can never match: \"" +
                                        printable(above.name, 80) +
                                        "\" above it takes every request it would");
            break;
        }
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
    const Servers servers(config, environment, *hosts);
    for (const auto& route : config.routes) {
        check_name(route, config, findings);
        check_reach(route, findings);
        for (const auto& rule : route.rules) {
            check_classes(rule.when, *names, title(route, rule), findings);
            if (contradiction(rule.when).empty())
                check_chain(rule.action, bounds_of(rule.when), rule.at, title(route, rule), servers,
                            findings);
        }
        check_chain(route.otherwise, {}, route.at,
                    "routes." + printable(route.name, 80) + ".otherwise", servers, findings);
    }
}

}  // namespace spillway::config
