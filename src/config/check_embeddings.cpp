#include "spillway/config/check_embeddings.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "spillway/base/text.hpp"
#include "spillway/config/vector_model.hpp"

namespace spillway::config {

namespace {

/// The vectors behind a group, an alias or an id: of the rows that are there for embeddings.
void add_vectors(const Config& config, const std::string& name, std::set<std::string>& out)
{
    const auto alias = config.router.aliases.find(name);
    const auto& meant = alias == config.router.aliases.end() ? name : alias->second.group;
    for (const auto& row : config.deployments)
        if (row.mode == Mode::embedding && !row.model.ends_with('*') &&
            (row.group == meant || row.id == meant))
            out.insert(vector_model(row));
}

void warn_of_mix(const std::set<std::string>& vectors, Position at, const std::string& where,
                 Findings& findings)
{
    if (vectors.size() < 2)
        return;
    std::string names;
    for (const auto& each : vectors)
        names += (names.empty() ? "\"" : ", \"") + printable(each, 60) + "\"";
    findings.warning(at, where + ": embeddings of different models (" + names +
                             "); requests for embeddings do not go from one to another. Where "
                             "they are interchangeable, give them the same model_info.vectors");
}

void check_fallbacks(const Config& config, Findings& findings)
{
    for (const auto& rule : config.router.fallbacks) {
        std::set<std::string> vectors;
        add_vectors(config, rule.group, vectors);
        if (vectors.empty())
            continue;
        for (const auto& target : rule.targets)
            add_vectors(config, target, vectors);
        warn_of_mix(vectors, {}, "fallbacks of \"" + printable(rule.group, 80) + "\"", findings);
    }
}

void check_groups(const Config& config, Findings& findings)
{
    std::set<std::string> groups;
    for (const auto& row : config.deployments)
        if (row.mode == Mode::embedding && groups.insert(row.group).second) {
            std::set<std::string> vectors;
            add_vectors(config, row.group, vectors);
            warn_of_mix(vectors, {}, "model_list: group \"" + printable(row.group, 80) + "\"",
                        findings);
        }
}

}  // namespace

void check_embeddings(const Config& config, Findings& findings)
{
    check_groups(config, findings);
    check_fallbacks(config, findings);
    for (const auto& route : config.routes) {
        std::set<std::string> vectors;
        const auto add = [&](const RouteAction& action) {
            for (const auto& name : action.use)
                add_vectors(config, name, vectors);
        };
        for (const auto& rule : route.rules)
            add(rule.action);
        add(route.otherwise);
        warn_of_mix(vectors, route.at, "routes." + printable(route.name, 80), findings);
    }
}

}  // namespace spillway::config
