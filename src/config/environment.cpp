#include "spillway/config/environment.hpp"

#include <cstdlib>

#include "spillway/base/text.hpp"

namespace spillway::config {

namespace {

constexpr std::string_view reference = "os.environ/";

}  // namespace

Environment process_environment()
{
    return [](const std::string& name) -> std::optional<std::string> {
        const char* value = std::getenv(name.c_str());
        return value == nullptr ? std::nullopt : std::optional<std::string>(value);
    };
}

Environment environment_of(const Config& config, Environment outer)
{
    return layered(config.environment_variables, std::move(outer));
}

Environment layered(std::map<std::string, std::string> variables, Environment outer)
{
    return [variables = std::move(variables),
            outer = std::move(outer)](const std::string& name) -> std::optional<std::string> {
        const auto found = variables.find(name);
        return found == variables.end() ? outer(name) : found->second;
    };
}

void resolve_environment(Node& node, const Environment& environment, Findings& findings)
{
    for (auto& item : node.items)
        resolve_environment(item, environment, findings);
    for (auto& entry : node.entries)
        resolve_environment(entry.value, environment, findings);
    if (node.kind != Node::Kind::scalar || !node.text.starts_with(reference))
        return;
    const auto name = node.text.substr(reference.size());
    auto value = environment(name);
    node.style = Node::Style::environment;
    if (value) {
        node.text = *std::move(value);
        return;
    }
    findings.warning(node.at, "the environment has no " + printable(name, 80) +
                                  "; the setting is taken as unset");
    node.kind = Node::Kind::null;
    node.text.clear();
}

std::map<std::string, std::string> read_environment_variables(const Node& root,
                                                              const Environment& outer,
                                                              Findings& findings)
{
    std::map<std::string, std::string> variables;
    const auto* section = root.find("environment_variables");
    if (section == nullptr || section->is_null())
        return variables;
    if (section->kind != Node::Kind::map) {
        findings.error(section->at, "environment_variables: expected a map, found " +
                                        std::string(kind_name(*section)));
        return variables;
    }
    for (const auto& entry : section->entries) {
        auto value = entry.value;
        resolve_environment(value, outer, findings);
        if (value.kind == Node::Kind::scalar)
            variables.insert_or_assign(entry.key, value.text);
        else if (!value.is_null())
            findings.error(value.at, "environment_variables." + printable(entry.key) +
                                         ": expected text, found " + std::string(kind_name(value)));
    }
    return variables;
}

}  // namespace spillway::config
