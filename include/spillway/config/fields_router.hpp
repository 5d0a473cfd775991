#pragma once

#include "spillway/config/fields.hpp"
#include "spillway/config/values_budgets.hpp"

/// `router_settings`, and the part of `litellm_settings` that means the same.
namespace spillway::config {

template <class Visitor>
void retry_policy_fields(Visitor& visit, RetryPolicy& policy, std::string_view suffix)
{
    const auto named = [suffix](std::string_view kind) { return std::string(kind).append(suffix); };
    constexpr Doc doc{"For this kind of error."};
    visit(named("BadRequestError"), policy.bad_request, Range{0, 100}, doc);
    visit(named("AuthenticationError"), policy.authentication, Range{0, 100}, doc);
    visit(named("TimeoutError"), policy.timeout, Range{0, 100}, doc);
    visit(named("RateLimitError"), policy.rate_limit, Range{0, 100}, doc);
    visit(named("ContentPolicyViolationError"), policy.content_policy, Range{0, 100}, doc);
    visit(named("InternalServerError"), policy.internal_server, Range{0, 100}, doc);
}

template <class Visitor>
void group_retry_policy_fields(Visitor& visit, GroupRetryPolicy& policy)
{
    visit("num_retries", policy.num_retries, Range{0, 100}, Doc{"Retries inside the group."});
    visit("timeout", policy.timeout, Doc{"Bound on one attempt."});
    visit("timeout_seconds", policy.timeout, Doc{"Bound on one attempt."});
    visit.known("fallbacks", Support::supported, "Tried when the group has failed.");
    retry_policy_fields(visit, policy.retries, "Retries");
}

/// Keys that stand in both sections; those of `router_settings` win.
template <class Visitor>
void shared_router_fields(Visitor& visit, Router& router)
{
    visit("fallbacks", router.fallbacks,
          Doc{"Groups to try when a group has failed. The key may be \"*\"."});
    visit("context_window_fallbacks", router.context_window_fallbacks,
          Doc{"The same for prompts that do not fit the model's window."});
    visit("content_policy_fallbacks", router.content_policy_fallbacks,
          Doc{"The same for prompts that a content filter refused."});
    visit("default_fallbacks", router.default_fallbacks,
          Doc{"Targets for every group that has no `fallbacks` entry of its own."});
    visit("max_fallbacks", router.max_fallbacks, Range{0, 100},
          Doc{"Hops from group to group before the request is given up."});
    visit("num_retries", router.num_retries, Range{0, 100},
          Doc{"Further attempts inside a group, after the first."});
    visit("retry_after", router.retry_after,
          Doc{"Least wait before a retry; the upstream's Retry-After wins."});
    visit("retry_policy", router.retry_policy, Doc{"Retries by kind of error."});
    visit("allowed_fails", router.allowed_fails, Range{0, 1e6},
          Doc{"Failures within a minute that a deployment may have before it rests (3 when unset). "
              "A group's only deployment rests only when this is set."});
    visit("allowed_fails_policy", router.allowed_fails_policy, KeySuffix{"AllowedFails"},
          Doc{"The same by kind of error."});
    visit("cooldown_time", router.cooldown_time, Doc{"How long a failing deployment rests."});
    visit("drop_params", router.drop_params,
          Different{"only parameters that the deployment is known to refuse are dropped; all "
                    "others are forwarded as sent"},
          Doc{"Take parameters out that the model would refuse."});
}

template <class Visitor>
void ignored_router_fields(Visitor& visit)
{
    ignored(visit, "the strategies measure over fixed windows", {"routing_strategy_args"});
    ignored(
        visit, "not in this version",
        {"deployment_affinity_ttl_seconds", "model_group_affinity_config", "enable_tag_filtering",
         "tag_filtering_match_any", "routing_groups", "default_priority", "polling_interval",
         "guardrail_list", "search_tools", "alerting_config", "assistants_config"});
    ignored(visit, "spillway keeps its state in the process and needs no Redis",
            {"redis_host", "redis_port", "redis_password", "redis_url", "redis_db",
             "cache_responses", "caching_groups", "cache_kwargs", "client_ttl"});
    ignored(visit, "health is measured on the requests themselves",
            {"enable_health_check_routing", "health_check_staleness_threshold",
             "health_check_ignore_transient_errors"});
    ignored(visit, "use server.log_level", {"debug_level", "set_verbose"});
}

template <class Visitor>
void router_fields(Visitor& visit, Router& router)
{
    visit("routing_strategy", router.strategy,
          Doc{"How a deployment of the group is chosen. `simple-shuffle` goes by weight, rpm or "
              "tpm."});
    visit("model_group_alias", router.aliases,
          Doc{"Other names for groups and routes: `name: group`, or `name: {model: group, hidden: "
              "true}`."});
    shared_router_fields(visit, router);
    visit("model_group_retry_policy", router.group_retry_policy,
          Doc{"Per group: retries by kind of error, and `num_retries`, `timeout_seconds`, "
              "`fallbacks`."});
    visit("provider_budget_config", router.provider_budgets,
          Doc{"Hard caps by provider: `openai: {budget_limit: 100, time_period: 1d}`."});
    visit("disable_cooldowns", router.disable_cooldowns, Doc{"Never let a deployment rest."});
    visit("timeout", router.timeout, Doc{"Bound on one attempt."});
    visit("stream_timeout", router.stream_timeout,
          Doc{"Bound on the wait for a stream's first event."});
    visit("enable_pre_call_checks", router.pre_call_checks,
          Doc{"Leave deployments out whose `max_input_tokens` is smaller than the prompt, or whose "
              "`rpm` is reached."});
    visit("optional_pre_call_checks", router.optional_pre_call_checks,
          Different{"of its words only `enforce_model_rate_limits` means something here"},
          Doc{"`enforce_model_rate_limits` makes the `rpm` and `tpm` of deployments limits."});
    visit("default_max_parallel_requests", router.default_max_parallel, Range{1, 1e6},
          Doc{"Requests in flight at once, of each deployment that sets none."});
    visit("ignore_invalid_deployments", router.ignore_invalid_deployments,
          Doc{"Drop a bad row of model_list with a warning instead of refusing the file."});
    visit.known("default_litellm_params", Support::different,
                "merged under every row of model_list: a row's own value wins");
    ignored_router_fields(visit);
}

template <class Visitor>
void ignored_litellm_fields(Visitor& visit)
{
    ignored(visit, "the ledger and /metrics take the place of callbacks",
            {"callbacks", "success_callback", "failure_callback", "service_callbacks",
             "prometheus_metrics_config", "custom_prometheus_metadata_labels",
             "custom_prometheus_tags", "callback_settings"});
    ignored(visit, "spillway never logs prompts or answers",
            {"turn_off_message_logging", "redact_user_api_key_info", "log_raw_request_response"});
    ignored(visit, "use server.log_level and server.access_log", {"json_logs", "set_verbose"});
    ignored(
        visit, "not in this version",
        {"key_generation_settings", "default_team_settings", "enable_key_alias_format_validation"});
    ignored(visit, "caching is not in this version",
            {"cache", "cache_params", "enable_redis_auth_cache"});
    ignored(visit, "certificates are always verified; add trust anchors with upstream.ca_file",
            {"ssl_verify", "ssl_certificate"});
    ignored(visit, "requests are forwarded in the dialect they came in",
            {"modify_params", "route_all_chat_openai_to_responses",
             "use_chat_completions_url_for_anthropic_messages", "enable_json_schema_validation",
             "skip_system_message_in_guardrail", "check_provider_endpoint"});
    ignored(visit, "not in this version",
            {"force_ipv4", "extra_spend_tag_headers", "disable_end_user_cost_tracking",
             "disable_end_user_cost_tracking_prometheus_only", "cost_discount_config",
             "cost_margin_config", "disable_hf_tokenizer_download", "guardrails",
             "public_model_groups", "priority_reservation"});
}

/// What `/key/generate`, `/team/new` and `/user/new` go by.
template <class Visitor>
void key_rule_fields(Visitor& visit, KeyRules& rules)
{
    visit("default_key_generate_params", rules.key_defaults,
          Doc{"What a new key gets that its request leaves out, in the words of `/key/generate`."});
    visit("upperbound_key_generate_params", rules.key_bounds,
          Doc{"The most that a key may have of `max_budget`, `budget_duration`, `duration`, "
              "`tpm_limit`, `rpm_limit` and `max_parallel_requests`; also what it gets when its "
              "request leaves it out."});
    visit("default_team_params", rules.team_defaults,
          Doc{"What a new team gets that its request leaves out, in the words of `/team/new`."});
    visit("default_internal_user_params", rules.user_defaults,
          Doc{"What a new user gets that its request leaves out, in the words of `/user/new`."});
}

template <class Visitor>
void litellm_fields(Visitor& visit, Router& router)
{
    shared_router_fields(visit, router);
    visit("request_timeout", router.timeout, Doc{"Bound on one attempt."});
    budget_fields(visit, router.budget, Doc{"What the whole proxy may spend, in USD: a hard cap."});
    visit("timezone", router.time_zone,
          Doc{"IANA time zone in which budgets are renewed; server.time_zone when unset."});
    visit("tag_budget_config", router.tag_budgets,
          Doc{"Hard caps by tag: `tag: {max_budget: 10, budget_duration: 1d}`."});
    visit("max_end_user_budget", router.max_end_user_budget,
          Doc{"What each end user (`user` of requests) may spend, in USD; for ever. With windows: "
              "`budgets.end_users`."});
    visit("max_end_user_budget_id", router.end_user_budget_id,
          Doc{"The id of a budget of `/budget/new`: its caps, `tpm_limit`, `rpm_limit` and "
              "`max_parallel_requests` hold for each end user, as far as none of its own does."});
    visit("max_internal_user_budget", router.internal_user_budget.most,
          Doc{"What users of keys may spend that have no budget of their own, in USD."});
    visit("internal_user_budget_duration", router.internal_user_budget.period,
          Doc{"How long that lasts."});
    key_rule_fields(visit, router.key_rules);
    ignored_litellm_fields(visit);
}

}  // namespace spillway::config
