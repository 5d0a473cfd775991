#include "spillway/config/validate.hpp"

#include <algorithm>
#include <vector>

#include "spillway/base/text.hpp"
#include "spillway/base/time_zone.hpp"
#include "spillway/config/base_url.hpp"

namespace spillway::config {

namespace {

/// Every name that a request or a fallback may use.
class KnownNames {
public:
    KnownNames(const Config& config, const std::set<std::string>& dropped)
    {
        for (const auto& deployment : config.deployments) {
            if (deployment.group.ends_with('*'))
                heads_.insert(deployment.group.substr(0, deployment.group.size() - 1));
            names_.insert(deployment.group);
            names_.insert(deployment.id);
        }
        names_.insert(dropped.begin(), dropped.end());
        for (const auto& route : config.routes)
            routes_.insert(route.name);
        for (const auto& [alias, target] : config.router.aliases) {
            if (routes_.contains(target.group) && !names_.contains(alias))
                route_aliases_.insert(alias);
            else
                names_.insert(alias);
        }
    }

    [[nodiscard]] bool has(std::string_view name) const
    {
        return names_.contains(name) ||
               std::any_of(heads_.begin(), heads_.end(),
                           [name](const auto& head) { return name.starts_with(head); });
    }

    /// A route, not an alias of one.
    [[nodiscard]] bool is_route(std::string_view name) const
    {
        return routes_.contains(name) && !names_.contains(name);
    }
    [[nodiscard]] bool leads_to_route(std::string_view name) const
    {
        return is_route(name) || route_aliases_.contains(name);
    }

