#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "cascade_words.hpp"

/// The list that both the instruments and their manual are made from.
namespace spillway::observe {

enum class Kind : std::uint8_t { counter, gauge, histogram };

/// One line of the list that both the instruments and their manual are made from.
struct Row {
    Kind kind;
    const char* name;
    const char* labels;  ///< For the manual.
    const char* help;
};

namespace row {
inline constexpr Row requests{Kind::counter, "spillway_requests_total", "endpoint, outcome",
                              "Authenticated requests by endpoint and outcome."};
inline constexpr Row shadows{
    Kind::counter, "spillway_shadows_total", "outcome",
    "Requests drawn for comparison with a second group, by what became of them."};
inline constexpr Row cascades{
    Kind::counter, "spillway_cascades_total", "outcome, check",
    "Answers that a route verified, by what followed and by the first check "
    "that failed."};
inline constexpr Row strangers{Kind::counter, "spillway_strangers_total", "",
                               "Requests without a valid credential; these leave no spend record."};
inline constexpr Row rate_limited{
    Kind::counter, "spillway_rate_limited_total", "scope",
    "Requests refused by a limit of requests or tokens per minute or of "
    "parallel requests, by whose limit it was."};
inline constexpr Row replays{Kind::counter, "spillway_replays_total", "kind",
                             "Requests that got the answer of another one that is the same."};
inline constexpr Row refused_heads{
    Kind::counter, "spillway_refused_heads_total", "",
    "Requests refused before their head was complete or acceptable."};
inline constexpr Row malformed_events{Kind::counter, "spillway_malformed_events_total", "",
                                      "Events of upstream streams that were skipped as malformed."};
inline constexpr Row client_gone{Kind::counter, "spillway_clients_gone_total", "",
                                 "Requests whose client left before the end of the answer."};
inline constexpr Row reloads{Kind::counter, "spillway_config_reloads_total", "",
                             "Configurations put into service after the first."};
inline constexpr Row reload_failures{Kind::counter, "spillway_config_reload_failures_total", "",
                                     "Configurations refused at reload; the one before stayed."};
inline constexpr Row overhead{Kind::histogram, "spillway_overhead_seconds", "",
                              "Time a request spent inside spillway, upstreams excluded."};
inline constexpr Row commit{Kind::histogram, "spillway_ledger_commit_seconds", "",
                            "One transaction of the embedded ledger."};
inline constexpr Row connections{Kind::gauge, "spillway_connections", "",
                                 "Client connections now."};
inline constexpr Row in_flight{Kind::gauge, "spillway_requests_in_flight", "",
                               "Requests being answered now."};
inline constexpr Row outbox{Kind::gauge, "spillway_outbox_waiting", "",
                            "Spend records not yet confirmed by PostgreSQL."};
inline constexpr Row ledger{Kind::gauge, "spillway_ledger_healthy", "",
                            "1 while the embedded ledger takes records, else 0."};
inline constexpr Row ledger_waiting{Kind::gauge, "spillway_ledger_waiting", "",
                                    "Spend records that wait in memory for a failing disk."};
inline constexpr Row ledger_lost{Kind::counter, "spillway_ledger_lost_total", "",
                                 "Spend records that found no room to wait for a failing disk."};
inline constexpr Row instances{
    Kind::gauge, "spillway_instances", "",
    "Instances alive that share one PostgreSQL; 0 when this one shares nothing."};
inline constexpr Row instances_away{
    Kind::gauge, "spillway_instances_away", "",
    "1 while PostgreSQL cannot be asked for more of what is shared."};
inline constexpr Row leases{Kind::gauge, "spillway_leases", "",
                            "Budgets and limits that this instance holds a part of."};
inline constexpr Row lease_rounds{Kind::counter, "spillway_lease_rounds_total", "",
                                  "Transactions in which parts were asked for or given back."};
inline constexpr Row leases_refused{Kind::counter, "spillway_leases_refused_total", "",
                                    "Asks for which too little of a budget or limit was left."};
inline constexpr Row leases_given_back{Kind::counter, "spillway_leases_given_back_total", "",
                                       "Times that an unused part was handed back."};
inline constexpr Row build{Kind::gauge, "spillway_build_info", "version", "Always 1."};
inline constexpr Row memory{Kind::gauge, "process_resident_memory_bytes", "", "Resident memory."};
inline constexpr Row descriptors{Kind::gauge, "process_open_fds", "", "Open file descriptors."};
inline constexpr Row start_time{Kind::gauge, "process_start_time_seconds", "",
                                "When the process started, in seconds of Unix time."};

inline constexpr const char* of_deployment = "deployment, group, provider";
inline constexpr Row served{Kind::counter, "spillway_deployment_served_total", of_deployment,
                            "Attempts that answered."};
inline constexpr Row failed{Kind::counter, "spillway_deployment_failed_total", of_deployment,
                            "Attempts that failed."};
inline constexpr Row fallbacks{Kind::counter, "spillway_deployment_fallbacks_total", of_deployment,
                               "Requests served here as a fallback."};
inline constexpr Row cooled_down{Kind::counter, "spillway_deployment_cooled_down_total",
                                 of_deployment, "Times the deployment was sent to rest."};
inline constexpr Row prompt_tokens{Kind::counter, "spillway_prompt_tokens_total", of_deployment,
                                   "Prompt tokens, cached ones included."};
inline constexpr Row completion_tokens{Kind::counter, "spillway_completion_tokens_total",
                                       of_deployment, "Completion tokens, reasoning included."};
inline constexpr Row spend{
    Kind::counter, "spillway_spend_usd_total", of_deployment,
    "Known cost in US dollars. A float for graphs; the ledger has the exact figures."};
inline constexpr Row first_token{
    Kind::histogram, "spillway_first_token_seconds", of_deployment,
    "From sending the request upstream to the first event of the answer."};
inline constexpr Row total{Kind::histogram, "spillway_answer_seconds", of_deployment,
                           "From sending the request upstream to the end of the answer."};
inline constexpr Row deployment_in_flight{Kind::gauge, "spillway_deployment_in_flight",
                                          of_deployment, "Attempts running at the deployment."};
inline constexpr Row state{
    Kind::gauge, "spillway_deployment_state", of_deployment,
    "0 serves, 1 is being probed after a rest, 2 rests or is not reachable."};
inline constexpr Row engine_waiting{Kind::gauge, "spillway_engine_waiting", "engine",
                                    "Requests that wait in front of the engine."};
inline constexpr Row engine_running{Kind::gauge, "spillway_engine_running", "engine",
                                    "Requests that hold a slot of the engine."};
inline constexpr Row engine_loads{Kind::counter, "spillway_engine_loads_total", "engine",
                                  "Loads of a model that requests of ours began."};
inline constexpr Row engine_wait{Kind::histogram, "spillway_engine_wait_seconds", "engine",
                                 "From the request to its slot, of those that got one."};
inline constexpr Row engine_error{
    Kind::histogram, "spillway_engine_prediction_error_seconds", "engine, direction",
    "How far the first token was from when it was predicted, early or late."};
inline constexpr Row engine_spills{Kind::counter, "spillway_engine_spills_total", "engine, reason",
                                   "Requests that went to another place instead of waiting."};
inline constexpr Row engine_refusals{Kind::counter, "spillway_engine_refusals_total", "engine",
                                     "Requests that could neither wait nor go to another place."};
inline constexpr const char* of_budget = "scope, name, period";
inline constexpr Row budget_limit{Kind::gauge, "spillway_budget_limit_usd", of_budget,
                                  "Cap of a scope that the configuration names, per period."};
inline constexpr Row budget_spent{Kind::gauge, "spillway_budget_spent_usd", of_budget,
                                  "What was charged in the current period."};
inline constexpr Row budget_reserved{Kind::gauge, "spillway_budget_reserved_usd", of_budget,
                                     "What calls under way may still cost."};
inline constexpr Row budget_lease{
    Kind::gauge, "spillway_budget_lease_usd", of_budget,
    "What this instance may spend of it, where instances share it; else 0."};
inline constexpr Row provider_remaining{
    Kind::gauge, "litellm_provider_remaining_budget_metric", "api_provider",
    "What is left of a provider's cap, in US dollars, under LiteLLM's name."};
}  // namespace row

inline constexpr std::array all_rows{
    &row::requests,
    &row::shadows,
    &row::cascades,
    &row::strangers,
    &row::rate_limited,
    &row::replays,
    &row::refused_heads,
    &row::malformed_events,
    &row::client_gone,
    &row::reloads,
    &row::reload_failures,
    &row::overhead,
    &row::commit,
    &row::connections,
    &row::in_flight,
    &row::outbox,
    &row::ledger,
    &row::ledger_waiting,
    &row::ledger_lost,
    &row::instances,
    &row::instances_away,
    &row::leases,
    &row::lease_rounds,
    &row::leases_refused,
    &row::leases_given_back,
    &row::served,
    &row::failed,
    &row::fallbacks,
    &row::cooled_down,
    &row::prompt_tokens,
    &row::completion_tokens,
    &row::spend,
    &row::first_token,
    &row::total,
    &row::deployment_in_flight,
    &row::state,
    &row::engine_waiting,
    &row::engine_running,
    &row::engine_loads,
    &row::engine_wait,
    &row::engine_error,
    &row::engine_spills,
    &row::engine_refusals,
    &row::budget_limit,
    &row::budget_spent,
    &row::budget_reserved,
    &row::budget_lease,
    &row::provider_remaining,
    &row::build,
    &row::memory,
    &row::descriptors,
    &row::start_time,
};

inline constexpr std::array<std::string_view, 5> endpoints{"chat", "completions", "embeddings",
                                                           "models", "other"};
inline constexpr std::array<std::string_view, 8> limited_scopes{
    "proxy", "model", "deployment", "api_key", "team", "user", "team_member", "other"};
inline constexpr std::array<std::string_view, 6> spill_reasons{
    "over_patience", "bridge", "full", "too_late", "in_flight", "other"};
inline constexpr std::array<std::string_view, 2> replay_kinds{"idempotent", "coalesced"};
inline constexpr std::array<std::string_view, 4> outcomes{"served", "refused", "broken",
                                                          "abandoned"};

inline constexpr std::array<std::string_view, 8> shadow_outcomes{
    "compared",    "not_comparable", "failed",    "unavailable",
    "over_budget", "too_large",      "cancelled", "dropped"};

}  // namespace spillway::observe
