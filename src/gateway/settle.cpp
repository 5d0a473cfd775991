#include "spillway/gateway/settle.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/ledger/cost.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

constexpr std::size_t max_name = 256;

std::string_view endpoint_name(chat::Endpoint endpoint)
{
    switch (endpoint) {
        case chat::Endpoint::chat:
            return "chat";
        case chat::Endpoint::completions:
            return "completions";
        case chat::Endpoint::embeddings:
            return "embeddings";
        case chat::Endpoint::other:
            return "other";
    }
    return "other";
}

Millis between(TimePoint from, TimePoint to)
{
    return std::max(Millis{0}, std::chrono::duration_cast<Millis>(to - from));
}

/// One line on every attempt. Classes and statuses only: an upstream's words may quote the prompt.
std::string why_line(const InferenceRequest& request, const Outcome& outcome)
{
    const auto& table = request.arrival.snapshot->table;
    std::string why;
    const auto begin = [&](GroupIndex group, DeploymentIndex deployment) -> std::string& {
        const auto& name = table[group].name;
        const auto& id = table[deployment].id;
        why.reserve(why.size() + name.size() + id.size() + 16);
        return why.append(name).append("/").append(id).append(": ");
    };
    for (const auto& spilled : outcome.spilled) {
        begin(spilled.group, spilled.deployment).append("not waited for, ").append(spilled.why);
        why.append(" (").append(std::to_string(spilled.expected.count())).append(" ms); ");
    }
    for (const auto& failed : outcome.failures) {
        begin(failed.group, failed.deployment).append(chat::name(failed.failure.kind));
        if (failed.failure.status != 0)
            why.append(" ").append(std::to_string(failed.failure.status));
        why.append("; ");
    }
    if (const auto* first = outcome.superseded.get())
        begin(first->group, first->deployment)
            .append("doubted, ")
            .append(first->fault)
            .append("; ");
    if (outcome.served_by)
        begin(outcome.served_by->group, outcome.served_by->deployment)
            .append(ledger::name(outcome.end));
    if (!outcome.engine.cascade.empty())
        why.append(", ").append(outcome.engine.cascade);
    return why;
}

int client_status(const Outcome& outcome)
{
    if (const auto* whole = std::get_if<WholeReply>(&outcome.parting))
        return whole->status;
    if (const auto* error = std::get_if<ErrorReply>(&outcome.parting))
        return error->status;
    if (outcome.end == ledger::Outcome::abandoned)
        return outcome.streamed && outcome.first_token ? 200 : 0;
    return 200;
}

ledger::SpendRecord begin_record(const Arrival& arrival, TimePoint now)
{
    ledger::SpendRecord record;
    record.id = arrival.id;
    record.started = arrival.started;
    record.call_type = chat::call_type(arrival.endpoint);
    record.key_hash = arrival.caller.key_hash;
    if (const auto* grant = arrival.caller.grant.get()) {
        record.team_id = grant->team_id;
        record.user_id = grant->user_id;
    }
    record.total = between(arrival.began, now);
    return record;
}

void note_deployment(ledger::SpendRecord& record, const InferenceRequest& request,
                     const Outcome& outcome)
{
    const auto& snapshot = *request.arrival.snapshot;
    std::optional<DeploymentIndex> deployment;
    auto group = request.asked.group;
    if (outcome.served_by) {
        deployment = outcome.served_by->deployment;
        group = outcome.served_by->group;
    } else if (outcome.bill.payer) {
        // Whom budgets charge is whom the record names.
        deployment = outcome.bill.payer->deployment;
        group = outcome.bill.payer->group;
    } else if (!outcome.failures.empty()) {
        deployment = outcome.failures.back().deployment;
        group = outcome.failures.back().group;
    }
    record.group = snapshot.table[group].name;
    if (!deployment)
        return;
    name_place(record, snapshot, group, *deployment);
    if (outcome.served_by) {
        const auto& upstream = snapshot.upstreams[at(*deployment)];
        record.cost = ledger::cost(upstream.rate, outcome.usage, outcome.answer_time);
        if (snapshot.reference)
            record.reference_cost = ledger::cost(*snapshot.reference, outcome.usage, Millis{0});
    }
}

