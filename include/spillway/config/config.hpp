#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/base/secret.hpp"
#include "spillway/base/units.hpp"
#include "spillway/config/budget.hpp"
#include "spillway/config/parameter.hpp"
#include "spillway/config/queue.hpp"
#include "spillway/config/rate_limits.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/config/strategy.hpp"

/// The configuration file as values with defaults. The grammar is LiteLLM's `config.yaml`; our own
/// top-level keys stand beside it. Each struct is described by a `fields()` list in
/// `config/fields_*.hpp`, from which it is loaded, documented, checked and redacted.
namespace spillway::config {

/// Prices of one model in pico-dollars per token. Unknown is empty, never zero.
struct Prices {
    std::optional<PicoUsdPerToken> input;
    std::optional<PicoUsdPerToken> output;
    std::optional<PicoUsdPerToken> cache_read;
    std::optional<PicoUsdPerToken> cache_write;
    friend bool operator==(const Prices&, const Prices&) = default;
};

/// What a second of an answer costs, in 1e-12 US dollars.
enum class PicoUsdPerSecond : std::int64_t {};
[[nodiscard]] constexpr std::int64_t count(PicoUsdPerSecond price)
{
    return static_cast<std::int64_t>(price);
}

struct Header {
    std::string name;
    Secret value;
    friend bool operator==(const Header&, const Header&) = default;
};

/// What a model does; `unset`: nobody said, so it may do anything.
enum class Mode : std::uint8_t { chat, completion, embedding, other, unset };

/// How a deployment is asked for embeddings, and what becomes of its vectors.
struct Embeddings {
    std::string vectors;                    ///< See `vector_model`; empty: by the model's name.
    std::optional<std::int64_t> max_batch;  ///< Inputs of one call; unset: the provider's.
    bool normalize = false;                 ///< To length 1.
    bool cut = false;  ///< It knows no `dimensions`: its vectors are cut, and normalised.
};

/// One row of `model_list`: one model at one provider with one credential.
struct Deployment {
    std::string group;     ///< `model_name`; may end in `*`.
    std::string model;     ///< `litellm_params.model` as written, prefix included; may end in `*`.
    std::string id;        ///< `model_info.id`, else a hash of the row; stable across restarts.
    std::string provider;  ///< `custom_llm_provider`; empty means: from the prefix.
    std::string api_base;  ///< Empty means: the provider's own.
    std::optional<Secret> api_key;
    std::string api_version;
    std::string organization;
    std::optional<double> weight;
    std::optional<std::int64_t> rpm;
    std::optional<std::int64_t> tpm;
    int order = 1;
    std::optional<Millis> timeout;         ///< Whole attempt.
    std::optional<Millis> stream_timeout;  ///< To the first event of the answer.
    std::optional<int> num_retries;
    std::optional<Millis> cooldown_time;
    Prices prices;
    Prices long_prices;               ///< Of the price table's tier for long prompts.
    std::vector<Parameter> defaults;  ///< temperature, max_tokens, num_ctx, extra_body ...
    std::vector<Header> extra_headers;
    std::vector<std::string> drop_params;  ///< `additional_drop_params`.
    std::string base_model;                ///< For the price lookup.
    Mode mode = Mode::unset;
    std::optional<Tokens> max_input_tokens;
    std::optional<Tokens> max_output_tokens;
    std::optional<bool> supports_vision;  ///< Unset: not known, so not a reason to skip it.
    std::optional<bool> supports_audio;
    std::optional<bool> supports_tools;
    std::optional<bool> supports_schema;
    std::optional<bool> client_num_ctx;        ///< Ollama: clients choose the window.
    std::optional<bool> client_keep_alive;     ///< Ollama: clients hold and give up models.
    std::optional<std::int64_t> max_parallel;  ///< Requests in flight at once.
    std::optional<std::int64_t> key_rpm;       ///< Of each key that names no limit for the model.
    std::optional<std::int64_t> key_tpm;
    Embeddings embeddings;
    std::optional<bool> local;                     ///< Instead of what its address says.
    Budget budget;                                 ///< `max_budget` and `budget_duration`.
    ScopeCaps budget_limits;                       ///< Further windows.
    std::optional<PicoUsdPerSecond> input_second;  ///< LiteLLM adds the two.
    std::optional<PicoUsdPerSecond> output_second;
    std::optional<double> watts;  ///< What the engine draws while it answers.
    std::optional<NanoUsd> price_per_kwh;
    std::string where;  ///< "config.yaml:12:5", for messages.
};

/// `{group: [target, ...]}`; group may be `*`.
struct FallbackRule {
    std::string group;
    std::vector<std::string> targets;
    friend bool operator==(const FallbackRule&, const FallbackRule&) = default;
};

/// Retries by kind of error (LiteLLM `retry_policy`); empty means the general number.
struct RetryPolicy {
    std::optional<int> bad_request;
    std::optional<int> authentication;
    std::optional<int> timeout;
    std::optional<int> rate_limit;
    std::optional<int> content_policy;
    std::optional<int> internal_server;
    friend bool operator==(const RetryPolicy&, const RetryPolicy&) = default;
};

/// One entry of `model_group_retry_policy`; the last three are what users write there.
struct GroupRetryPolicy {
    RetryPolicy retries;
    std::optional<int> num_retries;
    std::optional<Millis> timeout;
    std::vector<std::string> fallbacks;
};

struct Alias {
    std::string group;
    bool hidden = false;  ///< Absent from /v1/models.
};

/// What is given to keys, teams and users whose request leaves it out, and what no key may exceed:
/// members of the requests that make them.
struct KeyRules {
    std::vector<Parameter> key_defaults;  ///< `default_key_generate_params`.
    std::vector<Parameter> key_bounds;    ///< `upperbound_key_generate_params`.
    std::vector<Parameter> team_defaults;
    std::vector<Parameter> user_defaults;
    friend bool operator==(const KeyRules&, const KeyRules&) = default;
};

/// `router_settings`, merged over the same keys of `litellm_settings`.
struct Router {
    Strategy strategy = Strategy::simple_shuffle;
    std::map<std::string, Alias> aliases;
    std::vector<FallbackRule> fallbacks;
    std::vector<FallbackRule> context_window_fallbacks;
    std::vector<FallbackRule> content_policy_fallbacks;
    std::vector<std::string> default_fallbacks;
    int max_fallbacks = 5;
    int num_retries = 2;
    Millis retry_after{0};
    RetryPolicy retry_policy;
    std::map<std::string, GroupRetryPolicy> group_retry_policy;
    std::optional<int> allowed_fails;  ///< LiteLLM: a lone deployment cools only when this is set.
    RetryPolicy allowed_fails_policy;
    Millis cooldown_time{5'000};
    bool disable_cooldowns = false;
    Millis timeout{600'000};
    std::optional<Millis> stream_timeout;
    bool pre_call_checks = false;
    std::vector<std::string> optional_pre_call_checks;
    std::optional<std::int64_t> default_max_parallel;
    bool ignore_invalid_deployments = true;  ///< Drop a bad row instead of refusing the file.
    bool drop_params = false;
    Budget budget;  ///< Of `litellm_settings`; see `proxy_caps`.
    std::map<std::string, Budget> provider_budgets;
    std::map<std::string, Budget> tag_budgets;
    std::optional<NanoUsd> max_end_user_budget;
    std::string end_user_budget_id;  ///< A budget of `/budget/new`; empty: none.
    Budget internal_user_budget;     ///< Of users that have none of their own.
    std::string time_zone;           ///< Of budgets; that of the server when empty.
    KeyRules key_rules;
};

/// `general_settings`.
struct General {
    std::optional<Secret> master_key;
    std::optional<Secret> database_url;  ///< A connection string holds a password.
    std::string key_header_name;
    bool disable_spend_logs = false;
    std::optional<std::int64_t> max_parallel;         ///< Of each deployment that sets none.
    std::optional<std::int64_t> global_max_parallel;  ///< Of all callers together.
    TokenRateType token_rate_type = TokenRateType::total;
    Budget budget;
    ScopeCaps budget_limits;  ///< Further windows of the proxy.
    std::optional<NanoUsd> soft_budget;
    std::optional<Secret> webhook;      ///< `alert_to_webhook_url`: for what budgets have to tell.
    BudgetPeriod spend_logs_retention;  ///< LiteLLM's; those of `ledger` win.
    BudgetPeriod spend_logs_retention_interval;  ///< The same.
};

/// Our own `server:` section: how the front door behaves.
struct Server {
    std::string host = "127.0.0.1";
    unsigned port = 4000;
    unsigned shards = 0;          ///< I/O threads; 0 means one per core.
    bool allow_open = false;      ///< Serve without a master key on an address others can reach.
    std::string tls_certificate;  ///< PEM file; empty means plain HTTP.
    std::string tls_key;
    std::size_t max_body = std::size_t{32} * 1024 * 1024;
    Millis head_timeout{10'000};
    Millis body_timeout{30'000};
    Millis idle_timeout{75'000};
    Millis write_stall_timeout{30'000};
    Millis drain_timeout{30'000};
    std::size_t max_connections = 20'000;
    std::size_t max_in_flight = 20'000;
    std::vector<std::string> cors_origins{"*"};
    std::string time_zone = "UTC";  ///< For the windows of rules.
    bool access_log = false;
    std::string log_level = "info";
};

/// Our own `upstream:` section: bounds for every deployment that sets none.
struct Upstream {
    Millis connect_timeout{5'000};
    Millis first_token_timeout{60'000};         ///< Cloud.
    Millis local_first_token_timeout{300'000};  ///< Engines that may be loading a model.
    Millis idle_timeout{60'000};
    Millis slot_patience{200};  ///< For one that is at its max_parallel_requests.
    std::size_t max_idle_per_origin = 64;
    Millis keepalive{55'000};
    std::string ca_file;  ///< Extra trust anchors (PEM); empty means the system's.
    bool allow_link_local = false;
};

enum class Durability : std::uint8_t { process, power };

/// Our own `health:` section: looking whether deployments are there, without asking any model.
struct HealthChecks {
    Millis interval{30'000};  ///< 0: never.
    bool clouds = false;      ///< Not only engines of ours.
};

/// Our own `ledger:` section.
/// What goes on while the ledger cannot be written.
enum class OnFailure : std::uint8_t {
    refuse_priced,  ///< Free work; what costs money is refused.
    serve,          ///< Everything.
};

struct Ledger {
    std::string path = "spillway.db";
    Durability durability = Durability::process;
    std::string reference_model;  ///< Its prices stand for "in the cloud"; empty: no comparison.
    OnFailure on_failure = OnFailure::refuse_priced;
    BudgetPeriod retention;           ///< Older records go; `never`: all stay.
    BudgetPeriod retention_interval;  ///< `never`: every hour.
};

/// Our own `budgets:` section.
struct Budgets {
    ScopeCaps proxy;
    std::map<std::string, ScopeCaps> providers;
    std::map<std::string, ScopeCaps> groups;
    std::map<std::string, ScopeCaps> deployments;
    std::map<std::string, ScopeCaps> tags;
    ScopeCaps end_users;  ///< Of each of them.
    UnknownPrices unknown_prices = UnknownPrices::refuse;
    std::vector<BudgetStep> on_budget;  ///< Of routes that have none of their own, rising.
    std::optional<Secret> webhook;      ///< Instead of `alert_to_webhook_url`.
};

/// Our own `instances:` section.
struct Instances {
    bool share = true;  ///< Budgets, limits and keys, with all that use the same `database_url`.
    std::string name;   ///< For people; empty: host and port.
    Millis key_memory{3'600'000};
    unsigned expected = 2;  ///< For one that has never met the others.
};

/// Our own `local:` section: what engines of ours cost.
struct LocalCost {
    std::optional<double> watts;
    std::optional<NanoUsd> price_per_kwh;
};

/// Our own `idempotency:` section: answers that are kept for requests with an idempotency key.
struct Idempotency {
    bool enabled = true;
    Millis max_age{86'400'000};
    std::size_t max_answer = std::size_t{4} * 1024 * 1024;
    std::size_t max_total = std::size_t{128} * 1024 * 1024;
    std::size_t max_answers = 100'000;
};

/// Our own `coalescing:` section: identical requests that run at once share one call.
struct Coalescing {
    bool enabled = false;
    std::vector<std::string> models;  ///< As clients name them; empty: all.
    bool across_keys = false;
};

/// One row of the price table, per model name.
struct PriceRow {
    std::string model;
    Prices prices;
    std::optional<Tokens> long_above;  ///< The tier below holds for the whole request above this.
    Prices long_prices;
    std::optional<Tokens> window;
    std::optional<Tokens> max_output;
    Mode mode = Mode::unset;
};

/// The dated price table (`config/prices.yaml`, built in; `prices:` overrides rows).
struct PriceTable {
    std::string date;  ///< "2026-11-10"
    std::vector<PriceRow> rows;
};

enum class Support : std::uint8_t { supported, ignored, different };

/// One key met in the file: for the table of `spillway check`.
struct KeySeen {
    std::string path;  ///< "router_settings.routing_strategy"
    Support support = Support::supported;
    std::string note;  ///< What differs, or why it is ignored.
};

/// One thing wrong with the file.
struct Problem {
    std::string where;  ///< "file:line:column"
    std::string message;
    enum class Level : std::uint8_t { warning, error } level = Level::error;
};

/// The whole file.
struct Config {
    std::vector<Deployment> deployments;
    Router router;
    General general;
    Server server;
    Upstream upstream;
    HealthChecks health;
    Ledger ledger;
    Budgets budgets;
    Instances instances;
    LocalCost local;
    Queue queue;
    RateLimits rate_limits;
    Idempotency idempotency;
    Coalescing coalescing;
    std::vector<Route> routes;  ///< In the order of the file.
    Privacy privacy;
    TokenCounting tokens;
    std::vector<PriceRow> prices;
    /// The file's own variables; may hold secrets. Looked up through `environment_of`.
    std::map<std::string, std::string> environment_variables;
    std::vector<KeySeen> keys_seen;
    std::vector<Problem> warnings;
    std::vector<std::string> files;  ///< The file and all it includes, for the watcher.
};

}  // namespace spillway::config
