#include "spillway/observe/metrics.hpp"

#include <prometheus/text_serializer.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <sstream>

#include "cascade_words.hpp"
#include "metric_rows.hpp"

namespace spillway::observe {

namespace {

template <std::size_t size>
std::size_t place_of(std::string_view word, const std::array<std::string_view, size>& words)
{
    const auto found = std::find(words.begin(), words.end(), word);
    return found == words.end() ? size - 1 : static_cast<std::size_t>(found - words.begin());
}

prometheus::Family<prometheus::Counter>& counters(prometheus::Registry& registry, const Row& row)
{
    return prometheus::BuildCounter().Name(row.name).Help(row.help).Register(registry);
}

prometheus::Family<prometheus::Gauge>& gauges(prometheus::Registry& registry, const Row& row)
{
    return prometheus::BuildGauge().Name(row.name).Help(row.help).Register(registry);
}

prometheus::Family<prometheus::Histogram>& histograms(prometheus::Registry& registry,
                                                      const Row& row)
{
    return prometheus::BuildHistogram().Name(row.name).Help(row.help).Register(registry);
}

/// Seconds from tens of microseconds (our own work) to a quarter of a second.
prometheus::Histogram::BucketBoundaries short_buckets()
{
    return {0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.25};
}

/// Seconds from a cached cloud answer to an engine that loads a large model first.
prometheus::Histogram::BucketBoundaries long_buckets()
{
    return {0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300};
}

double resident_bytes()
{
    long total = 0;
    long resident = 0;
    if (std::FILE* file = std::fopen("/proc/self/statm", "re")) {
        if (std::fscanf(file, "%ld %ld", &total, &resident) != 2)
            resident = 0;
        std::fclose(file);
    }
    return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double open_descriptors()
{
    std::error_code error;
    double open = 0;
    for (std::filesystem::directory_iterator entry("/proc/self/fd", error), end;
         !error && entry != end; entry.increment(error))
        ++open;
    return std::max(0.0, open - 1);  // One of them is the listing itself.
}

double unix_seconds()
{
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration<double>(now).count();
}

std::string_view word_for(Kind kind)
{
    switch (kind) {
        case Kind::counter:
            return "counter";
        case Kind::gauge:
            return "gauge";
        case Kind::histogram:
            return "histogram";
    }
    return "";
}

}  // namespace

struct Metrics::Families {
    explicit Families(prometheus::Registry& r)
        : served(counters(r, row::served)),
          failed(counters(r, row::failed)),
          fallbacks(counters(r, row::fallbacks)),
          cooled_down(counters(r, row::cooled_down)),
          prompt_tokens(counters(r, row::prompt_tokens)),
          completion_tokens(counters(r, row::completion_tokens)),
          spend(counters(r, row::spend)),
          first_token(histograms(r, row::first_token)),
          total(histograms(r, row::total)),
          in_flight(gauges(r, row::deployment_in_flight)),
          state(gauges(r, row::state)),
          engine_waiting(gauges(r, row::engine_waiting)),
          engine_running(gauges(r, row::engine_running)),
          engine_loads(counters(r, row::engine_loads)),
          engine_spills(counters(r, row::engine_spills)),
          engine_refusals(counters(r, row::engine_refusals)),
          engine_wait(histograms(r, row::engine_wait)),
          engine_error(histograms(r, row::engine_error)),
          budget_limit(gauges(r, row::budget_limit)),
          budget_spent(gauges(r, row::budget_spent)),
          budget_reserved(gauges(r, row::budget_reserved)),
          budget_lease(gauges(r, row::budget_lease)),
          provider_remaining(gauges(r, row::provider_remaining)),
          memory(gauges(r, row::memory).Add({})),
          descriptors(gauges(r, row::descriptors).Add({}))
    {
        auto& family = counters(r, row::requests);
        for (std::size_t e = 0; e < endpoints.size(); ++e) {
            for (std::size_t o = 0; o < outcomes.size(); ++o)
                requests[e][o] = &family.Add({{"endpoint", std::string(endpoints[e])},
                                              {"outcome", std::string(outcomes[o])}});
        }
        auto& drawn = counters(r, row::shadows);
        for (std::size_t o = 0; o < shadow_outcomes.size(); ++o)
            shadows[o] = &drawn.Add({{"outcome", std::string(shadow_outcomes[o])}});
        auto& limits = counters(r, row::rate_limited);
        for (std::size_t s = 0; s < limited_scopes.size(); ++s)
            rate_limited[s] = &limits.Add({{"scope", std::string(limited_scopes[s])}});
        auto& again = counters(r, row::replays);
        for (std::size_t k = 0; k < replay_kinds.size(); ++k)
            replays[k] = &again.Add({{"kind", std::string(replay_kinds[k])}});
        auto& verified = counters(r, row::cascades);
        for (std::size_t o = 0; o < cascade_outcomes.size(); ++o)
            for (std::size_t c = 0; c < cascade_checks.size(); ++c)
                cascades[o][c] = &verified.Add({{"outcome", std::string(cascade_outcomes[o])},
                                                {"check", std::string(cascade_checks[c])}});
        gauges(r, row::build).Add({{"version", SPILLWAY_VERSION}}).Set(1);
        gauges(r, row::start_time).Add({}).Set(unix_seconds());
    }

