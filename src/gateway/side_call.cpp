#include "spillway/gateway/side_call.hpp"

#include <algorithm>
#include <utility>

#include "member_number.hpp"
#include "ollama_call.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/body_edit.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/payment.hpp"
#include "spillway/gateway/sample.hpp"
#include "spillway/ledger/cost.hpp"
#include "spillway/route/attempt_chain.hpp"
#include "spillway/route/limits.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

constexpr Millis longest_call{120'000};

/// Where the call goes, and what was set aside for it.
struct Chosen {
    route::Target target;
    NanoUsd worst{};
    std::optional<guard::Reservation> money;  ///< Empty when it costs nothing.
    std::optional<ledger::OpenCalls::Slot> page;
    std::int64_t tokens = 0;  ///< Set aside of the deployment's own limit.
    ledger::SpendRecord record;
};

route::AnswerAsked asked_by(const SideCall& call, const chat::RequestFacts& facts)
{
    return route::answer_asked({facts.max_tokens, choices_of(facts, call.body)}, call.parameters);
}

/// A plan of one attempt within the request's limits.
route::Plan plan_for(const SideCall& call, const chat::RequestFacts& facts)
{
    const auto asked = asked_by(call, facts);
    auto plan = route::straight_to(call.place);
    plan.beyond = route::Beyond::nothing;
    plan.limits.fit = route::Fit::checked;
    plan.limits.task = config::Task::chat;
    plan.limits.content = call.content;
    plan.limits.prompt = call.prompt;
    plan.limits.answer = asked.longest;
    plan.limits.choices = asked.choices;
    return plan;
}

/// A deployment that is well and has a slot to spare: clients come first.
std::optional<route::Target> free_target(const SideCall& call, const chat::RequestFacts& facts,
                                         Services& services)
{
    const auto& snapshot = call.snapshot;
    const auto now = services.clock.now();
    chat::RequestControls controls;
    controls.num_retries = 0;
    controls.disable_fallbacks = true;
    route::AttemptChain chain(
        snapshot.table, route::ChainRequest{plan_for(call, facts), controls, call.prompt}, now);
    snapshot.fleet->read(services.fleet_view, now);
    const route::Moment moment{now, services.fleet_view, services.shard.random().draw(), false};
    auto action = chain.start(moment);
    auto* const send = std::get_if<route::Send>(&action);
    if (send == nullptr)
        return std::nullopt;
    const auto index = send->target.deployment;
    const auto& most = snapshot.table[index].max_parallel;
    const auto running = snapshot.fleet->in_flight(index, now);
    const bool spare = !most || running == 0 || running + 1 < *most;
    auto* const gate = snapshot.engines->of(index);
    if (gate != nullptr &&
        !gate->spare(upstream_model(snapshot.upstreams[at(index)], send->target.wildcard)))
        return std::nullopt;
    if (!spare || snapshot.fleet->state_number(index, now) != 0)
        return std::nullopt;
    return std::move(send->target);
}

struct Wire {
    std::vector<dialect::Splice> edits;
    OllamaCall ollama;  ///< Instead of the body and its edits.
    std::vector<std::string_view> pieces;
    std::string head;  ///< Empty when the request cannot be said to the deployment.
};

/// The same for an Ollama.
void write_for_ollama(const SideCall& call, const chat::RequestFacts& facts,
                      const route::Target& target, const std::string& model, Wire& wire)
{
    const auto& upstream = call.snapshot.upstreams[at(target.deployment)];
    OllamaWish wish{upstream, facts, call.body, chat::Endpoint::chat, model, {}, {}, {}};
    for (const auto& parameter : call.parameters)
        wish.overrides.emplace_back(parameter.name, parameter.json);
    wish.overrides.emplace_back("stream", "false");
    wish.window.allocated = target.window;
    auto written = in_ollamas_words(std::move(wish));
    if (!written)
        return;
    wire.ollama = *std::move(written);
    wire.pieces.assign(1, wire.ollama.body);
    wire.head = wire_head(upstream, {"POST", call.suffix, call.forwarded, "application/json",
                                     wire.ollama.body.size(), wire.ollama.path});
}

void write_wire(const SideCall& call, const chat::RequestFacts& facts, const route::Target& target,
                Wire& wire)
{
    const auto& upstream = call.snapshot.upstreams[at(target.deployment)];
    const auto model = upstream_model(upstream, target.wildcard);
    if (upstream.ollama)
        return write_for_ollama(call, facts, target, model, wire);
    // Whole, whatever the client asked for: nobody reads along.
    auto rules = upstream.rules;
    rules.no_stream_options = true;
    for (const auto& parameter : call.parameters)
        rules.overrides.emplace_back(parameter.name, parameter.json);
    if (facts.delivery == chat::Delivery::stream)
        rules.overrides.emplace_back("stream", "false");
    wire.edits = dialect::plan_edits(facts, call.body, model, rules, dialect::UsageInjection::leave,
                                     chat::Endpoint::chat);
    wire.pieces = dialect::slices(call.body, wire.edits);
    std::size_t length = 0;
    for (const auto piece : wire.pieces)
        length += piece.size();
    wire.head =
        wire_head(upstream, {"POST", call.suffix, call.forwarded, "application/json", length});
}

ledger::SpendRecord record_of(const SideCall& call, const route::Target& target, Services& services)
{
    ledger::SpendRecord record;
    record.started = services.clock.wall();
    record.id = services.shard.random().next(record.started);
    record.call_type = call.call_type;
    record.asked_model = printable(call.route->source().name, 256);
    name_place(record, call.snapshot, target.group, target.deployment);
    record.why = call.why;
    record.attempts = 1;
    return record;
}

/// Sets the worst case aside in the budgets of the proxy and of the place, and writes the call
/// down, as for a client's request.
Result<void> set_aside(const SideCall& call, Chosen& chosen, Services& services)
{
    auto& record = chosen.record;
    if (chosen.worst == NanoUsd{0})
        return {};
    auto& payers = services.payers;
    payers.assign(1, {chat::ScopeKind::proxy, {}});
    add_target_scopes(call.snapshot, nullptr, chosen.target.group, chosen.target.deployment,
                      payers);
    auto taken = services.budgets.reserve(record.id, payers, chosen.worst, record.started);
    if (!taken)
        return fail(guard::describe(taken.error(), services.clock.wall()));
    chosen.money.emplace(*std::move(taken));
    if (chosen.money->at() != record.started)
        record.charged_at = chosen.money->at();
    ledger::CallNote note;
    note.id = record.id;
    note.started = record.started;
    note.charged_at = chosen.money->at();
    note.amount = chosen.worst;
    note.call_type = record.call_type;
    note.asked_model = record.asked_model;
    name_place(note, call.snapshot, chosen.target.group, chosen.target.deployment);
    auto page = services.open_calls.note(note);
    if (!page) {
        chosen.money->release();
        return fail(std::move(page).error());
    }
    chosen.page = *page;
    return {};
}

/// Takes its part of the deployment's own limits, or puts the money back.
bool admit(const SideCall& call, const chat::RequestFacts& facts, Chosen& chosen,
           Services& services)
{
    const chat::TokenWish wish{call.prompt, facts.max_tokens.value_or(Tokens{0}),
                               chat::TokenWish::Answer::asked};
    const auto admitted =
        call.snapshot.fleet->admit(chosen.target.deployment, wish, services.clock.now());
    if (admitted) {
        chosen.tokens = *admitted;
        return true;
    }
    if (chosen.page)
        services.open_calls.clear(*chosen.page);
    if (chosen.money)
        chosen.money->release();
    return false;
}

/// What the upstream said, and how its call ended.
struct Heard {
    SideEnd end = SideEnd::failed;
    int status = 0;
    std::string body;
};

/// Reads an answer of bounded size.
net::Task<void> read_answer(net::UpstreamCall& upstream, TimePoint by, Heard& heard)
{
    while (heard.body.size() <= largest_compared) {
        const auto piece = co_await upstream.read(by);
        if (!piece) {
            if (piece.error().fault == net::CallFault::cancelled)
                heard.end = SideEnd::cancelled;
            co_return;
        }
        if (piece->empty()) {
            heard.end = SideEnd::answered;
            co_return;
        }
        heard.body.append(*piece);
    }
}

void put_into_openais_words(Heard& heard, const SideCall& call, Services& services)
{
    const auto now = services.clock.wall();
    const auto frame = answer_frame(services.shard.random().next(now), now, call.prompt);
    auto answer = in_openais_words(heard.body, chat::Endpoint::chat, frame);
    if (answer)
        heard.body = std::move(answer->body);
    else
        heard.end = SideEnd::failed;
}

net::Task<Heard> send(net::UpstreamCall& upstream, const SideCall& call, const Wire& wire,
                      const route::Target& target, Services& services)
{
    Heard heard;
    if (wire.head.empty())
        co_return heard;
    net::UpstreamRequest request;
    request.head = wire.head;
    request.body = wire.pieces;
    net::CallBounds bounds(privacy::Passage::cleared(call.clearance));
    bounds.connect = call.snapshot.config.upstream.connect_timeout;
    bounds.deadline = std::min(target.deadline, services.clock.now() + longest_call);
    bounds.first_byte_by = bounds.deadline;
    const auto& origin = call.snapshot.upstreams[at(target.deployment)].origin;
    const auto begun = co_await upstream.start(origin, request, bounds);
    if (!begun) {
        if (begun.error().fault == net::CallFault::cancelled)
            heard.end = SideEnd::cancelled;
        co_return heard;
    }
    heard.status = (*begun)->status;
    if (heard.status >= 200 && heard.status <= 299)
        co_await read_answer(upstream, bounds.deadline, heard);
    if (!wire.ollama.path.empty() && heard.end == SideEnd::answered)
        put_into_openais_words(heard, call, services);
    co_return heard;
}

void conclude(ledger::SpendRecord& record, const SideCall& call, const route::Target& target,
              Heard& heard, TimePoint began, Services& services)
{
    const auto& upstream = call.snapshot.upstreams[at(target.deployment)];
    record.status = heard.status;
    record.total =
        std::chrono::duration_cast<Millis>(std::max(services.clock.now(), began) - began);
    auto facts = dialect::read_answer(heard.body, chat::Endpoint::chat, call.prompt);
    if (heard.end == SideEnd::answered && facts.failure)
        heard.end = SideEnd::failed;
    switch (heard.end) {
        case SideEnd::answered:
            record.outcome = ledger::Outcome::served;
            record.usage = facts.usage;
            record.cost = ledger::cost(upstream.rate, record.usage);
            record.at_least = record.usage.source == chat::UsageSource::estimated;
            return;
        case SideEnd::cancelled:
            record.outcome = ledger::Outcome::abandoned;
            break;
        case SideEnd::failed:
        case SideEnd::unavailable:
        case SideEnd::over_budget:
            record.outcome =
                heard.body.empty() ? ledger::Outcome::refused : ledger::Outcome::broken;
            break;
    }
    record.at_least = true;
}

/// What is charged: what it cost, and the worst case where that is not known but may be billed.
NanoUsd charge_of(const ledger::SpendRecord& record, const Heard& heard, bool sent, NanoUsd worst)
{
    if (record.cost)
        return *record.cost;
    const bool refused = heard.status >= 300;
    return sent && !refused ? worst : NanoUsd{0};
}

/// Calls the target and records it. The call lives until the record is written: a shard that ends
/// waits for what is upstream.
net::Task<SideAnswer> run_at(const SideCall& call, const chat::RequestFacts& facts, Chosen& chosen,
                             Services& services)
{
    const auto& target = chosen.target;
    auto& record = chosen.record;
    Wire wire;
    write_wire(call, facts, target, wire);
    const auto began = services.clock.now();
    net::UpstreamCall upstream(services.shard);
    const SideCalls::Place place(services.side_calls, upstream);
    call.snapshot.fleet->started(target.deployment, began);
    auto heard = co_await send(upstream, call, wire, target, services);
    conclude(record, call, target, heard, began, services);
    guard::AttemptReport report;
    report.deployment = target.deployment;
    report.end = guard::AttemptReport::End::abandoned;
    report.set_aside = chosen.tokens;
    if (record.usage.source != chat::UsageSource::unknown)
        report.used = record.usage.prompt + record.usage.completion;
    call.snapshot.fleet->ended(report, services.clock.now());
    const auto charge = charge_of(record, heard, upstream.request_sent(), chosen.worst);
    if (!record.cost && count(charge) > 0)
        record.charged = charge;
    services.shared.shadow_allowance.settle(call.route->source().name, chosen.worst, charge,
                                            services.clock.wall());
    auto commit = services.settlements.commit(record);
    const auto committed = co_await commit;
    if (chosen.money)
        chosen.money->settle(charge, guard::Certainty::exact);
    if (committed && chosen.page) {
        services.open_calls.clear(*chosen.page);
    } else if (!committed) {
        // Until its record is written the call stays where the next start finds it.
        if (chosen.page)
            services.open_calls.keep(*chosen.page);
        services.settlements.defer(record);
    }
    if (services.budgets.has_news())
        services.shared.tell_budget_news();
    SideAnswer answer;
    answer.end = heard.end;
    answer.body = std::move(heard.body);
    answer.deployment = target.deployment;
    answer.group = target.group;
    co_return answer;
}

}  // namespace

