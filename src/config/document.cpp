#include "spillway/config/document.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "spillway/config/conditions.hpp"
#include "spillway/config/fields_deployment.hpp"
#include "spillway/config/fields_queue.hpp"
#include "spillway/config/fields_router.hpp"
#include "spillway/config/fields_routes.hpp"
#include "spillway/config/fields_sections.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/config/values.hpp"
#include "spillway/config/values_routes.hpp"

namespace spillway::config {

namespace {

std::string code(std::string_view text)
{
    return text.empty() ? std::string() : "`" + std::string(text) + "`";
}

/// The visitor that prints a field list as Markdown.
class Manual {
public:
    template <class T, class... Options>
    void operator()(std::string_view key, const T& member, Options... options)
    {
        const Traits traits = traits_of(options...);
        std::string text(traits.doc);
        if (!traits.note.empty())
            text += (text.empty() ? "" : " ") + std::string("*Differs from LiteLLM:* ") +
                    std::string(traits.note) + ".";
        if (traits.reload == Reload::restart)
            text += " *Takes a restart.*";
        add(key, type_name(member, traits), shown(member, traits), text);
    }

    void known(std::string_view key, Support support, std::string_view note)
    {
        if (support == Support::ignored) {
            auto& keys = ignored_[std::string(note)];
            keys += (keys.empty() ? "" : ", ") + code(key);
            order_.emplace_back(note);
            return;
        }
        const std::string lead = support == Support::different ? "*Differs from LiteLLM:* " : "";
        add(key, {}, {}, lead + std::string(note) + (note.ends_with('.') ? "" : "."));
    }

    void passed(std::string_view key, Support, std::string_view note)
    {
        auto& keys = passed_[std::string(note)];
        keys += (keys.empty() ? "" : ", ") + code(key);
    }

    [[nodiscard]] std::string text() const
    {
        std::string text =
            "| key | type | default | meaning |\n| --- | --- | --- | --- |\n" + rows_;
        if (!passed_.empty())
            text += "\nGiven to the deployment:\n\n";
        for (const auto& [note, keys] : passed_)
            text += "- " + keys + ": " + note + ".\n";
        std::set<std::string> printed;
        for (const auto& note : order_) {
            if (printed.empty())
                text += "\nAccepted and ignored:\n\n";
            if (printed.insert(note).second)
                text += "- " + ignored_.at(note) + ": " + note + ".\n";
        }
        return text + "\n";
    }

private:
    void add(std::string_view key, const std::string& type, const std::string& value,
             const std::string& meaning)
    {
        rows_ += "| " + code(key) + " | " + type + " | " + code(value) + " | " + meaning + " |\n";
    }

    std::string rows_;
    std::map<std::string, std::string> passed_;   ///< Note to keys.
    std::map<std::string, std::string> ignored_;  ///< Note to keys.
    std::vector<std::string> order_;              ///< Of the notes, with repetitions.
};

/// The visitor that notes what only a restart can change.
class RestartFields {
public:
    explicit RestartFields(std::string section) : section_(std::move(section)) {}

    template <class T, class... Options>
    void operator()(std::string_view key, const T& member, Options... options)
    {
        const Traits traits = traits_of(options...);
        if (traits.reload == Reload::restart)
            values.emplace(section_ + "." + std::string(key), shown(member, traits));
    }
    void known(std::string_view, Support, std::string_view) {}
    void passed(std::string_view, Support, std::string_view) {}

    std::map<std::string, std::string> values;

private:
    std::string section_;
};

std::map<std::string, std::string> restart_values(Config config)
{
    RestartFields general("general_settings");
    general_fields(general, config.general);
    RestartFields server("server");
    server_fields(server, config.server);
    RestartFields upstream("upstream");
    upstream_fields(upstream, config.upstream);
    RestartFields ledger("ledger");
    ledger_fields(ledger, config.ledger);
    RestartFields router("router_settings");
    router_fields(router, config.router);
    auto values = std::move(general.values);
    for (auto* more : {&server.values, &upstream.values, &ledger.values, &router.values})
        values.merge(*more);
    return values;
}

constexpr std::string_view introduction = R"(# Configuration

<!-- Printed from the field lists in include/spillway/config/fields_*.hpp by a unit test:
     SPILLWAY_UPDATE_DOCS=1 build/dev/unit_config --gtest_filter='Manual.*' -->

The file is a LiteLLM `config.yaml`, read unmodified, plus sections of spillway's own: `server`,
`upstream`, `health`, `ledger`, `rate_limits`, `idempotency`, `coalescing`, `budgets`, `instances`,
`local`, `queue`, `prices`, `routes`, `privacy` and `tokens`. `spillway check --config FILE` lists every problem with its place and every
key of the file as supported, ignored or different.

- **`os.environ/NAME`**, as any text at any depth, stands for an environment variable. One that is
  not set leaves the setting unset, with a warning. `environment_variables` in the file come first.
- **`file:/path`**, where a secret is expected, stands for the contents of a file. A relative path
  starts in the working directory.
- **`include`** names one file or a list of files, relative to the including one.
- **Durations** are seconds, whole or with a fraction. **Sizes** are bytes, or have a unit: `32MiB`.
- **Anchors, aliases and `<<`** work; keys that begin with `x-` at the top level are a place for
  anchors. A key that is written twice is an error.
- **Unknown keys** are errors in spillway's own sections, parameters of the deployment in
  `litellm_params`, free text in `model_info`, and warnings elsewhere.
- The file is read again on SIGHUP and when it changes. A file with errors changes nothing.

)";

constexpr std::string_view row_introduction =
    R"(Any other key is a parameter of the deployment: it is added to requests that do not set it, as
LiteLLM does. In a row that has a problem nothing is guessed: the row is dropped with a warning, or
the file is refused when `router_settings.ignore_invalid_deployments` is false.

)";

