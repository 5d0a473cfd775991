#include "spillway/route/routing_table.hpp"

#include <algorithm>

#include "spillway/config/price_book.hpp"
#include "spillway/config/vector_model.hpp"
#include "spillway/route/limits.hpp"

namespace spillway::route {
namespace {

using config::Config;
using config::FallbackRule;

/// "openai/gpt-4o" -> "gpt-4o"; a name without a prefix is itself.
std::string_view without_prefix(std::string_view name)
{
    const std::size_t slash = name.find('/');
    return slash == std::string_view::npos ? name : name.substr(slash + 1);
}

const FallbackRule* rule_for(const std::vector<FallbackRule>& rules, std::string_view name)
{
    const auto found = std::find_if(rules.begin(), rules.end(), [name](const FallbackRule& rule) {
        return rule.group == name;
    });
    return found == rules.end() ? nullptr : &*found;
}

const FallbackRule* named_rule(const std::vector<FallbackRule>& rules, std::string_view name)
{
    const FallbackRule* exact = rule_for(rules, name);
    return exact != nullptr ? exact : rule_for(rules, without_prefix(name));
}

/// A list that names the group replaces the one for everybody; they are never joined.
std::vector<std::string> special_list(const std::vector<FallbackRule>& rules,
                                      std::string_view group)
{
    const FallbackRule* rule = named_rule(rules, group);
    if (rule == nullptr) {
        rule = rule_for(rules, "*");
    }
    return rule != nullptr ? rule->targets : std::vector<std::string>{};
}

std::vector<std::string> general_list(const config::Router& router, const std::string& group)
{
    if (const FallbackRule* rule = rule_for(router.fallbacks, group)) {
        return rule->targets;
    }
    const auto policy = router.group_retry_policy.find(group);
    if (policy != router.group_retry_policy.end() && !policy->second.fallbacks.empty()) {
        return policy->second.fallbacks;
    }
    if (const FallbackRule* rule = rule_for(router.fallbacks, without_prefix(group))) {
        return rule->targets;
    }
    if (const FallbackRule* rule = rule_for(router.fallbacks, "*")) {
        return rule->targets;
    }
    return router.default_fallbacks;
}

config::RetryPolicy merged(const config::RetryPolicy& own, const config::RetryPolicy& general)
{
    const auto pick = [](const std::optional<int>& a, const std::optional<int>& b) {
        return a ? a : b;
    };
    return {pick(own.bad_request, general.bad_request),
            pick(own.authentication, general.authentication),
            pick(own.timeout, general.timeout),
            pick(own.rate_limit, general.rate_limit),
            pick(own.content_policy, general.content_policy),
            pick(own.internal_server, general.internal_server)};
}

/// Input plus output. What runs on the operator's own machine is free unless a price is given.
std::optional<PicoUsdPerToken> price_of(const config::Deployment& row, const Config& config,
                                        bool local)
{
    config::Prices prices = row.prices;
    const std::string_view model = row.base_model.empty() ? row.model : row.base_model;
    for (const config::PriceRow& known : config.prices) {
        if (known.model == model || known.model == without_prefix(model)) {
            prices.input = prices.input ? prices.input : known.prices.input;
            prices.output = prices.output ? prices.output : known.prices.output;
        }
    }
    if (!prices.input && !prices.output) {
        return local ? std::optional{PicoUsdPerToken{0}} : std::nullopt;
    }
    const auto amount = [](const std::optional<PicoUsdPerToken>& price) {
        return price ? count(*price) : 0;
    };
    return PicoUsdPerToken{amount(prices.input) + amount(prices.output)};
}

/// Time for one whole attempt when the deployment sets none.
Millis group_timeout(const config::Router& router, const std::string& group)
{
    const auto policy = router.group_retry_policy.find(group);
    const bool own = policy != router.group_retry_policy.end() && policy->second.timeout;
    return own ? *policy->second.timeout : router.timeout;
}

/// Patience until the first event of the answer. LiteLLM lets `stream_timeout` default to
/// `timeout`; only where nobody wrote either do our own bounds hold, which know that a local engine
/// may have to load its model first.
Millis first_token_timeout(const config::Deployment& row, const Config& config, bool local)
{
    if (row.stream_timeout) {
        return *row.stream_timeout;
    }
    if (row.timeout) {
        return *row.timeout;
    }
    if (config.router.stream_timeout) {
        return *config.router.stream_timeout;
    }
    const Millis whole = group_timeout(config.router, row.group);
    if (whole != config::Router{}.timeout) {
        return whole;
    }
    return local ? config.upstream.local_first_token_timeout : config.upstream.first_token_timeout;
}

bool is_wildcard(std::string_view group)
{
    return !group.empty() && group.back() == '*';
}

}  // namespace

namespace {

/// What rules may ask of a deployment.
void describe(Deployment& deployment, const config::Deployment& row)
{
    deployment.reach = row.local.value_or(false) ? privacy::Reach::local : privacy::Reach::remote;
    deployment.family = tokens::family_of(row.model);
    if (deployment.family == tokens::Family::generic && row.model.find('*') != std::string::npos)
        deployment.family.reset();
    deployment.mode = row.mode;
    deployment.vectors = config::vector_model(row);
    deployment.wildcard = row.group.ends_with('*');
    deployment.max_output_tokens = row.max_output_tokens;
    const auto defaults = answer_asked({}, row.defaults);
    deployment.default_answer = defaults.longest;
    deployment.default_choices = defaults.choices;
    deployment.dearest_input = config::dearest_input(row);
    deployment.dearest_output = config::dearest_output(row);
    deployment.supports_vision = row.supports_vision;
    deployment.supports_audio = row.supports_audio;
    deployment.supports_tools = row.supports_tools;
    deployment.supports_schema = row.supports_schema;
    deployment.rpm = row.rpm;
    deployment.tpm = row.tpm;
}

bool chooses_strategy(const Config& config)
{
    return std::any_of(config.keys_seen.begin(), config.keys_seen.end(),
                       [](const config::KeySeen& key) {
                           return key.path == "router_settings.routing_strategy" ||
                                  key.path == "litellm_settings.routing_strategy";
                       });
}

std::optional<std::int64_t> max_parallel(const config::Deployment& row, const Config& config)
{
    for (const auto& limit :
         {row.max_parallel, config.router.default_max_parallel, config.general.max_parallel})
        if (limit)
            return limit;
    return std::nullopt;
}

}  // namespace

RoutingTable::RoutingTable(const Config& config, const std::vector<bool>& local,
                           const std::vector<bool>& queued)
    : settings_(config.router),
      slot_patience_(config.upstream.slot_patience),
      strategy_chosen_(chooses_strategy(config))
{
    add_deployments(config, local);
    for (std::size_t i = 0; i < std::min(queued.size(), deployments_.size()); ++i) {
        deployments_[i].queued = queued[i];
    }
    weigh_members(config);
    add_groups();
    add_aliases();
    // Timeouts bound each attempt, as LiteLLM's do, or a hanging primary would leave no time for
    // its fallback. All together may take one such timeout per level of fallback.
    Millis longest = settings_.timeout;
    for (const Deployment& deployment : deployments_) {
        longest = std::max(longest, deployment.total_timeout);
    }
    chain_timeout_ = longest * (std::clamp(settings_.max_fallbacks, 0, 100) + 1);
}

void RoutingTable::add_deployments(const Config& config, const std::vector<bool>& local)
{
    deployments_.reserve(config.deployments.size());
    for (std::size_t i = 0; i < config.deployments.size(); ++i) {
        const config::Deployment& row = config.deployments[i];
        const bool is_local = i < local.size() && local[i];
        const auto index = DeploymentIndex{static_cast<std::uint32_t>(i)};
        Deployment deployment;
        deployment.id = row.id;
        deployment.group = row.group;
        deployment.order = row.order;
        deployment.max_input_tokens = row.max_input_tokens;
        deployment.price = price_of(row, config, is_local);
        deployment.local = is_local;
        describe(deployment, row);
        if (const auto most = max_parallel(row, config))
            deployment.max_parallel = static_cast<std::uint32_t>(*most);
        deployment.first_token_timeout = first_token_timeout(row, config, is_local);
        deployment.idle_timeout = config.upstream.idle_timeout;
        deployment.total_timeout = row.timeout.value_or(group_timeout(config.router, row.group));
        deployment.num_retries = row.num_retries;
        deployment.cooldown_time = row.cooldown_time;
        deployments_.push_back(std::move(deployment));

        by_id_.emplace(row.id, index);
        const auto next_group = GroupIndex{static_cast<std::uint32_t>(groups_.size())};
        const auto [entry, added] = by_name_.emplace(row.group, next_group);
        if (added) {
            groups_.emplace_back().name = row.group;
        }
        groups_[at(entry->second)].members.push_back(index);
    }
}

void RoutingTable::weigh_members(const Config& config)
{
    using Measure = double (*)(const config::Deployment&);
    // The first measure that any member sets counts for all of them; members without it get 0.
    constexpr Measure measures[] = {
        [](const config::Deployment& row) { return row.weight.value_or(0); },
        [](const config::Deployment& row) { return static_cast<double>(row.rpm.value_or(0)); },
        [](const config::Deployment& row) { return static_cast<double>(row.tpm.value_or(0)); },
    };
    for (const Group& group : groups_) {
        for (const Measure measure : measures) {
            const bool used = std::any_of(group.members.begin(), group.members.end(),
                                          [&](DeploymentIndex member) {
                                              return measure(config.deployments[at(member)]) > 0;
                                          });
            if (!used) {
                continue;
            }
            for (const DeploymentIndex member : group.members) {
                deployments_[at(member)].weight =
                    std::max(0.0, measure(config.deployments[at(member)]));
            }
            break;
        }
    }
}

void RoutingTable::add_groups()
{
    for (std::size_t i = 0; i < groups_.size(); ++i) {
        Group& group = groups_[i];
        group.fallbacks = general_list(settings_, group.name);
        group.context_window_fallbacks =
            special_list(settings_.context_window_fallbacks, group.name);
        group.content_policy_fallbacks =
            special_list(settings_.content_policy_fallbacks, group.name);
        group.num_retries = settings_.num_retries;
        group.retry_policy = settings_.retry_policy;
        group.timeout = group_timeout(settings_, group.name);
        const auto policy = settings_.group_retry_policy.find(group.name);
        if (policy != settings_.group_retry_policy.end()) {
            group.num_retries = policy->second.num_retries.value_or(settings_.num_retries);
            group.retry_policy = merged(policy->second.retries, settings_.retry_policy);
        }
        if (is_wildcard(group.name)) {
            wildcards_.emplace_back(group.name.substr(0, group.name.size() - 1),
                                    GroupIndex{static_cast<std::uint32_t>(i)});
        } else {
            listed_.push_back(group.name);
        }
    }
    std::stable_sort(wildcards_.begin(), wildcards_.end(),
                     [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

void RoutingTable::add_aliases()
{
    for (const auto& [name, alias] : settings_.aliases) {
        if (by_name_.contains(name)) {
            continue;  // A group of that name is what the client gets.
        }
        if (auto target = resolve_unaliased(alias.group)) {
            target->asked = name;
            aliases_.emplace(name, std::move(*target));
            if (!alias.hidden) {
                listed_.push_back(name);
            }
        }
    }
}

std::optional<Resolved> RoutingTable::resolve(std::string_view model) const
{
    if (!by_name_.contains(model)) {
        if (const auto alias = aliases_.find(model); alias != aliases_.end()) {
            return alias->second;
        }
    }
    return resolve_unaliased(model);
}

std::optional<Resolved> RoutingTable::resolve_unaliased(std::string_view model) const
{
    // A client that asks for the literal "openai/*" asks for no model at all.
    if (model.empty() || is_wildcard(model)) {
        return std::nullopt;
    }
    if (const auto group = by_name_.find(model); group != by_name_.end()) {
        return Resolved{group->second, std::nullopt, {}, {}};
    }
    if (const auto id = by_id_.find(model); id != by_id_.end()) {
        const GroupIndex group = by_name_.find(deployments_[at(id->second)].group)->second;
        if (!is_wildcard(groups_[at(group)].name)) {
            return Resolved{group, id->second, {}, std::string(model)};
        }
    }
    for (const auto& [prefix, group] : wildcards_) {
        if (model.size() > prefix.size() && model.substr(0, prefix.size()) == prefix) {
            return Resolved{group, std::nullopt, std::string(model.substr(prefix.size())),
                            std::string(model)};
        }
    }
    return std::nullopt;
}

const std::vector<std::string>& RoutingTable::fallbacks(GroupIndex group, std::string_view asked,
                                                        FallbackList list) const
{
    const auto choose = [&](const std::vector<FallbackRule>& rules,
                            const std::vector<std::string>& own) -> const auto& {
        const FallbackRule* rule = asked.empty() ? nullptr : named_rule(rules, asked);
        return rule != nullptr ? rule->targets : own;
    };
    const Group& from = groups_[at(group)];
    switch (list) {
        case FallbackList::general:
            return choose(settings_.fallbacks, from.fallbacks);
        case FallbackList::context_window:
            return choose(settings_.context_window_fallbacks, from.context_window_fallbacks);
        case FallbackList::content_policy:
            return choose(settings_.content_policy_fallbacks, from.content_policy_fallbacks);
    }
    return from.fallbacks;
}

}  // namespace spillway::route
