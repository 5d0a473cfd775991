#include "spillway/gateway/front.hpp"

#include <utility>

#include "spillway/gateway/answer_headers.hpp"
#include "spillway/gateway/budget_headers.hpp"
#include "spillway/gateway/budget_reading.hpp"
#include "spillway/gateway/dispatch.hpp"
#include "spillway/gateway/endpoints.hpp"
#include "spillway/gateway/exact_count.hpp"
#include "spillway/gateway/explain.hpp"
#include "spillway/gateway/key_access.hpp"
#include "spillway/gateway/models.hpp"
#include "spillway/gateway/ollama_front.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "spillway/gateway/rates.hpp"
#include "spillway/gateway/read_request.hpp"
#include "spillway/gateway/reply.hpp"
#include "spillway/gateway/settle.hpp"
#include "spillway/gateway/shadows.hpp"
#include "spillway/gateway/unrecorded.hpp"

namespace spillway::gateway {
namespace {

/// The right to be in flight: counted from the head to the last byte, also when the client leaves.
class Permit {
public:
    explicit Permit(Shared& shared) : shared_(shared)
    {
        shared_.in_flight.fetch_add(1, std::memory_order_relaxed);
    }
    ~Permit() { shared_.in_flight.fetch_sub(1, std::memory_order_relaxed); }
    Permit(const Permit&) = delete;
    Permit& operator=(const Permit&) = delete;

private:
    Shared& shared_;
};

Result<void> admit(const Services& services)
{
    const auto limit = services.snapshot->config.server.max_in_flight;
    if (services.shared.in_flight.load(std::memory_order_relaxed) >= limit)
        return fail(Error(Errc::overloaded, "Too many requests are in flight; try again shortly.")
                        .retry_in(Millis{1'000}));
    return {};
}

/// There is no answer for those that wait for this one's: they need not wait for its client.
void let_the_next_lead(InferenceRequest& request)
{
    if (request.same)
        request.same->lead.reset();
}

/// Commits the record, then tells the client. The refusal stands also when the ledger fails: no
/// answer was given that would need a record.
net::Task<void> refuse(InferenceRequest& request, Error error, net::Exchange& exchange,
                       Services& services)
{
    const auto now = services.clock.now();
    auto record = make_refusal(request, error, now);
    return_tokens(request, now);
    publish(record, request.arrival, nullptr, services);
    bool committed = false;
    if (services.settlements.healthy()) {
        auto commit = services.settlements.commit(record);
        const auto result = co_await commit;
        committed = result.has_value();
    }
    if (!committed)
        services.settlements.defer(record);
    let_the_next_lead(request);
    auto lines = error_headers(request.arrival, error);
    lines.add_block(request.routing_lines()).add_block(request.rate_lines());
    const auto body = error_body(request, error);
    (void)co_await exchange.reply(describe(error.code()).status, lines, body);
}

/// What the client of a whole answer gets to see besides the upstream's own headers.
void complete_headers(net::HeaderLines& headers, const InferenceRequest& request,
                      const ledger::SpendRecord& record, const Outcome& outcome)
{
    const auto& arrival = request.arrival;
    const auto& snapshot = *arrival.snapshot;
    {
        LineBuffer lines(headers);
        if (outcome.served_by)
            add_answer_headers(lines, arrival.id,
                               snapshot.upstreams[at(outcome.served_by->deployment)],
                               outcome.retries, outcome.fallbacks);
        lines.put(request.routing_lines()).put(request.queue_lines).put(request.rate_lines());
        add_final_headers(lines, record, outcome);
    }
    add_cors(headers, snapshot.config.server, arrival.origin);
}

/// Sends what was held back for the record: the only place where an answer ends.
net::Task<void> deliver(const InferenceRequest& request, Parting parting, const Outcome& outcome,
                        net::Exchange& exchange)
{
    if (const auto* whole = std::get_if<WholeReply>(&parting)) {
        (void)co_await exchange.reply(whole->status, whole->headers, whole->body);
    } else if (const auto* end = std::get_if<StreamEnd>(&parting)) {
        (void)co_await exchange.send_last(end->bytes);
    } else if (const auto* error = std::get_if<ErrorReply>(&parting)) {
        auto lines = error_headers(request.arrival, error->error);
        lines.add_block(request.routing_lines()).add_block(request.queue_lines);
        lines.add_block(request.rate_lines());
        lines.add("x-spillway-attempted-retries", outcome.retries);
        lines.add("x-litellm-attempted-retries", outcome.retries);
        lines.add("x-spillway-attempted-fallbacks", outcome.fallbacks);
        lines.add("x-litellm-attempted-fallbacks", outcome.fallbacks);
        const auto body = error_body(request, error->error);
        (void)co_await exchange.reply(error->status, lines, body);
    }
}

/// What is kept of a whole answer's head, before the lines come that are its own alone.
void note_head(SameRequest& same, WholeReply& whole)
{
    same.begin(whole.status, whole.headers.text());
    if (same.by == SameRequest::By::key && whole.body.size() > same.most_bytes)
        whole.headers.add("x-spillway-idempotent-stored", "false");
}

/// Records a dispatched request and sends the end of its answer, in that order.
net::Task<void> settle(InferenceRequest& request, Dispatch& dispatch, net::Exchange& exchange,
                       Services& services)
{
    auto& outcome = dispatch.outcome();
    blame_ledger(outcome, services);
    const auto now = services.clock.now();
    auto record = make_record(request, outcome, now);
    correct_rates(request, outcome, now);
    publish(record, request.arrival, &outcome, services);
    if (auto* whole = std::get_if<WholeReply>(&outcome.parting)) {
        if (request.same)
            note_head(*request.same, *whole);
        complete_headers(whole->headers, request, record, outcome);
    }
    if (request.routing)
        add_explanation(*request.routing, outcome.parting);
    // A ledger that is known to fail is not waited for when it need not be.
    Result<void> committed = fail(no_ledger());
    if (services.settlements.healthy() || !may_go_unrecorded(request, outcome)) {
        auto commit = services.settlements.commit(record);
        committed = co_await commit;
    }
    if (request.same && committed)
        hand_on(request, outcome, services);
    else
        let_the_next_lead(request);
    if (request.sample)
        keep_answer(*request.sample, outcome);
    dispatch.payment().close(record.charged.value_or(record.cost.value_or(NanoUsd{0})),
                             committed ? Payment::Written::yes : Payment::Written::no);
    if (auto* whole = std::get_if<WholeReply>(&outcome.parting); whole && outcome.served_by) {
        LineBuffer lines(whole->headers);
        add_budget_headers(lines, request, outcome.served_by->group, outcome.served_by->deployment,
                           services);
    }
    auto parting = committed
                       ? std::move(outcome.parting)
                       : part_without_record(request, outcome, record, committed.error(), services);
    voice_parting(request, parting, outcome, services.clock);
    co_await deliver(request, std::move(parting), outcome, exchange);
}

void arrive(Arrival& arrival, const net::Exchange& exchange, Services& services)
{
    arrival.started = services.clock.wall();
    arrival.id = services.shard.random().next(arrival.started);
    arrival.snapshot = services.snapshot;
    arrival.began = exchange.began();
    arrival.origin = exchange.head().fields["origin"];
}

/// Describes the request and decides where it goes. Where the estimate cannot tell whether the
/// prompt fits a local engine, that one is asked first.
net::Task<Result<void>> plan(InferenceRequest& request, const net::Fields& fields,
                             Services& services)
{
    auto described = describe(request, fields, services.describer, ShareUse::take);
    if (!described)
        co_return fail(std::move(described).error());
    const auto doubt = doubtful_fit(*described, request, services);
    if (doubt)
        co_await count_exactly(*doubt, *described, request, services);
    co_return plan_request(*std::move(described), request, services);
}

/// Admits the request, reads it and plans where it goes, or refuses it, or gives it the answer of
/// another that is the same. A coroutine of its own, so
/// that what only this needs is gone while a long stream runs.
/// @param permit  Set when the request is admitted.
/// @return False when it was refused or answered.
net::Task<bool> take_in(InferenceRequest& request, const Destination& destination,
                        std::optional<Permit>& permit, net::Exchange& exchange, Services& services)
{
    auto taken = admit(services);
    if (taken) {
        permit.emplace(services.shared);
        taken = co_await read_request(request, destination, exchange, services);
    }
    if (taken)
        taken = apply_grant(request, services.keys.now()->grants);
    if (taken && only_loads(request)) {
        taken = co_await answer_load(request, exchange, services);
        if (taken)
            co_return false;
    }
    if (taken && compare_with_others(request, exchange.head().fields)) {
        auto joined = co_await join_same(request, exchange, services);
        if (joined && *joined == Joined::answered)
            co_return false;
        if (!joined)
            taken = fail(std::move(joined).error());
    }
    if (taken)
        taken = take_rates(request, services);
    if (!taken && may_get_more(request, services))
        taken = co_await wait_for_rates(request, exchange, services);
    if (taken)
        taken = co_await plan(request, exchange.head().fields, services);
    if (!taken)
        co_await refuse(request, std::move(taken.error()), exchange, services);
    co_return taken.has_value();
}

/// The life of one inference request, top to bottom: docs/life-of-a-request.md.
net::Task<void> serve_inference(chat::Caller caller, Destination destination,
                                net::Exchange& exchange, Services& services)
{
    InferenceRequest request;
    request.arrival.caller = caller;
    request.arrival.endpoint = destination.endpoint;
    request.arrival.form = destination.form;
    arrive(request.arrival, exchange, services);
    std::optional<Permit> permit;
    const bool taken = co_await take_in(request, destination, permit, exchange, services);
    if (!taken)
        co_return;

    Dispatch dispatch(request, exchange, services);
    co_await dispatch.run();
    co_await settle(request, dispatch, exchange, services);
    if (request.sample)
        offer_shadow(request, dispatch.outcome(), services);
}

/// Tells where a request would go. Nothing is called, recorded or counted.
net::Task<void> serve_explain(chat::Caller caller, Destination destination, net::Exchange& exchange,
                              Services& services)
{
    InferenceRequest request;
    request.arrival.caller = caller;
    request.arrival.endpoint = destination.endpoint;
    arrive(request.arrival, exchange, services);
    const auto snapshot = request.arrival.snapshot;
    auto read = co_await read_request(request, destination, exchange, services);
    if (read)
        read = apply_grant(request, services.keys.now()->grants);
    if (!read)
        co_return co_await reply_error(exchange, *snapshot, std::move(read.error()));
    const BudgetReading budgets(request, services.budgets, services.clock.wall());
    auto explained = explain(request, exchange.head().fields, services.describer,
                             services.fleet_view, budgets.view());
    if (!explained)
        co_return co_await reply_error(exchange, *snapshot, std::move(explained.error()));
    co_await reply_whole(exchange, *snapshot, 200, "application/json", *std::move(explained));
}

net::Task<void> serve_models(chat::Caller caller, Destination destination, net::Exchange& exchange,
                             std::shared_ptr<const Snapshot> snapshot)
{
    if (destination.service == Service::model_list)
        co_return co_await reply_whole(exchange, *snapshot, 200, "application/json",
                                       model_list(*snapshot, caller));
    auto card = model_card(*snapshot, caller,
                           destination.suffix.substr(std::string_view("/models/").size()));
    if (!card)
        co_return co_await reply_error(exchange, *snapshot, std::move(card.error()));
    co_await reply_whole(exchange, *snapshot, 200, "application/json", *std::move(card));
}

net::Task<void> turn_away(net::Exchange& exchange, std::shared_ptr<const Snapshot> snapshot,
                          Error error)
{
    co_await reply_error(exchange, *snapshot, std::move(error));
}

bool greets(Service service)
{
    return service == Service::ollama_hello || service == Service::ollama_version;
}

/// What a path is for, to whoever says which paths a key may call.
PathKind kind_of(Service service)
{
    switch (service) {
        case Service::model_list:
        case Service::model_card:
        case Service::ollama_models:
        case Service::ollama_running:
        case Service::ollama_card:
            return PathKind::models;
        case Service::ollama_engine:
            return PathKind::changing;
        case Service::inference:
        case Service::preflight:
        case Service::explain:
        case Service::ollama_hello:
        case Service::ollama_version:
            return PathKind::inference;
    }
    return PathKind::inference;
}

/// May the key call the path? One that stands for a path of OpenAI's may be called by its name,
/// too.
Result<void> may_call(const chat::Caller& caller, const Destination& destination,
                      const net::RequestHead& head)
{
    const auto kind = kind_of(destination.service);
    auto may = check_path(caller, head.path, kind);
    if (!may && is_ollama_path(head.path) && !destination.suffix.empty() &&
        check_path(caller, destination.suffix, kind))
        return {};
    return may;
}

}  // namespace

// No coroutine itself: its frame would stand beside every open stream. What it returns is begun at
// once, so nothing has replaced the snapshot by then.
net::Task<void> serve(net::Exchange& exchange, Services& services)
{
    const auto& snapshot = services.snapshot;
    auto destination = find_destination(exchange.head());
    if (!destination)
        return turn_away(exchange, snapshot, std::move(destination.error()));
    if (destination->service == Service::preflight)
        return reply_preflight(exchange, snapshot);
    if (greets(destination->service))
        return greet_ollama(destination->service, exchange, snapshot);

    // From the head, before the body is read: a stranger costs a few hundred bytes.
    auto caller = authenticate(exchange.head(), services);
    if (!caller) {
        services.metrics.strangers->Increment();
        return turn_away(exchange, snapshot, std::move(caller.error()));
    }
    if (auto may = may_call(*caller, *destination, exchange.head()); !may)
        return turn_away(exchange, snapshot, std::move(may).error());
    if (destination->service == Service::explain)
        return serve_explain(*caller, *destination, exchange, services);
    if (destination->service >= Service::ollama_models)
        return serve_ollama(*std::move(caller), *destination, exchange, services);
    if (destination->service != Service::inference)
        return serve_models(*caller, *destination, exchange, snapshot);
    return serve_inference(*caller, *destination, exchange, services);
}

}  // namespace spillway::gateway