NanoUsd difference(NanoUsd whole, NanoUsd part)
{
    return NanoUsd{count(whole) - count(part)};
}

/// The cost of an answer that the client did not get joins that of the one it got.
/// @return What budgets are charged for it beyond that cost.
NanoUsd add_superseded(ledger::SpendRecord& record, const InferenceRequest& request,
                       const Superseded& first)
{
    const auto& rate = request.arrival.snapshot->upstreams[at(first.deployment)].rate;
    const auto cost = ledger::cost(rate, first.usage, first.answer_time);
    const auto known = cost.value_or(NanoUsd{0});
    // An answer that was cut off may have cost more than was seen of it.
    const bool all_of_it =
        cost && (first.extent == Superseded::Extent::whole || ledger::only_time_costs(rate));
    if (cost)
        record.cost = record.cost.value_or(NanoUsd{0}) + *cost;
    return all_of_it ? NanoUsd{0} : difference(std::max(known, first.reserved), known);
}

/// What budgets are charged: the cost where it is known to be all of it, else no less than what was
/// reserved; and what attempts that failed may have cost.
void note_charge(ledger::SpendRecord& record, const InferenceRequest& request,
                 const Outcome& outcome)
{
    const auto& bill = outcome.bill;
    const auto known = record.cost.value_or(NanoUsd{0});
    bool all_of_it = !record.at_least && record.cost;
    if (outcome.served_by && record.cost) {
        // Where only time costs, an answer that broke off cost what it took.
        const auto& rate =
            request.arrival.snapshot->upstreams[at(outcome.served_by->deployment)].rate;
        all_of_it = all_of_it || ledger::only_time_costs(rate);
    }
    auto charged = bill.doubtful + (all_of_it ? known : std::max(known, bill.reserved));
    if (outcome.superseded) {
        const bool unpriced = !record.cost;
        const auto more = add_superseded(record, request, *outcome.superseded);
        charged = charged + difference(record.cost.value_or(NanoUsd{0}), known) + more;
        record.at_least = record.at_least || more > NanoUsd{0} || (unpriced && record.cost);
    }
    if (charged != record.cost.value_or(NanoUsd{0}))
        record.charged = charged;
    record.at_least = record.at_least || bill.doubtful > NanoUsd{0};
    if (charged > NanoUsd{0})
        record.charged_at = bill.charged_at;
}

}  // namespace

std::string recorded_name(std::string_view name)
{
    return printable(name, max_name);
}

std::string recorded_tags(const InferenceRequest& request)
{
    std::string text;
    const auto add = [&text](const std::vector<std::string>& tags) {
        for (const auto& tag : tags)
            text.append(text.empty() ? "[" : ",").append(json_quoted(recorded_name(tag)));
    };
    if (request.arrival.caller.grant)
        add(request.arrival.caller.grant->tags);
    add(request.facts.tags);
    return text.empty() ? text : text + "]";
}

ledger::SpendRecord make_record(const InferenceRequest& request, const Outcome& outcome,
                                TimePoint now)
{
    auto record = begin_record(request.arrival, now);
    record.end_user = recorded_name(request.facts.end_user);
    record.tags = recorded_tags(request);
    record.asked_model = printable(request.facts.model, max_name);
    note_deployment(record, request, outcome);
    record.outcome = outcome.end;
    record.status = client_status(outcome);
    if (outcome.error)
        record.error = describe(*outcome.error).name;
    record.why = why_line(request, outcome);
    record.retries = outcome.retries;
    record.fallbacks = outcome.fallbacks;
    record.attempts = static_cast<int>(outcome.failures.size()) + (outcome.served_by ? 1 : 0) +
                      (outcome.superseded ? 1 : 0);
    record.streamed = outcome.streamed;
    record.usage = outcome.usage;
    record.at_least = outcome.end != ledger::Outcome::served ||
                      outcome.usage.source == chat::UsageSource::estimated;
    note_charge(record, request, outcome);
    if (outcome.first_attempt)
        record.queue = between(request.received, *outcome.first_attempt);
    if (outcome.first_token)
        record.first_token = between(request.arrival.began, *outcome.first_token);
    record.engine = ledger::engine_json(outcome.engine);
    if (request.routing)
        record.routing = request.routing->taken;
    return record;
}