std::string providers_text()
{
    std::string text =
        "## Providers\n\nThe part of `model` before the first slash. Without one, `gpt-*`, "
        "`o1`..`o9`, `chatgpt-*`, `text-embedding-*`,\n`tts-*`, `whisper-*`, `dall-e-*` belong to "
        "openai, `claude-*` to anthropic, `gemini-*` to gemini. All are spoken to\nthrough their "
        "OpenAI-compatible endpoint.\n\n| prefix | base URL | key from | base URL from |\n| --- | "
        "--- | --- | --- |\n";
    for (const auto& provider : providers()) {
        auto keys = code(provider.key_env);
        for (const auto more : provider.more_key_env)
            keys += more.empty() ? "" : ", " + code(more);
        auto bases = code(provider.base_env);
        if (!provider.more_base_env.empty())
            bases += ", " + code(provider.more_base_env) + " unless it names this machine";
        text +=
            "| " + code(std::string(provider.prefix) + "/") + " | " +
            (provider.base_url.empty() ? "`api_base` is needed" : std::string(provider.base_url)) +
            " | " + keys + " | " + bases + " |\n";
    }
    return text + "\n";
}

constexpr std::string_view routes_introduction =
    R"(spillway's own: virtual models. Clients ask for a route by its name, as for a model; its rules are
read from top to bottom, and the first that holds decides. docs/routing.md explains them by example.

)";

std::string conditions_text()
{
    std::string text =
        "## routes.*.rules[].when\n\nAll keys of one map must hold. Numbers are written as "
        "`\">8000\"`, `\"<=0.5\"` or `\"2000..8000\"`; `k` and `M` multiply.\n\n| key | value | "
        "meaning |\n| --- | --- | --- |\n";
    for (const auto& each : condition_keys())
        text += "| " + code(each.key) + " | " + std::string(each.type) + " | " +
                std::string(each.doc) + " |\n";
    return text + "\n";
}

std::string section_text(std::string_view title, std::string_view text, const Manual& manual)
{
    return "## " + std::string(title) + "\n\n" + std::string(text) +
           (text.empty() || text.ends_with("\n\n") ? "" : "\n\n") + manual.text();
}

std::string_view word(Support support)
{
    switch (support) {
        case Support::supported:
            return "supported";
        case Support::ignored:
            return "ignored";
        case Support::different:
            return "different";
    }
    return "";
}

std::string counted(std::size_t number, std::string_view one)
{
    return std::to_string(number) + " " + std::string(one) + (number == 1 ? "" : "s");
}

std::string summary(const Config& config)
{
    std::set<std::string> groups;
    for (const auto& deployment : config.deployments)
        groups.insert(deployment.group);
    return counted(config.deployments.size(), "deployment") + " in " +
           counted(groups.size(), "group");
}

}  // namespace