net::Task<SideAnswer> run_side_call(SideCall call, Services& services)
{
    SideAnswer refused;
    const auto facts = services.reader.read(call.body, chat::Endpoint::chat);
    if (!facts || services.side_calls.stopped())
        co_return refused;
    Chosen chosen;
    auto target = free_target(call, *facts, services);
    if (!target)
        co_return refused;
    chosen.target = *std::move(target);
    const auto asked = asked_by(call, *facts);
    const auto worst = route::worst_cost(call.snapshot.table[chosen.target.deployment], call.prompt,
                                         asked.longest, asked.choices);
    const auto& route = call.route->source();
    if (!worst || !services.shared.shadow_allowance.reserve(
                      route.name, *worst, route.shadow->max_cost_per_day, services.clock.wall())) {
        refused.end = SideEnd::over_budget;
        co_return refused;
    }
    chosen.worst = *worst;
    chosen.record = record_of(call, chosen.target, services);
    const bool paid = set_aside(call, chosen, services).has_value();
    if (!paid || !admit(call, *facts, chosen, services)) {
        services.shared.shadow_allowance.settle(route.name, *worst, NanoUsd{0},
                                                services.clock.wall());
        refused.end = paid ? SideEnd::unavailable : SideEnd::over_budget;
        co_return refused;
    }
    auto answer = co_await run_at(call, *facts, chosen, services);
    co_return answer;
}

}  // namespace spillway::gateway
