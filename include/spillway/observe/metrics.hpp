#pragma once

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace spillway::observe {

/// Every instrument, made once, with help text. Label values come from configuration or closed
/// sets only. Increments are atomic; any thread.
class Metrics {
public:
    Metrics();

    /// Instruments of one deployment; stable for the life of the process (a reload that keeps the
    /// deployment's id keeps its counters).
    struct Deployment {
        prometheus::Counter* served;
        prometheus::Counter* failed;
        prometheus::Counter* fallbacks;
        prometheus::Counter* cooled_down;
        prometheus::Counter* prompt_tokens;
        prometheus::Counter* completion_tokens;
        prometheus::Counter* spend_usd;
        prometheus::Histogram* first_token_seconds;
        prometheus::Histogram* total_seconds;
        prometheus::Gauge* in_flight;
        prometheus::Gauge* state;
    };
    [[nodiscard]] Deployment deployment(const std::string& id, const std::string& group,
                                        const std::string& provider);

    /// Instruments of one local engine.
    struct Engine {
        prometheus::Gauge* waiting;
        prometheus::Gauge* running;
        prometheus::Counter* loads;
        prometheus::Histogram* wait_seconds;
        prometheus::Histogram* early_seconds;  ///< First tokens that were sooner than predicted.
        prometheus::Histogram* late_seconds;
    };
    /// @param address  "127.0.0.1:11434"; of the configuration.
    [[nodiscard]] Engine engine(const std::string& address);
    /// Requests that did not wait for an engine, by why ("over_patience", "bridge", "full",
    /// "too_late", "in_flight"); any other word counts as "other".
    [[nodiscard]] prometheus::Counter& engine_spills(const std::string& address,
                                                     std::string_view reason);
    /// Requests that could neither wait nor go elsewhere.
    [[nodiscard]] prometheus::Counter& engine_refusals(const std::string& address);

    /// Gauges of one cap that the configuration names.
    struct Budget {
        prometheus::Gauge* limit_usd;
        prometheus::Gauge* spent_usd;
        prometheus::Gauge* reserved_usd;
        prometheus::Gauge* lease_usd;  ///< 0 where nothing is shared.
    };
    /// @param scope   "proxy", "provider", "deployment", "group" or "tag".
    /// @param period  "30d"; empty for one that is never renewed.
    [[nodiscard]] Budget budget(std::string_view scope, const std::string& name,
                                const std::string& period);
    /// LiteLLM's name for what is left of a provider's cap.
    [[nodiscard]] prometheus::Gauge& provider_remaining(const std::string& provider);

    /// Requests by endpoint ("chat", "completions", "embeddings", "models", "other") and outcome
    /// ("served", "refused", "broken", "abandoned"); any other word counts as the last of its list,
    /// so no client can make a series.
    [[nodiscard]] prometheus::Counter& requests(std::string_view endpoint,
                                                std::string_view outcome);

    /// Requests drawn for comparison by what became of them ("compared", "failed", ...).
    [[nodiscard]] prometheus::Counter& shadows(std::string_view outcome);
    /// Answers that a route verified, by outcome ("verified", "released", "escalated", "kept",
    /// "late") and by the check that failed ("none" for the first two, else "empty" ...).
    [[nodiscard]] prometheus::Counter& cascades(std::string_view outcome, std::string_view check);
    /// Requests over a limit of ours, by whose it was ("api_key", "team", "model", ...).
    [[nodiscard]] prometheus::Counter& rate_limited(std::string_view scope);

    /// Answers given again: "idempotent" or "coalesced".
    [[nodiscard]] prometheus::Counter& replays(std::string_view kind);

    prometheus::Counter* strangers;         ///< Requests without a valid credential.
    prometheus::Counter* refused_heads;     ///< Connections refused before an exchange.
    prometheus::Counter* malformed_events;  ///< Upstream events skipped.
    prometheus::Counter* client_gone;
    prometheus::Counter* reloads;
    prometheus::Counter* reload_failures;
    prometheus::Histogram* overhead_seconds;  ///< Time inside spillway per request.
    prometheus::Histogram* commit_seconds;    ///< One ledger transaction.
    prometheus::Gauge* connections;
    prometheus::Gauge* in_flight;
    prometheus::Gauge* outbox_waiting;
    prometheus::Gauge* ledger_healthy;
    prometheus::Gauge* ledger_waiting;
    prometheus::Counter* ledger_lost;
    prometheus::Gauge* instances;       ///< Alive; 0 where nothing is shared.
    prometheus::Gauge* instances_away;  ///< 1 while what is shared cannot be asked for.
    prometheus::Gauge* leases;
    prometheus::Counter* lease_rounds;
    prometheus::Counter* leases_refused;
    prometheus::Counter* leases_given_back;

    /// Prometheus text format 0.0.4. Process figures (memory, descriptors) are read now.
    [[nodiscard]] std::string text() const;

private:
    std::shared_ptr<prometheus::Registry> registry_;
    struct Families;
    std::shared_ptr<Families> families_;
};

/// The text of docs/metrics.md, printed from the list that the instruments are made from.
[[nodiscard]] std::string metrics_manual();

}  // namespace spillway::observe
