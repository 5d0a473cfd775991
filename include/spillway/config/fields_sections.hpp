#pragma once

#include "spillway/config/fields.hpp"
#include "spillway/config/values_budgets.hpp"

/// The file itself, `general_settings`, and our own sections: `server`, `upstream`, `ledger`,
/// `prices`.
namespace spillway::config {

template <class Visitor>
void top_fields(Visitor& visit)
{
    const auto section = Support::supported;
    visit.known("model_list", section, "The deployments, one row each.");
    visit.known("router_settings", section, "Retries, fallbacks, cooldowns, strategy.");
    visit.known("litellm_settings", section,
                "The same keys where they mean the same; those of router_settings win.");
    visit.known("general_settings", section, "Master key and database.");
    visit.known("environment_variables", section,
                "Variables that os.environ/NAME and the providers' keys find before those of the "
                "process.");
    visit.known("credential_list", section,
                "Credentials by name, for `litellm_credential_name` in rows.");
    visit.known("include", section,
                "A file or a list of files, relative to this one. Lists are put after this "
                "file's, maps are merged; this file's values hold.");
    visit.known("server", section, "spillway's own: how clients are served.");
    visit.known("upstream", section, "spillway's own: bounds for all deployments.");
    visit.known("health", section, "spillway's own: looking whether deployments are there.");
    visit.known("ledger", section, "spillway's own: where spend is recorded.");
    visit.known("budgets", section, "spillway's own: caps with several windows, and what follows.");
    visit.known("instances", section, "spillway's own: several of them on one PostgreSQL.");
    visit.known("local", section, "spillway's own: what local engines cost.");
    visit.known("queue", section, "spillway's own: waiting in front of local engines.");
    visit.known("rate_limits", section, "spillway's own: limits of all callers together.");
    visit.known("idempotency", section, "spillway's own: answers kept for idempotency keys.");
    visit.known("coalescing", section, "spillway's own: identical requests share one call.");
    visit.known("prices", section, "spillway's own: prices by model, over the built-in table.");
    visit.known("routes", section, "spillway's own: virtual models, decided by rules.");
    visit.known("privacy", section, "spillway's own: what is sensitive, and what is local.");
    visit.known("tokens", section, "spillway's own: how tokens are counted.");
    ignored(visit, "not in this version",
            {"guardrails", "mcp_servers", "vector_store_registry", "callback_settings", "prompts",
             "search_tools", "files_settings", "finetune_settings", "assistant_settings"});
}

template <class Visitor>
void ignored_general_fields(Visitor& visit)
{
    ignored(
        visit, "the ledger decides for itself when it writes",
        {"database_connection_pool_limit", "database_connection_timeout",
         "allow_requests_on_db_unavailable", "proxy_batch_write_at", "use_redis_transaction_buffer",
         "disable_spend_updates", "disable_error_logs", "maximum_spend_logs_cleanup_cron"});
    ignored(visit, "the file is the only source of models",
            {"store_model_in_db", "supported_db_objects"});
    ignored(visit, "spillway never stores prompts", {"store_prompts_in_spend_logs"});
    ignored(visit, "use `health.interval`; no model is asked, requests show the rest",
            {"background_health_checks", "health_check_interval", "health_check_concurrency",
             "health_check_details", "use_shared_health_check", "enable_health_check_routing"});
    ignored(visit, "budgets are renewed by the calendar at the moment they are looked at",
            {"disable_reset_budget", "proxy_budget_rescheduler_min_time",
             "proxy_budget_rescheduler_max_time"});
    ignored(visit, "a budget that cannot be read or written is never passed over",
            {"fail_closed_budget_enforcement"});
    ignored(visit, "use server.max_body", {"max_request_size_mb", "max_response_size_mb"});
    ignored(visit, "the model is the one that the client names",
            {"completion_model", "embedding_model", "image_generation_model", "moderation_model",
             "infer_model_from_keys"});
    ignored(visit, "all keys are in memory, and a change holds at once",
            {"user_api_key_cache_ttl"});
    ignored(visit, "not in this version",
            {"enforce_user_param", "user_header_name", "user_header_mappings",
             "default_team_disabled", "custom_auth", "enable_jwt_auth", "litellm_jwtauth",
             "enable_oauth2_auth", "public_routes", "admin_only_routes", "allowed_routes",
             "allowed_ips", "use_x_forwarded_for", "reject_clientside_metadata_tags",
             "disable_master_key_return", "ui_access_mode", "disable_responses_id_security"});
    ignored(visit, "clients' own headers and credentials are never forwarded",
            {"forward_client_headers_to_llm_api", "forward_openai_org_id",
             "forward_llm_provider_auth_headers", "allow_client_side_credentials"});
    ignored(visit, "usage is always asked for upstream, and shown when the client asked for it",
            {"always_include_stream_usage"});
    ignored(visit, "secrets come from os.environ/NAME or file:/path",
            {"key_management_system", "key_management_settings"});
    ignored(visit, "not in this version",
            {"pass_through_endpoints", "alerting", "alerting_threshold", "alerting_args",
             "alert_types", "spend_report_frequency"});
}

template <class Visitor>
void general_fields(Visitor& visit, General& general)
{
    visit("master_key", general.master_key,
          Doc{"The key that clients present. Without one, only this machine may connect. From "
              "LITELLM_MASTER_KEY when the file has none."});
    visit("database_url", general.database_url, Reload::restart,
          Doc{"PostgreSQL that spend records are shipped to. From DATABASE_URL when the file has "
              "none. Without one they stay in the embedded ledger."});
    visit("litellm_key_header_name", general.key_header_name,
          Doc{"One more header in which the key may come."});
    visit("disable_spend_logs", general.disable_spend_logs, Reload::restart,
          Doc{"Do not ship spend records to PostgreSQL; the embedded ledger keeps them."});
    budget_fields(visit, general.budget,
                  Doc{"What the whole proxy may spend, in USD: a hard cap."});
    visit("budget_limits", general.budget_limits,
          Doc{"Further windows: a list of `{max_budget: 10, budget_duration: 1d}`; all hold."});
    visit("soft_budget", general.soft_budget,
          Doc{"USD per `budget_duration` at which the log and the webhook are told."});
    visit("alert_to_webhook_url", general.webhook, Different{"one URL, for budgets alone"},
          Doc{"Gets what budgets have to tell, in the shape of LiteLLM's webhook."});
    visit("max_parallel_requests", general.max_parallel, Range{1, 1e6},
          Doc{"Requests in flight at once, of each deployment that sets none."});
    visit("global_max_parallel_requests", general.global_max_parallel, Range{1, 1e6},
          Doc{"Requests in flight at once, of all callers together; more get 429."});
    visit("token_rate_limit_type", general.token_rate_type,
          Doc{"Which tokens count against `tpm_limit` of keys, teams and users, and against "
              "`rate_limits`."});
    visit("maximum_spend_logs_retention_period", general.spend_logs_retention, Reload::restart,
          Doc{"The same as `ledger.retention`, which wins."});
    visit("maximum_spend_logs_retention_interval", general.spend_logs_retention_interval,
          Reload::restart, Doc{"The same as `ledger.retention_interval`, which wins."});
    ignored_general_fields(visit);
}

template <class Visitor>
void server_fields(Visitor& visit, Server& server)
{
    visit("host", server.host, Reload::restart, Doc{"Address to listen on."});
    visit("port", server.port, Range{0, 65535}, Reload::restart,
          Doc{"Port for clients; 0 takes a free one."});
    visit("shards", server.shards, Range{0, 256}, Reload::restart,
          Doc{"I/O threads; 0 means one per core."});
    visit("allow_open", server.allow_open,
          Doc{"Serve without a master key on an address that others can reach."});
    visit("tls_certificate", server.tls_certificate,
          Doc{"PEM file with the certificate chain; with `tls_key`, clients connect by HTTPS."});
    visit("tls_key", server.tls_key, Doc{"PEM file with the certificate's key."});
    visit("max_body", server.max_body, Unit::bytes, Range{1024, 4e9},
          Doc{"Largest request body, before and after decompression."});
    visit("head_timeout", server.head_timeout, Range{0.1, 3600},
          Doc{"For a request's line and headers to arrive."});
    visit("body_timeout", server.body_timeout, Range{0.1, 3600},
          Doc{"For the body to begin, and between its pieces."});
    visit("idle_timeout", server.idle_timeout, Range{0.1, 86400},
          Doc{"For the next request on a kept connection."});
    visit("write_stall_timeout", server.write_stall_timeout, Range{0.1, 3600},
          Doc{"For a client that has stopped reading its answer."});
    visit("drain_timeout", server.drain_timeout, Range{0, 3600},
          Doc{"For running requests to finish after SIGTERM."});
    visit("max_connections", server.max_connections, Range{1, 1e6}, Doc{"Client connections."});
    visit("max_in_flight", server.max_in_flight, Range{1, 1e6},
          Doc{"Requests being served; more are refused with 503."});
    visit("cors_origins", server.cors_origins,
          Doc{"Origins of browser apps that may call; \"*\" means any."});
    visit("time_zone", server.time_zone,
          Doc{"Name of the IANA time zone in which `time` of a rule is meant."});
    visit("access_log", server.access_log, Doc{"One log line per request."});
    visit("log_level", server.log_level, Doc{"debug, info, warn or error."});
}

template <class Visitor>
void upstream_fields(Visitor& visit, Upstream& upstream)
{
    visit("connect_timeout", upstream.connect_timeout, Range{0.01, 600},
          Doc{"For a connection, TLS included."});
    visit("first_token_timeout", upstream.first_token_timeout, Range{0.01, 86400},
          Doc{"From sending the request to the first event of the answer, for clouds."});
    visit("local_first_token_timeout", upstream.local_first_token_timeout, Range{0.01, 86400},
          Doc{"The same for local engines, which may have a model to load first."});
    visit("idle_timeout", upstream.idle_timeout, Range{0.01, 86400},
          Doc{"Longest silence inside an answer."});
    visit("slot_patience", upstream.slot_patience, Range{0, 600},
          Doc{"How long a request waits for a deployment that is at its max_parallel_requests, "
              "before the next target is tried."});
    visit("max_idle_per_origin", upstream.max_idle_per_origin, Range{0, 100'000},
          Doc{"Idle connections kept per origin and I/O thread."});
    visit("keepalive", upstream.keepalive, Range{0, 86400},
          Doc{"How long an idle connection is kept."});
    visit("ca_file", upstream.ca_file,
          Doc{"PEM file with further trust anchors; empty means the system's alone."});
    visit("allow_link_local", upstream.allow_link_local,
          Doc{"Permit upstreams at link-local addresses, where clouds answer with credentials."});
}

template <class Visitor>
void health_fields(Visitor& visit, HealthChecks& health)
{
    visit("interval", health.interval, Range{0, 86400},
          Doc{"How often it is looked whether a deployment is there that has not answered a "
              "request in the meantime; no model is asked. 0 turns it off."});
    visit("clouds", health.clouds,
          Doc{"Look at clouds as well, by their list of models, and not only at local engines."});
}

template <class Visitor>
void ledger_fields(Visitor& visit, Ledger& ledger)
{
    visit("path", ledger.path, Reload::restart, Doc{"The SQLite file of spend records."});
    visit("durability", ledger.durability, Reload::restart,
          Doc{"`process` survives a crash of spillway; `power` syncs the disk for every record "
              "and survives a power cut as well."});
    visit("reference_model", ledger.reference_model,
          Doc{"A model of the price table, such as gpt-4o: each record also says what the same "
              "tokens would have cost there."});
    visit("on_failure", ledger.on_failure,
          Doc{"While the ledger cannot be written: `refuse_priced` serves what is free and refuses "
              "what costs money; `serve` serves everything. Records wait in memory."});
    visit("retention", ledger.retention, Reload::restart,
          Doc{"How long records are kept, like 90d; their sums stay. For ever, when unset."});
    visit("retention_interval", ledger.retention_interval, Reload::restart,
          Doc{"How often it is looked for records that are too old. Every hour, when unset."});
}

template <class Visitor>
void budgets_fields(Visitor& visit, Budgets& budgets)
{
    visit("proxy", budgets.proxy, Doc{"Of everything that is served."});
    visit("providers", budgets.providers, Doc{"By LiteLLM's name of the provider."});
    visit("groups", budgets.groups, Doc{"By group (`model_name`)."});
    visit("deployments", budgets.deployments, Doc{"By `model_info.id`."});
    visit("tags", budgets.tags, Doc{"By tag of requests and keys."});
    visit("end_users", budgets.end_users, Doc{"Of each end user (`user` of requests)."});
    visit("unknown_prices", budgets.unknown_prices,
          Doc{"Whether deployments whose price is not known may be used where somebody with a cap "
              "pays: `allow` makes every cap soft for them."});
    visit("on_budget", budgets.on_budget,
          Doc{"What routes do from a used share of the tightest budget on, where they do not say "
              "themselves: `{80%: local-first, 100%: local-only}`."});
    visit("webhook", budgets.webhook,
          Doc{"URL that gets what budgets have to tell; general_settings.alert_to_webhook_url when "
              "unset."});
}

template <class Visitor>
void local_fields(Visitor& visit, LocalCost& local)
{
    visit("watts", local.watts, Range{0, 1e6},
          Doc{"What a local engine draws while it answers, where its row does not say."});
    visit("price_per_kwh", local.price_per_kwh,
          Doc{"USD. With `watts`, the seconds of an answer cost money; without both, local answers "
              "are free."});
}

template <class Visitor>
void model_rates_fields(Visitor& visit, ModelRates& rates)
{
    visit("rpm", rates.rpm, Range{1, 1e12}, Doc{"Requests per minute."});
    visit("tpm", rates.tpm, Range{1, 1e12}, Doc{"Tokens per minute."});
    visit("max_parallel_requests", rates.max_parallel, Range{1, 1e6},
          Doc{"Requests in flight at once."});
}

template <class Visitor>
void rate_limits_fields(Visitor& visit, RateLimits& rates)
{
    visit("rpm", rates.rpm, Range{1, 1e12}, Doc{"Requests per minute of all callers together."});
    visit("tpm", rates.tpm, Range{1, 1e12}, Doc{"Tokens per minute of all callers together."});
    visit("models", rates.models,
          Doc{"The same per name that clients ask for, a group or a route."});
    visit("assumed_answer", rates.assumed_answer,
          Doc{"Tokens that are set aside for an answer when the request has no max_tokens; at most "
              "a quarter of the limit. Its real size corrects that."});
}

template <class Visitor>
void instances_fields(Visitor& visit, Instances& instances)
{
    visit(
        "share", instances.share, Reload::restart,
        Doc{"Share keys, budgets and limits with all instances that have the same `database_url`. "
            "Without one there is nobody to share with."});
    visit("name", instances.name, Reload::restart,
          Doc{"How this instance is called in messages and tables; its host and port when empty."});
    visit("key_memory", instances.key_memory, Range{0, 604'800}, Reload::restart,
          Doc{"How long virtual keys that are known are served while PostgreSQL is away; then they "
              "get 503, too."});
    visit("expected", instances.expected, Range{1, 1'000}, Reload::restart,
          Doc{"How many instances there are, for one that is started for the first time while "
              "PostgreSQL is away: so many parts it makes of rate limits. Later it knows."});
}

template <class Visitor>
void idempotency_fields(Visitor& visit, Idempotency& idempotency)
{
    visit(
        "enabled", idempotency.enabled,
        Doc{"Keep the answers of requests that come with an `Idempotency-Key`; `false` only passes "
            "the key on."});
    visit("max_age", idempotency.max_age, Range{1, 604'800},
          Doc{"How long the same key gets the same answer."});
    visit("max_answer", idempotency.max_answer, Unit::bytes, Range{0, 268'435'456},
          Doc{"The longest answer that is kept."});
    visit("max_total", idempotency.max_total, Unit::bytes, Range{0, 1e12},
          Doc{"All kept answers together; the oldest go first."});
    visit("max_answers", idempotency.max_answers, Range{0, 1e7}, Doc{"How many are kept."});
}

template <class Visitor>
void coalescing_fields(Visitor& visit, Coalescing& coalescing)
{
    visit("enabled", coalescing.enabled,
          Doc{"Let identical requests that run at the same time share one call, when their "
              "`temperature` is 0 in so many words."});
    visit("models", coalescing.models, Doc{"Names that clients ask for; all when unset."});
    visit("across_keys", coalescing.across_keys,
          Doc{"Also requests of different keys; else only those of one key."});
}

template <class Visitor>
void long_tier_fields(Visitor& visit, PriceRow& row)
{
    visit("above", row.long_above,
          Doc{"Prompt tokens above which the whole request has these prices."});
    visit("input", row.long_prices.input, Unit::usd_per_million);
    visit("output", row.long_prices.output, Unit::usd_per_million);
    visit("cache_read", row.long_prices.cache_read, Unit::usd_per_million);
    visit("cache_write", row.long_prices.cache_write, Unit::usd_per_million);
}

template <class Visitor>
void price_row_fields(Visitor& visit, PriceRow& row)
{
    visit("input", row.prices.input, Unit::usd_per_million, Doc{"Prompt tokens."});
    visit("output", row.prices.output, Unit::usd_per_million, Doc{"Tokens of the answer."});
    visit("cache_read", row.prices.cache_read, Unit::usd_per_million,
          Doc{"Prompt tokens found in the provider's cache; `input` when unset."});
    visit("cache_write", row.prices.cache_write, Unit::usd_per_million,
          Doc{"Prompt tokens put into it; `input` when unset."});
    visit.known("long", Support::supported,
                "A map of `above` (tokens) and the prices that hold for the whole request once "
                "the prompt has more.");
    visit("window", row.window, Doc{"The model's context window."});
    visit("max_output", row.max_output, Doc{"The longest answer."});
    visit("mode", row.mode, Doc{"What the model does, as in `model_info`."});
}

}  // namespace spillway::config