std::string configuration_manual()
{
    Config config;
    Deployment row;
    PriceRow price;
    GroupRetryPolicy policy;
    Manual top, rows, params, info, router, group, litellm, general, server, upstream, health,
        ledger, prices, tier;
    top_fields(top);
    row_fields(rows, row);
    params_fields(params, row);
    info_fields(info, row);
    router_fields(router, config.router);
    group_retry_policy_fields(group, policy);
    litellm_fields(litellm, config.router);
    general_fields(general, config.general);
    server_fields(server, config.server);
    upstream_fields(upstream, config.upstream);
    health_fields(health, config.health);
    ledger_fields(ledger, config.ledger);
    ModelRates model_rates;
    EngineLimits engine_limits;
    Manual queue, limits_of_engine, rates, rates_of_model, idempotency, coalescing;
    queue_fields(queue, config.queue);
    engine_limits_fields(limits_of_engine, engine_limits);
    idempotency_fields(idempotency, config.idempotency);
    coalescing_fields(coalescing, config.coalescing);
    rate_limits_fields(rates, config.rate_limits);
    model_rates_fields(rates_of_model, model_rates);
    price_row_fields(prices, price);
    long_tier_fields(tier, price);
    Route virtual_model;
    RouteRule rule;
    RouteShadow shadow_sample;
    RouteVerify answer_check;
    Manual route, budgets, instances, local, action, verify, complexity, shadow, privacy, tokens;
    route_fields(route, virtual_model);
    budgets_fields(budgets, config.budgets);
    instances_fields(instances, config.instances);
    local_fields(local, config.local);
    route_action_fields(action, rule.action);
    route_verify_fields(verify, answer_check);
    route_complexity_fields(complexity, virtual_model.complexity);
    route_shadow_fields(shadow, shadow_sample);
    privacy_fields(privacy, config.privacy);
    tokens_fields(tokens, config.tokens);

    return std::string(introduction) + section_text("The file", "", top) +
           section_text("model_list[]", "One deployment per row.", rows) +
           section_text("model_list[].litellm_params", row_introduction, params) +
           section_text("model_list[].model_info", "", info) + providers_text() +
           section_text("router_settings", "", router) +
           section_text("router_settings.model_group_retry_policy.*", "", group) +
           section_text("litellm_settings",
                        "Read before `router_settings`, which wins where both set a key.",
                        litellm) +
           section_text("general_settings", "", general) +
           section_text("server", "spillway's own.", server) +
           section_text("upstream",
                        "spillway's own: bounds for every deployment that sets none itself.",
                        upstream) +
           section_text("health", "spillway's own: docs/operations.md.", health) +
           section_text("ledger", "spillway's own.", ledger) +
           section_text("budgets", "spillway's own: docs/budgets.md.", budgets) +
           section_text("instances", "spillway's own: docs/instances.md.", instances) +
           section_text("local", "spillway's own: docs/budgets.md.", local) +
           section_text("queue", "spillway's own: docs/local-engines.md.", queue) +
           section_text("queue.engines.*", "", limits_of_engine) +
           section_text("rate_limits", "spillway's own: docs/rate-limits.md.", rates) +
           section_text("rate_limits.models.*", "", rates_of_model) +
           section_text("idempotency", "spillway's own: docs/idempotency.md.", idempotency) +
           section_text("coalescing", "spillway's own: docs/idempotency.md.", coalescing) +
           section_text("prices.*",
                        "spillway's own: a map from model names to prices, over the built-in "
                        "table (`config/prices.yaml`).",
                        prices) +
           section_text("prices.*.long", "", tier) +
           section_text("routes.*", routes_introduction, route) +
           section_text("routes.*.rules[], routes.*.otherwise",
                        "What is done; a rule has a `name` and a `when` besides.", action) +
           conditions_text() +
           section_text("routes.*.rules[].verify, routes.*.otherwise.verify",
                        "docs/routing-reference.md.", verify) +
           section_text("routes.*.complexity", "docs/complexity.md.", complexity) +
           section_text("routes.*.shadow", "docs/complexity.md.", shadow) +
           section_text("privacy", "spillway's own: docs/privacy.md.", privacy) +
           section_text("tokens", "spillway's own.", tokens);
}

std::string check_report(const Loaded& loaded)
{
    std::string report;
    std::size_t errors = 0;
    for (const auto& problem : loaded.problems) {
        const bool error = problem.level == Problem::Level::error;
        errors += error ? 1 : 0;
        report += problem.where + ": " + (error ? "error: " : "warning: ") + problem.message + "\n";
    }
    report += report.empty() ? "" : "\n";
    report += counted(errors, "error") + ", " + counted(loaded.problems.size() - errors, "warning");
    report += loaded.config ? "; " + summary(*loaded.config) + "\n" : std::string("\n");
    if (loaded.keys_seen.empty())
        return report;

    std::size_t width = 3;
    for (const auto& key : loaded.keys_seen)
        width = std::max(width, key.path.size());
    const auto row = [&](std::string_view path, std::string_view status, std::string_view note) {
        std::string line(path);
        line.append(width + 2 - std::min(path.size(), width), ' ');
        line += status;
        if (!note.empty())
            line.append(12 - status.size(), ' ').append(note);
        report += line + "\n";
    };
    report += "\n";
    row("KEY", "STATUS", "NOTE");
    for (const auto& key : loaded.keys_seen)
        row(key.path, word(key.support), key.note);
    return report;
}

std::vector<std::string> restart_only_changes(const Config& before, const Config& after)
{
    const auto old_values = restart_values(before);
    const auto new_values = restart_values(after);
    std::vector<std::string> changed;
    for (const auto& [path, value] : new_values)
        if (const auto found = old_values.find(path);
            found == old_values.end() || found->second != value)
            changed.push_back(path);
    return changed;
}

}  // namespace spillway::config
