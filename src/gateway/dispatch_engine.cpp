// A dispatch before and behind local engines: its turn there, and what they are told of it.

#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/gateway/dispatch.hpp"
#include "spillway/gateway/warm_up.hpp"

namespace spillway::gateway {
namespace {

/// Says in the reason of a routed request what became of its first choice; of one that named a
/// model, in a line of its own.
void add_reason(InferenceRequest& request, const std::string& words)
{
    constexpr std::string_view name = "x-spillway-reason: ";
    if (!request.routing) {
        request.queue_lines.append(name).append(words).append("\r\n");
        return;
    }
    Routing routing = *request.routing;
    auto taken = std::make_shared<ledger::RouteTaken>(*routing.taken);
    taken->reason += "; " + words;
    routing.taken = std::move(taken);
    if (const auto at = routing.lines.find(name); at != std::string::npos)
        routing.lines.insert(routing.lines.find("\r\n", at), "; " + words);
    request.routing = std::make_unique<const Routing>(std::move(routing));
}

}  // namespace

/// @return False when the request does not go there: `next_` says what follows.
net::Task<bool> Dispatch::take_turn(const route::Target& target, guard::EngineGate& gate,
                                    std::unique_ptr<guard::EnginePass>& pass)
{
    auto priority = priority_of(request_, chain_.plan(), exchange_.head().fields);
    if (!priority) {
        next_ = route::Stop{std::move(priority).error()};
        co_return false;
    }
    if (holds_slot_of(gate)) {
        // It would wait for itself.
        next_ = chain_.turned_away(Error(Errc::overloaded, "The local engine is busy."),
                                   moment(services_.clock.now()));
        co_return false;
    }
    const auto known = turn_of(target);
    const EngineTurn::Parts parts{request_, target,    chain_,    exchange_,
                                  watch_,   services_, *priority, known};
    EngineTurn turn(parts, gate);
    const auto end = co_await turn.wait();
    note_turn(turn, target);
    switch (end) {
        case EngineTurn::End::admitted:
            pass = turn.take_pass();
            co_return true;
        case EngineTurn::End::client_left:
            note_left(ClientLeft{});
            next_.reset();
            break;
        case EngineTurn::End::elsewhere:
            go_elsewhere(turn, target, gate);
            break;
        case EngineTurn::End::refused:
            services_.metrics.engine_refusals(gate.address()).Increment();
            // What was refused points into what is replaced here.
            next_ = chain_.turned_away(turn.refusal(), moment(services_.clock.now()));
            break;
    }
    co_return false;
}

/// Has an answer that was doubted, and only begun, kept its slot there?
bool Dispatch::holds_slot_of(const guard::EngineGate& gate) const
{
    return first_ && first_->attempt.pass &&
           snapshot_.engines->of(first_->target.deployment) == &gate;
}

engine::Turn Dispatch::turn_of(const route::Target& target) const
{
    return last_server() == target.deployment ? engine::Turn::follow_up : engine::Turn::first;
}

void Dispatch::note_turn(const EngineTurn& turn, const route::Target& target)
{
    asked_ = turn.asked();
    expected_ = turn.expected();
    auto& facts = outcome_->engine;
    facts.queued = facts.queued.value_or(Millis{0}) + turn.waited();
    facts.predicted = turn.expected();
    if (const auto position = turn.position()) {
        facts.position = position;
        request_.queue_lines = "x-spillway-queue-position: " + std::to_string(*position) +
                               "\r\nx-spillway-queue-ms: " + std::to_string(facts.queued->count()) +
                               "\r\n";
    }
    const auto& metrics = snapshot_.upstreams[at(target.deployment)].engine;
    if (metrics)
        metrics->wait_seconds->Observe(std::chrono::duration<double>(turn.waited()).count());
}

void Dispatch::go_elsewhere(const EngineTurn& turn, const route::Target& target,
                            guard::EngineGate& gate)
{
    outcome_->engine.predicted.reset();
    outcome_->spilled.push_back({target.group, target.deployment, turn.why(), turn.expected()});
    gate.spilled(services_.clock.now());
    services_.metrics.engine_spills(gate.address(), turn.why()).Increment();
    add_reason(request_, "not waited for " + printable(snapshot_.table[target.deployment].id, 60) +
                             " (" + std::string(turn.why()) + ", " +
                             std::to_string(turn.expected().count()) + " ms)");
    if (turn.cold())
        warm_up(request_.arrival.snapshot, target, services_);
    next_ = chain_.passed_over(moment(services_.clock.now()));
}

/// A request that was told of its wait has the head of a stream, so it ends as one.
void Dispatch::end_as_stream()
{
    const bool whole = std::holds_alternative<WholeReply>(outcome_->parting);
    auto* const told = std::get_if<ErrorReply>(&outcome_->parting);
    if ((!whole && told == nullptr) || !exchange_.reply_began())
        return;
    Error error =
        whole ? Error(Errc::upstream_bad_reply, "The stream that was asked for was answered whole.")
              : std::move(told->error);
    outcome_->end = ledger::Outcome::broken;
    outcome_->error = error.code();
    outcome_->streamed = true;
    outcome_->parting = StreamEnd{dialect::error_event(error)};
}

/// The attempt begins in its engine's slot.
void Dispatch::give_pass(Attempt& attempt, std::unique_ptr<guard::EnginePass>& pass) const
{
    if (!pass)
        return;
    attempt.pass = std::move(pass);
    attempt.pass->sent(asked_, expected_, attempt.began);
}

/// The attempt is over: its slot is free again.
void Dispatch::take_pass(Attempt& attempt)
{
    if (!attempt.pass)
        return;
    feed(*attempt.pass, attempt, services_.clock.now());
    attempt.pass.reset();
}

/// Tells the engine's picture how the attempt went.
void Dispatch::feed(guard::EnginePass& pass, const Attempt& attempt, TimePoint now)
{
    engine::Served served;
    std::optional<TimePoint> first_token;
    const auto take = [&](const auto& answer) {
        served.prompt = answer.usage.prompt;
        served.generated = answer.usage.completion;
        served.engine = answer.engine;
        first_token = answer.first_token;
    };
    const auto* answered = std::get_if<Answered>(&*attempt.end);
    const auto* doubted = std::get_if<Doubted>(&*attempt.end);
    if (answered != nullptr && !answered->failure) {
        take(*answered);
    } else if (doubted != nullptr && doubted->extent == Doubted::Extent::whole) {
        take(*doubted);
    } else {
        const auto* failure = std::get_if<chat::Failure>(&*attempt.end);
        if (failure != nullptr && failure->unreached)
            snapshot_.engines->of(attempt.target.deployment)->vanished(now);
        if (failure != nullptr && failure->kind == chat::FailureClass::loading)
            pass.still_loading(now);
        else
            pass.failed(now);
        return;
    }
    served.sent = attempt.began;
    // Of a whole answer only the engine knows when its first token was there.
    if (first_token && request_.facts.delivery == chat::Delivery::stream)
        served.first_token = std::chrono::duration_cast<Millis>(*first_token - attempt.began);
    served.took = std::chrono::duration_cast<Millis>(now - attempt.began);
    served.turn = turn_of(attempt.target);
    const auto miss = pass.served(served, now);
    const auto& metrics = snapshot_.upstreams[at(attempt.target.deployment)].engine;
    if (miss && metrics)
        (miss->error > Millis{0} ? metrics->late_seconds : metrics->early_seconds)
            ->Observe(std::chrono::duration<double>(miss->size).count());
}

}  // namespace spillway::gateway
