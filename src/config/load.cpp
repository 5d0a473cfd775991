#include "spillway/config/load.hpp"

#include "spillway/config/auto_router.hpp"
#include "spillway/config/check_embeddings.hpp"
#include "spillway/config/check_routes.hpp"
#include "spillway/config/environment.hpp"
#include "spillway/config/fields_queue.hpp"
#include "spillway/config/fields_router.hpp"
#include "spillway/config/fields_routes.hpp"
#include "spillway/config/fields_sections.hpp"
#include "spillway/config/model_list.hpp"
#include "spillway/config/price_rows.hpp"
#include "spillway/config/read_routes.hpp"
#include "spillway/config/section.hpp"
#include "spillway/config/source.hpp"
#include "spillway/config/validate.hpp"
#include "spillway/config/values_routes.hpp"

namespace spillway::config {

namespace {

/// Reads the section `name` with a function that names its fields to the loader.
template <class Fields>
void read_section(const Node& root, std::string_view name, Unknown unknown, Findings& findings,
                  Fields fields)
{
    const auto* section = root.find(name);
    if (!is_section(section, name, findings))
        return;
    SectionLoader load(*section, std::string(name), findings);
    fields(load);
    load.refuse_rest(unknown);
}

void read_top(const Node& root, Findings& findings)
{
    SectionLoader load(root, "", findings);
    top_fields(load);
    // Where people keep their anchors, as in Compose files.
    for (const auto& entry : root.entries)
        if (entry.key.starts_with("x-"))
            load.known(entry.key, Support::ignored, "a place for anchors");
    load.refuse_rest(Unknown::warn);
}

/// `default_fallbacks` is a list of texts to the loader; its names must exist all the same.
void refer_default_fallbacks(const Node& root, std::string_view section, Findings& findings)
{
    const auto* settings = root.find(section);
    const auto* list = settings != nullptr ? settings->find("default_fallbacks") : nullptr;
    if (list == nullptr)
        return;
    for (const auto& item : list->items)
        if (item.kind == Node::Kind::scalar)
            findings.refer(item.at, item.text, std::string(section) + ".default_fallbacks");
}

void read_sections(const Node& root, Config& config, Findings& findings)
{
    // The later section writes over the earlier one, key by key.
    read_section(root, "litellm_settings", Unknown::warn, findings,
                 [&](auto& load) { litellm_fields(load, config.router); });
    read_section(root, "router_settings", Unknown::warn, findings,
                 [&](auto& load) { router_fields(load, config.router); });
    refer_default_fallbacks(root, "litellm_settings", findings);
    refer_default_fallbacks(root, "router_settings", findings);
    read_section(root, "general_settings", Unknown::warn, findings,
                 [&](auto& load) { general_fields(load, config.general); });
    read_section(root, "server", Unknown::error, findings,
                 [&](auto& load) { server_fields(load, config.server); });
    read_section(root, "upstream", Unknown::error, findings,
                 [&](auto& load) { upstream_fields(load, config.upstream); });
    read_section(root, "health", Unknown::error, findings,
                 [&](auto& load) { health_fields(load, config.health); });
    read_section(root, "ledger", Unknown::error, findings,
                 [&](auto& load) { ledger_fields(load, config.ledger); });
    read_section(root, "budgets", Unknown::error, findings,
                 [&](auto& load) { budgets_fields(load, config.budgets); });
    read_section(root, "local", Unknown::error, findings,
                 [&](auto& load) { local_fields(load, config.local); });
    read_section(root, "queue", Unknown::error, findings,
                 [&](auto& load) { queue_fields(load, config.queue); });
    read_section(root, "rate_limits", Unknown::error, findings,
                 [&](auto& load) { rate_limits_fields(load, config.rate_limits); });
    read_section(root, "instances", Unknown::error, findings,
                 [&](auto& load) { instances_fields(load, config.instances); });
    read_section(root, "idempotency", Unknown::error, findings,
                 [&](auto& load) { idempotency_fields(load, config.idempotency); });
    read_section(root, "coalescing", Unknown::error, findings,
                 [&](auto& load) { coalescing_fields(load, config.coalescing); });
    if (const auto* prices = root.find("prices"); is_section(prices, "prices", findings))
        config.prices = read_price_rows(*prices, "prices", findings);
    config.routes = read_routes(root, findings);
    config.privacy = read_privacy(root, findings);
    read_section(root, "tokens", Unknown::error, findings,
                 [&](auto& load) { tokens_fields(load, config.tokens); });
}

/// What LiteLLM takes from the environment when the file is silent.
void take_from_environment(General& general, const Environment& environment)
{
    const auto take = [&environment](std::optional<Secret>& setting, const char* variable) {
        if (setting && !setting->empty())
            return;
        setting.reset();
        auto value = environment(variable);
        if (value && !value->empty())
            setting = Secret(*std::move(value));
    };
    take(general.master_key, "LITELLM_MASTER_KEY");
    take(general.database_url, "DATABASE_URL");
}

Config read_config(Node root, const Environment& environment, Findings& findings)
{
    Config config;
    config.environment_variables = read_environment_variables(root, environment, findings);
    const auto lookup = layered(config.environment_variables, environment);
    for (auto& entry : root.entries)
        if (entry.key != "environment_variables")
            resolve_environment(entry.value, lookup, findings);

    read_top(root, findings);
    auto auto_routers = take_auto_routers(root, findings);
    read_sections(root, config, findings);
    std::move(auto_routers.begin(), auto_routers.end(), std::back_inserter(config.routes));
    RowRules rules;
    rules.bad_row = config.router.ignore_invalid_deployments ? BadRow::dropped : BadRow::refused;
    rules.allow_link_local = config.upstream.allow_link_local;
    auto models = read_model_list(root, rules, lookup, findings);
    config.deployments = std::move(models.deployments);
    take_from_environment(config.general, lookup);
    validate(config, models.dropped_groups, root, findings);
    check_routes(config, lookup, findings);
    check_embeddings(config, findings);
    return config;
}

Loaded load(Source source, const Environment& environment, Findings& findings)
{
    Loaded loaded;
    std::optional<Config> config;
    if (source.root && source.root->is_null())
        source.root->kind = Node::Kind::map;
    if (source.root && is_section(&*source.root, "the file", findings))
        config = read_config(*std::move(source.root), environment, findings);
    loaded.problems = findings.problems();
    loaded.keys_seen = findings.keys_seen();
    if (!config || findings.has_error_since(0))
        return loaded;
    config->keys_seen = loaded.keys_seen;
    config->warnings = loaded.problems;
    config->files = std::move(source.files);
    loaded.config = std::move(config);
    return loaded;
}

}  // namespace

Loaded load_file(const std::string& path, const Environment& environment)
{
    Findings findings;
    auto source = read_source(path, environment, findings);
    return load(std::move(source), environment, findings);
}

Loaded load_text(std::string_view yaml, std::string name, const Environment& environment)
{
    Findings findings;
    auto source = read_source_text(yaml, std::move(name), findings);
    return load(std::move(source), environment, findings);
}

}  // namespace spillway::config