    [[nodiscard]] std::vector<std::string_view> list() const
    {
        return {names_.begin(), names_.end()};
    }

private:
    std::set<std::string, std::less<>> names_;
    std::set<std::string, std::less<>> heads_;  ///< Of wildcard groups, without the star.
    std::set<std::string, std::less<>> routes_;
    std::set<std::string, std::less<>> route_aliases_;
};

/// The position of a setting; the file as a whole when it is not written.
Position position_of(const Node& root, std::string_view section, std::string_view key)
{
    const auto* map = root.find(section);
    if (map == nullptr)
        return {};
    for (const auto& entry : map->entries)
        if (entry.key == key)
            return entry.at;
    return map->at;
}

/// What is wrong with a name that one setting uses; empty when nothing is.
std::string fault_of(const Reference& reference, const KnownNames& names)
{
    const auto& name = reference.name;
    if (names.leads_to_route(name)) {
        if (reference.of == Reference::Of::models_and_routes && names.is_route(name))
            return {};
        return std::string(names.is_route(name) ? "is a route" : "is an alias of a route") +
               (reference.setting.find("fallbacks") != std::string::npos
                    ? ", and fallbacks neither lead to routes nor start at them"
                    : ", not a group, alias of one or deployment");
    }
    return names.has(name) ? std::string()
                           : "is no group, alias or deployment" + suggestion(name, names.list());
}

void check_references(const KnownNames& names, Findings& findings)
{
    for (const auto& reference : std::vector<Reference>(findings.references())) {
        const auto fault = fault_of(reference, names);
        if (fault.empty())
            continue;
        auto message = reference.setting + ": \"" + printable(reference.name, 80) + "\" " + fault;
        // A wildcard serves the name all the same, whatever was meant.
        if (reference.level == Problem::Level::error && !names.has(reference.name))
            findings.error(reference.at, std::move(message));
        else
            findings.warning(reference.at, std::move(message));
    }
}

void check_access(const Config& config, const Node& root, Findings& findings)
{
    const auto* general = root.find("general_settings");
    const bool has_key = config.general.master_key.has_value();
    if (!has_key && general != nullptr && general->find("master_key") != nullptr)
        findings.warning(position_of(root, "general_settings", "master_key"),
                         "general_settings.master_key is empty: requests are not authenticated");
    const auto& server = config.server;
    const bool open =
        server.host != "localhost" && server.host != "::1" && !server.host.starts_with("127.");
    if (open && !has_key && !server.allow_open)
        findings.warning(position_of(root, "server", "host"),
                         "server.host can be reached from other machines and there is no "
                         "general_settings.master_key: spillway will refuse to listen there "
                         "(server.allow_open: true permits it)");
}

void check_server(const Config& config, const Node& root, Findings& findings)
{
    const auto& server = config.server;
    if (server.tls_certificate.empty() != server.tls_key.empty()) {
        const bool no_key = server.tls_key.empty();
        findings.error(position_of(root, "server", no_key ? "tls_certificate" : "tls_key"),
                       no_key ? "server.tls_certificate needs server.tls_key"
                              : "server.tls_key needs server.tls_certificate");
    }
    const std::vector<std::string_view> levels{"debug", "info", "warn", "error"};
    if (std::find(levels.begin(), levels.end(), server.log_level) == levels.end())
        findings.error(position_of(root, "server", "log_level"),
                       "server.log_level: expected one of debug, info, warn, error" +
                           suggestion(server.log_level, levels));
    if (server.host.empty())
        findings.error(position_of(root, "server", "host"), "server.host is empty");
    if (config.ledger.path.empty())
        findings.error(position_of(root, "ledger", "path"), "ledger.path is empty");
}

void check_webhook(const std::optional<Secret>& url, std::string_view section, std::string_view key,
                   const Node& root, Findings& findings)
{
    if (!url || url->empty())
        return;
    if (const auto parsed = parse_base_url(url->reveal()); !parsed)
        findings.error(
            position_of(root, section, key),
            std::string(section) + "." + std::string(key) + ": " + parsed.error().message());
}

/// A cap on a name that nothing has would hold nothing.
void check_capped(const std::map<std::string, ScopeCaps>& caps, std::string_view what,
                  const std::vector<std::string_view>& known, const Node& root, Findings& findings)
{
    const auto* section = root.find("budgets");
    const auto* map = section != nullptr ? section->find(what) : nullptr;
    if (map == nullptr)
        return;
    for (const auto& entry : map->entries)
        if (caps.contains(entry.key) &&
            std::find(known.begin(), known.end(), entry.key) == known.end())
            findings.error(entry.at, "budgets." + std::string(what) + ": there is no \"" +
                                         printable(entry.key, 80) + "\"" +
                                         suggestion(entry.key, known));
}

void check_budgets(const Config& config, const std::set<std::string>& dropped, const Node& root,
                   Findings& findings)
{
    std::vector<std::string_view> groups(dropped.begin(), dropped.end());
    std::vector<std::string_view> ids;
    for (const auto& deployment : config.deployments) {
        groups.push_back(deployment.group);
        ids.push_back(deployment.id);
    }
    check_capped(config.budgets.groups, "groups", groups, root, findings);
    check_capped(config.budgets.deployments, "deployments", ids, root, findings);
    check_webhook(config.budgets.webhook, "budgets", "webhook", root, findings);
    check_webhook(config.general.webhook, "general_settings", "alert_to_webhook_url", root,
                  findings);
    if (const auto& zone = config.router.time_zone; !zone.empty() && !TimeZone::named(zone))
        findings.error(position_of(root, "litellm_settings", "timezone"),
                       "litellm_settings.timezone: \"" + printable(zone, 60) +
                           "\" is no time zone that this system knows");
}

/// Limits of a name that nobody can ask for are most likely misspelt.
void check_rates(const Config& config, const KnownNames& names, const Node& root,
                 Findings& findings)
{
    for (const auto& entry : config.rate_limits.models) {
        const auto& model = entry.first;  // clang 14 lets no lambda see a structured binding.
        if (!names.leads_to_route(model) && !names.has(model))
            findings.warning(position_of(root, "rate_limits", "models"),
                             "rate_limits.models: \"" + printable(model, 80) +
                                 "\" is no group, alias, deployment or route" +
                                 suggestion(model, names.list()));
    }
    for (const auto& check : config.router.optional_pre_call_checks) {
        if (check != "enforce_model_rate_limits")
            findings.warning(position_of(root, "router_settings", "optional_pre_call_checks"),
                             "router_settings.optional_pre_call_checks: \"" + printable(check, 80) +
                                 "\" means nothing here");
    }
}

}  // namespace

void validate(const Config& config, const std::set<std::string>& dropped, const Node& root,
              Findings& findings)
{
    if (config.deployments.empty() && dropped.empty())
        findings.warning({}, "model_list names no deployment: every request will be refused");
    const KnownNames names(config, dropped);
    check_references(names, findings);
    check_rates(config, names, root, findings);
    check_access(config, root, findings);
    check_server(config, root, findings);
    check_budgets(config, dropped, root, findings);
}

}  // namespace spillway::config