    prometheus::Family<prometheus::Counter>&served, &failed, &fallbacks, &cooled_down,
        &prompt_tokens, &completion_tokens, &spend;
    prometheus::Family<prometheus::Histogram>&first_token, &total;
    prometheus::Family<prometheus::Gauge>&in_flight, &state, &engine_waiting, &engine_running;
    prometheus::Family<prometheus::Counter>&engine_loads, &engine_spills, &engine_refusals;
    prometheus::Family<prometheus::Histogram>&engine_wait, &engine_error;
    prometheus::Family<prometheus::Gauge>&budget_limit, &budget_spent, &budget_reserved,
        &budget_lease, &provider_remaining;
    prometheus::Gauge &memory, &descriptors;
    std::array<std::array<prometheus::Counter*, outcomes.size()>, endpoints.size()> requests{};
    std::array<prometheus::Counter*, shadow_outcomes.size()> shadows{};
    std::array<PerCheck<prometheus::Counter*>, cascade_outcomes.size()> cascades{};
    std::array<prometheus::Counter*, limited_scopes.size()> rate_limited{};
    std::array<prometheus::Counter*, replay_kinds.size()> replays{};
};

Metrics::Metrics()
    : registry_(std::make_shared<prometheus::Registry>()),
      families_(std::make_shared<Families>(*registry_))
{
    auto& r = *registry_;
    strangers = &counters(r, row::strangers).Add({});
    refused_heads = &counters(r, row::refused_heads).Add({});
    malformed_events = &counters(r, row::malformed_events).Add({});
    client_gone = &counters(r, row::client_gone).Add({});
    reloads = &counters(r, row::reloads).Add({});
    reload_failures = &counters(r, row::reload_failures).Add({});
    overhead_seconds = &histograms(r, row::overhead).Add({}, short_buckets());
    commit_seconds = &histograms(r, row::commit).Add({}, short_buckets());
    connections = &gauges(r, row::connections).Add({});
    in_flight = &gauges(r, row::in_flight).Add({});
    outbox_waiting = &gauges(r, row::outbox).Add({});
    ledger_healthy = &gauges(r, row::ledger).Add({});
    ledger_healthy->Set(1);
    ledger_waiting = &gauges(r, row::ledger_waiting).Add({});
    ledger_lost = &counters(r, row::ledger_lost).Add({});
    instances = &gauges(r, row::instances).Add({});
    instances_away = &gauges(r, row::instances_away).Add({});
    leases = &gauges(r, row::leases).Add({});
    lease_rounds = &counters(r, row::lease_rounds).Add({});
    leases_refused = &counters(r, row::leases_refused).Add({});
    leases_given_back = &counters(r, row::leases_given_back).Add({});
}

Metrics::Budget Metrics::budget(std::string_view scope, const std::string& name,
                                const std::string& period)
{
    const prometheus::Labels labels{
        {"scope", std::string(scope)}, {"name", name}, {"period", period}};
    auto& f = *families_;
    return Budget{.limit_usd = &f.budget_limit.Add(labels),
                  .spent_usd = &f.budget_spent.Add(labels),
                  .reserved_usd = &f.budget_reserved.Add(labels),
                  .lease_usd = &f.budget_lease.Add(labels)};
}

Metrics::Engine Metrics::engine(const std::string& address)
{
    const prometheus::Labels labels{{"engine", address}};
    auto& f = *families_;
    return Engine{
        .waiting = &f.engine_waiting.Add(labels),
        .running = &f.engine_running.Add(labels),
        .loads = &f.engine_loads.Add(labels),
        .wait_seconds = &f.engine_wait.Add(labels, long_buckets()),
        .early_seconds =
            &f.engine_error.Add({{"engine", address}, {"direction", "early"}}, long_buckets()),
        .late_seconds =
            &f.engine_error.Add({{"engine", address}, {"direction", "late"}}, long_buckets()),
    };
}

prometheus::Counter& Metrics::engine_spills(const std::string& address, std::string_view reason)
{
    const auto word = spill_reasons.at(place_of(reason, spill_reasons));
    return families_->engine_spills.Add({{"engine", address}, {"reason", std::string(word)}});
}

prometheus::Counter& Metrics::engine_refusals(const std::string& address)
{
    return families_->engine_refusals.Add({{"engine", address}});
}

prometheus::Gauge& Metrics::provider_remaining(const std::string& provider)
{
    return families_->provider_remaining.Add({{"api_provider", provider}});
}

Metrics::Deployment Metrics::deployment(const std::string& id, const std::string& group,
                                        const std::string& provider)
{
    const prometheus::Labels labels{{"deployment", id}, {"group", group}, {"provider", provider}};
    auto& f = *families_;
    return Deployment{
        .served = &f.served.Add(labels),
        .failed = &f.failed.Add(labels),
        .fallbacks = &f.fallbacks.Add(labels),
        .cooled_down = &f.cooled_down.Add(labels),
        .prompt_tokens = &f.prompt_tokens.Add(labels),
        .completion_tokens = &f.completion_tokens.Add(labels),
        .spend_usd = &f.spend.Add(labels),
        .first_token_seconds = &f.first_token.Add(labels, long_buckets()),
        .total_seconds = &f.total.Add(labels, long_buckets()),
        .in_flight = &f.in_flight.Add(labels),
        .state = &f.state.Add(labels),
    };
}

prometheus::Counter& Metrics::requests(std::string_view endpoint, std::string_view outcome)
{
    return *families_->requests[place_of(endpoint, endpoints)][place_of(outcome, outcomes)];
}

prometheus::Counter& Metrics::shadows(std::string_view outcome)
{
    return *families_->shadows[place_of(outcome, shadow_outcomes)];
}

prometheus::Counter& Metrics::rate_limited(std::string_view scope)
{
    return *families_->rate_limited[place_of(scope, limited_scopes)];
}

prometheus::Counter& Metrics::cascades(std::string_view outcome, std::string_view check)
{
    const auto o = place_of(outcome, cascade_outcomes);
    return *families_->cascades[o][place_of(check, cascade_checks)];
}

prometheus::Counter& Metrics::replays(std::string_view kind)
{
    return *families_->replays[place_of(kind, replay_kinds)];
}

std::string Metrics::text() const
{
    families_->memory.Set(resident_bytes());
    families_->descriptors.Set(open_descriptors());
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, registry_->Collect());
    return std::move(out).str();
}

std::string metrics_manual()
{
    std::string out =
        "# Metrics\n\n"
        "`GET /metrics` answers in Prometheus's text format 0.0.4, behind the master key. This "
        "page is\n"
        "printed from the list in `src/observe/metric_rows.hpp`; label values come from the "
        "configuration or\n"
        "from closed sets, never from a client.\n\n"
        "| name | kind | labels | meaning |\n| --- | --- | --- | --- |\n";
    for (const Row* row : all_rows) {
        out += "| `" + std::string(row->name) + "` | " + std::string(word_for(row->kind)) + " | " +
               row->labels + " | " + row->help + " |\n";
    }
    const auto list = [&out](std::string_view lead, const auto& words) {
        out.append(lead).append(" is one of");
        for (const auto word : words)
            out += " `" + std::string(word) + "`";
    };
    list("\n`endpoint`", endpoints);
    list("; `outcome`", outcomes);
    list(";\nthat of shadows", shadow_outcomes);
    list(";\nthat of cascades", cascade_outcomes);
    list("; `check`", cascade_checks);
    list(";\n`scope`", limited_scopes);
    list("; `kind`", replay_kinds);
    list(";\n`reason`", spill_reasons);
    return out + ".\n";
}

}  // namespace spillway::observe
