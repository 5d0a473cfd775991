#pragma once

#include "spillway/config/fields.hpp"
#include "spillway/config/values_budgets.hpp"

/// One row of `model_list`.
namespace spillway::config {

template <class Visitor>
void price_fields(Visitor& visit, Prices& prices)
{
    visit("input_cost_per_token", prices.input, Unit::usd_per_token, Doc{"Prompt tokens."});
    visit("output_cost_per_token", prices.output, Unit::usd_per_token,
          Doc{"Tokens of the answer."});
    visit("cache_read_input_token_cost", prices.cache_read, Unit::usd_per_token,
          Doc{"Prompt tokens found in the provider's cache."});
    visit("cache_creation_input_token_cost", prices.cache_write, Unit::usd_per_token,
          Doc{"Prompt tokens put into it."});
    ignored(visit, "long prompts are priced under `prices`",
            {"input_cost_per_token_above_200k_tokens", "output_cost_per_token_above_200k_tokens"});
}

/// What time costs, and what may be spent; in `litellm_params` or in `model_info`.
template <class Visitor>
void spending_fields(Visitor& visit, Deployment& row)
{
    visit("input_cost_per_second", row.input_second, Unit::usd_per_token,
          Doc{"USD per second that the answer takes; added to the next."});
    visit("output_cost_per_second", row.output_second, Unit::usd_per_token,
          Doc{"USD per second that the answer takes."});
    visit("watts", row.watts, Range{0, 1e6},
          Doc{"spillway's own: what the engine draws while it answers; with `price_per_kwh`, its "
              "seconds cost money."});
    visit("price_per_kwh", row.price_per_kwh, Doc{"spillway's own: USD; `local` when unset."});
    budget_fields(visit, row.budget,
                  Doc{"What may be spent on the deployment, in USD: a hard cap; while it is used "
                      "up, others serve."});
    visit("budget_limits", row.budget_limits,
          Doc{"Further windows: a list of `{max_budget: 10, budget_duration: 1d}`; all hold."});
}

/// Keys that LiteLLM keeps for itself. They must not reach the wire with the parameter defaults.
template <class Visitor>
void ignored_params(Visitor& visit)
{
    visit.known("stream", Support::different,
                "the client alone decides whether its answer is streamed");
    ignored(visit, "usage is asked for by itself", {"stream_options"});
    ignored(visit, "clients can never choose hosts or credentials",
            {"configurable_clientside_auth_params"});
    ignored(visit, "parameters are forwarded as sent", {"drop_params", "allowed_openai_params"});
    ignored(visit, "certificates are always verified; add trust anchors with upstream.ca_file",
            {"ssl_verify"});
    ignored(visit, "not in this version",
            {"itpm",
             "otpm",
             "tags",
             "tag_regex",
             "region_name",
             "use_in_pass_through",
             "merge_reasoning_content_in_choices",
             "mock_response",
             "keepalive_seconds",
             "silent_model",
             "auto_router_config",
             "auto_router_config_path",
             "auto_router_default_model",
             "auto_router_embedding_model",
             "adaptive_router_config",
             "rust",
             "guardrails",
             "cache_control_injection_points",
             "litellm_system_prompt",
             "prompt_id",
             "prompt_variables",
             "fallbacks",
             "context_window_fallbacks",
             "content_policy_fallbacks",
             "metadata",
             "litellm_metadata",
             "litellm_trace_id",
             "caching",
             "cache",
             "no-log",
             "hf_model_name",
             "use_litellm_proxy"});
    ignored(visit, "only keys and OpenAI-compatible endpoints are spoken to in this version",
            {"aws_access_key_id",  "aws_secret_access_key",  "aws_session_token",
             "aws_region_name",    "aws_role_name",          "aws_session_name",
             "aws_profile_name",   "aws_web_identity_token", "aws_bedrock_runtime_endpoint",
             "aws_sts_endpoint",   "vertex_project",         "vertex_location",
             "vertex_credentials", "azure_ad_token",         "tenant_id",
             "client_id",          "client_secret",          "azure_username",
             "azure_password",     "watsonx_region_name"});
}

/// Parameters that people set per deployment; any other unknown key is treated alike.
template <class Visitor>
void passed_params(Visitor& visit)
{
    for (const std::string_view key :
         {"temperature", "top_p", "max_tokens", "max_completion_tokens", "seed", "stop", "n",
          "presence_penalty", "frequency_penalty", "reasoning_effort", "response_format", "user"})
        visit.passed(key, Support::supported, "default for requests that do not set it");
    visit.passed("num_ctx", Support::different,
                 "of `ollama/` and `ollama_chat/`: the one window of the model, whatever clients "
                 "ask for; others get it as written");
    for (const std::string_view key : {"keep_alive", "think", "repeat_penalty", "mirostat"})
        visit.passed(key, Support::supported,
                     "Ollama's own; default for requests that do not set it");
}

template <class Visitor>
void params_fields(Visitor& visit, Deployment& row)
{
    visit("model", row.model,
          Doc{"`provider/name` as the provider knows it, or a bare gpt-*, claude-* or gemini-* "
              "name. May end in `*` when model_name does; `*` alone, under the model_name `*`, "
              "stands for every cloud whose key is in the environment."});
    visit("custom_llm_provider", row.provider, Doc{"The provider, instead of the prefix."});
    visit("base_url", row.api_base, Doc{"Another name for `api_base`."});
    visit("api_base", row.api_base,
          Doc{"Base URL; the provider's own when unset. For Ollama with or without /v1."});
    visit("api_key", row.api_key,
          Doc{"The provider's key; from the provider's environment variable when unset."});
    visit("api_version", row.api_version,
          Different{"Azure is spoken to through its /openai/v1 endpoint, which needs none"},
          Doc{"API version."});
    visit("organization", row.organization,
          Doc{"OpenAI organization. A list makes one deployment of each."});
    visit.known("litellm_credential_name", Support::supported,
                "Takes what the row does not set from `credential_list`.");
    visit("weight", row.weight, Range{0, 1e9}, Doc{"Share of the group's traffic."});
    visit(
        "rpm", row.rpm, Range{0, 1e12},
        Doc{"Requests per minute: a weight, and a limit where "
            "`optional_pre_call_checks: [enforce_model_rate_limits]`, `enable_pre_call_checks` or "
            "usage-based routing is set."});
    visit("tpm", row.tpm, Range{0, 1e12},
          Doc{"Tokens per minute: a weight, and a limit where "
              "`optional_pre_call_checks: [enforce_model_rate_limits]` or usage-based routing is "
              "set."});
    visit("default_api_key_rpm_limit", row.key_rpm, Range{0, 1e12},
          Doc{"Requests per minute of each key that has no limit of its own for the model."});
    visit("default_api_key_tpm_limit", row.key_tpm, Range{0, 1e12},
          Doc{"Tokens per minute of each key that has no limit of its own for the model."});
    visit("max_parallel_requests", row.max_parallel, Range{1, 1e6},
          Doc{"Requests in flight at once; more wait shortly and then go to the next target."});
    visit("order", row.order, Range{-1e6, 1e6}, Doc{"Lower ones are tried first."});
    visit("timeout", row.timeout, Doc{"Bound on one attempt."});
    visit("stream_timeout", row.stream_timeout, Doc{"Bound on the wait for the first event."});
    visit("max_retries", row.num_retries, Range{0, 100}, Doc{"Another name for `num_retries`."});
    visit("num_retries", row.num_retries, Range{0, 100}, Doc{"Overrides the router's."});
    visit("cooldown_time", row.cooldown_time, Doc{"Overrides the router's."});
    visit("headers", row.extra_headers, Doc{"Another name for `extra_headers`."});
    visit("extra_headers", row.extra_headers, Doc{"Sent with every request."});
    visit("additional_drop_params", row.drop_params,
          Doc{"Top-level parameters that are taken out of requests."});
    visit("base_model", row.base_model, Doc{"The model whose prices hold."});
    price_fields(visit, row.prices);
    spending_fields(visit, row);
    visit.known("extra_body", Support::supported,
                "Its members are defaults for requests that do not set them.");
    passed_params(visit);
    visit.known("complexity_router_config", Support::different,
                "of a row whose model is `auto_router/complexity_router`: it becomes a route, "
                "whose tiers are cut by spillway's own score");
    visit.known("complexity_router_default_model", Support::supported,
                "The `otherwise` of that route.");
    ignored_params(visit);
}

/// How embeddings are asked for; in `model_info`.
template <class Visitor>
void embeddings_fields(Visitor& visit, Embeddings& embeddings)
{
    visit("max_batch_size", embeddings.max_batch, Range{1, 1e6},
          Doc{"spillway's own: inputs that one call for embeddings may hold; longer lists are "
              "asked for in parts. OpenAI and Azure: 2048, Gemini: 100, Cohere: 96, DashScope: "
              "10; others have no limit unless one is set."});
    visit("vectors", embeddings.vectors,
          Doc{"spillway's own: which vectors the model makes. Requests for embeddings fall back "
              "only to deployments of the same; when unset it is `base_model`, else the model's "
              "name without provider and `:latest`."});
    visit("normalize_embeddings", embeddings.normalize,
          Doc{"spillway's own: brings vectors to length 1 (L2)."});
    visit("cut_dimensions", embeddings.cut,
          Doc{"spillway's own: the engine knows no `dimensions`, so it is not sent; vectors are "
              "cut to it and brought to length 1. Only for models that were trained for it."});
}

template <class Visitor>
void info_fields(Visitor& visit, Deployment& row)
{
    visit("id", row.id,
          Doc{"The deployment's name for ever; a hash of the row when unset. Clients may name it "
              "as their model."});
    visit("base_model", row.base_model, Doc{"The model whose prices and window hold."});
    visit("mode", row.mode,
          Doc{"What the model does; unset, what the price table says, else it may do anything."});
    visit("max_input_tokens", row.max_input_tokens, Doc{"Longest prompt."});
    visit("max_tokens", row.max_output_tokens, Doc{"Another name for `max_output_tokens`."});
    visit("max_output_tokens", row.max_output_tokens, Doc{"Longest answer."});
    visit("supports_vision", row.supports_vision,
          Doc{"`false`: routes skip it for requests with images."});
    visit("supports_audio_input", row.supports_audio,
          Doc{"`false`: routes skip it for requests with audio."});
    visit("supports_function_calling", row.supports_tools,
          Doc{"`false`: routes skip it for requests with tools."});
    visit("supports_response_schema", row.supports_schema,
          Doc{"`false`: routes skip it for requests with a JSON schema."});
    visit("client_num_ctx", row.client_num_ctx,
          Doc{"spillway's own, for Ollama: `true`: a client's `num_ctx` holds. Each change of it "
              "makes Ollama load the model again, so by default it is passed over."});
    visit("client_keep_alive", row.client_keep_alive,
          Doc{"spillway's own, for Ollama: `true`: a client's `keep_alive` holds as it is. By "
              "default it holds between a minute and an hour (or the row's own, if that is "
              "longer), and only the master key gives a model up or holds it for ever."});
    visit("local", row.local,
          Doc{"spillway's own: whether requests with `boundary: local` may go there. By its "
              "address when unset: loopback, private ranges and privacy.local_hosts."});
    embeddings_fields(visit, row.embeddings);
    price_fields(visit, row.prices);
    spending_fields(visit, row);
    ignored(visit, "health is measured on the requests themselves",
            {"health_check_model", "health_check_timeout", "health_check_max_tokens",
             "health_check_voice", "disable_background_health_check"});
    ignored(visit, "not in this version",
            {"tier", "team_id", "team_public_model_name", "access_groups", "supported_environments",
             "custom_tokenizer", "version", "blocked", "db_model"});
}

template <class Visitor>
void row_fields(Visitor& visit, Deployment& row)
{
    visit("model_name", row.group,
          Doc{"The group: the name that clients ask for. Rows of one name share its load; "
              "`prefix/*` and `*` stand for any name."});
    visit.known("litellm_params", Support::supported, "How the deployment is reached.");
    visit.known("model_info", Support::supported, "What is known about it.");
}

}  // namespace spillway::config