ledger::SpendRecord make_refusal(const InferenceRequest& request, const Error& error, TimePoint now)
{
    auto record = begin_record(request.arrival, now);
    record.asked_model = printable(request.facts.model, max_name);
    const bool gone = error.code() == Errc::client_gone;
    record.outcome = gone ? ledger::Outcome::abandoned : ledger::Outcome::refused;
    record.status = gone ? 0 : describe(error.code()).status;
    record.error = describe(error.code()).name;
    record.why =
        (request.routing ? "refused by routing: " : "refused before routing: ") + record.error;
    if (request.routing)
        record.routing = request.routing->taken;
    return record;
}

ledger::SpendRecord make_replayed(const InferenceRequest& request, const chat::KeptAnswer& answer,
                                  TimePoint now)
{
    auto record = begin_record(request.arrival, now);
    record.end_user = recorded_name(request.facts.end_user);
    record.tags = recorded_tags(request);
    record.asked_model = recorded_name(request.facts.model);
    record.group = answer.group;
    record.deployment_id = answer.deployment_id;
    record.provider = answer.provider;
    record.upstream_model = answer.upstream_model;
    record.outcome = ledger::Outcome::served;
    record.status = answer.status;
    record.why = "the answer of " + answer.call_id;
    record.streamed = answer.form == chat::KeptAnswer::Form::stream;
    record.usage.source = chat::UsageSource::exact;
    record.cost = NanoUsd{0};
    record.replayed = true;
    return record;
}

void publish(const ledger::SpendRecord& record, const Arrival& arrival, const Outcome* outcome,
             Services& services)
{
    services.metrics.requests(endpoint_name(arrival.endpoint), ledger::name(record.outcome))
        .Increment();
    if (outcome != nullptr && !outcome->engine.cascade.empty()) {
        const std::string_view word = outcome->engine.cascade;
        const auto colon = std::min(word.find(':'), word.size());
        services.metrics
            .cascades(word.substr(0, colon),
                      colon < word.size() ? word.substr(colon + 1) : std::string_view("none"))
            .Increment();
    }
    if (outcome != nullptr) {
        const auto own = record.total - outcome->upstream_time;
        services.metrics.overhead_seconds->Observe(std::chrono::duration<double>(own).count());
    }
    if (outcome != nullptr && outcome->served_by) {
        const auto& upstream = arrival.snapshot->upstreams[at(outcome->served_by->deployment)];
        upstream.metrics.served->Increment();
        upstream.metrics.prompt_tokens->Increment(static_cast<double>(count(record.usage.prompt)));
        upstream.metrics.completion_tokens->Increment(
            static_cast<double>(count(record.usage.completion)));
        upstream.metrics.total_seconds->Observe(
            std::chrono::duration<double>(record.total).count());
        if (record.first_token)
            upstream.metrics.first_token_seconds->Observe(
                std::chrono::duration<double>(*record.first_token).count());
        if (record.cost)
            upstream.metrics.spend_usd->Increment(static_cast<double>(count(*record.cost)) * 1e-9);
    }
    if (arrival.snapshot->config.server.access_log)
        SPILLWAY_INFO(
            "{} {} model=\"{}\" group=\"{}\" deployment={} outcome={} status={} "
            "tokens={}+{} ms={}{}",
            record.id.text(), record.call_type, record.asked_model, record.group,
            record.deployment_id, ledger::name(record.outcome), record.status,
            count(record.usage.prompt), count(record.usage.completion), record.total.count(),
            record.routing ? " reason=\"" + record.routing->reason + "\"" : std::string());
}

}  // namespace spillway::gateway
