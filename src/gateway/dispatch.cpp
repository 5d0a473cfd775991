#include "spillway/gateway/dispatch.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/gateway/lease_wait.hpp"
#include "spillway/tokens/family.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

dialect::UsageInjection usage_wish(const InferenceRequest& request, const Upstream& upstream)
{
    const bool metered = request.endpoint() == chat::Endpoint::chat ||
                         request.endpoint() == chat::Endpoint::completions;
    const bool ask = metered && request.facts.delivery == chat::Delivery::stream &&
                     !request.facts.usage_asked && !upstream.rules.no_stream_options;
    return ask ? dialect::UsageInjection::ask : dialect::UsageInjection::leave;
}

/// Instead of the tokens that were set aside; nothing when nobody can tell.
std::optional<Tokens> used(const chat::Usage& usage)
{
    if (usage.source == chat::UsageSource::unknown)
        return std::nullopt;
    return usage.prompt + usage.completion;
}

/// What was sent may be billed, but an error status costs nothing, unless parts were answered
/// before.
void note_cost(Payment& payment, const Attempt& attempt, Payment::Cost sent)
{
    if (const auto* failure = std::get_if<chat::Failure>(&*attempt.end))
        payment.failed(failure->status >= 400 && attempt.parts_answered == 0 ? Payment::Cost::none
                                                                             : sent);
    else
        payment.answered(sent);
}

}  // namespace

Dispatch::Dispatch(InferenceRequest& request, net::Exchange& exchange, Services& services)
    : request_(request),
      exchange_(exchange),
      services_(services),
      snapshot_(*request.arrival.snapshot),
      watch_(exchange),
      chain_(snapshot_.table,
             route::ChainRequest{std::move(*request.plan), std::move(request.facts.controls),
                                 request.prompt_estimate, last_server(),
                                 token_wish(request, request.prompt_estimate)},
             request.received),
      payment_(request, services)
{
    request.plan.reset();
}

/// Who served this conversation last, in the first group it may go to.
std::optional<DeploymentIndex> Dispatch::last_server() const
{
    if (!request_.routing)
        return std::nullopt;
    return services_.shared.conversations.last(request_.routing->conversation, snapshot_.table,
                                               request_.asked.group, request_.received);
}

route::Moment Dispatch::moment(TimePoint now)
{
    snapshot_.fleet->read(services_.fleet_view, now);
    return {now, services_.fleet_view, services_.shard.random().draw(),
            services_.shared.retry_budget.may_retry(now)};
}

/// Sends the request to one deployment and decides what follows from how that ended.
net::Task<void> Dispatch::attempt(const route::Target& target, TimePoint began)
{
    std::unique_ptr<guard::EnginePass> pass;
    if (auto* const gate = snapshot_.engines->of(target.deployment)) {
        const bool admitted = co_await take_turn(target, *gate, pass);
        if (!admitted)
            co_return;
        began = services_.clock.now();
    }
    auto paid = payment_.begin(target, chain_.plan(), began);
    if (!paid && payment_.lacks_lease()) {
        co_await wait_for_lease(target, paid);
        began = services_.clock.now();
    }
    if (!paid) {
        next_ = cannot_pay(std::move(paid).error(), began);
        co_return;
    }
    const auto admitted = snapshot_.fleet->admit(target.deployment, chain_.wish(), began);
    if (!admitted) {
        payment_.failed(Payment::Cost::none);
        next_ = chain_.withdrawn(moment(began));
        co_return;
    }
    set_aside_ = *admitted;
    if (!first_attempt_)
        first_attempt_ = began;
    snapshot_.fleet->started(target.deployment, began);
    const bool verified = chain_.plan().verify && !first_ &&
                          request_.endpoint() == chat::Endpoint::chat &&
                          request_.form == BodyForm::json;
    if (verified)
        co_return co_await attempt_verified(target, began, pass);

    auto attempt = attempt_at(target, began);
    if (first_)
        attempt.rival = &std::get<Doubted>(*first_->attempt.end).held;
    give_pass(attempt, pass);
    co_await run_attempt(attempt);
    ended(attempt);
}

Attempt Dispatch::attempt_at(const route::Target& target, TimePoint began)
{
    const auto& upstream = snapshot_.upstreams[at(target.deployment)];
    return Attempt{request_, target,    upstream,
                   chain_,   exchange_, services_,
                   watch_,   began,     usage_wish(request_, upstream)};
}

/// The attempt is over, or what is left of it waits.
void Dispatch::ended(Attempt& attempt)
{
    watch_.watch(nullptr);
    const auto* doubted = std::get_if<Doubted>(&*attempt.end);
    // One that has only begun keeps its slot while it is held back.
    if (doubted == nullptr || doubted->extent == Doubted::Extent::whole)
        take_pass(attempt);
    // A call that a stream let go had been sent.
    const bool sent = !attempt.call || attempt.call->request_sent();
    if (doubted == nullptr)
        attempt.call.reset();
    note_cost(payment_, attempt, sent ? Payment::Cost::possible : Payment::Cost::none);
    next_ = conclude(attempt);
}

/// Tries again after each answer of those who share caps out, within the bound.
/// @param paid  How that ended.
net::Task<void> Dispatch::wait_for_lease(const route::Target& target, Result<void>& paid)
{
    const auto until = std::min(services_.clock.now() + lease_patience, target.deadline);
    while (!watch_.client_left()) {
        const auto woken = next_lease_answer(services_);
        const auto now = services_.clock.now();
        paid = payment_.begin(target, chain_.plan(), now);
        if (paid || !payment_.lacks_lease() || now >= until)
            co_return;
        const auto left = std::chrono::ceil<Millis>(until - now);
        co_await services_.shard.sleep(left, woken.get());
    }
}

/// Nothing was sent, because a budget lacks the money or the call cannot be written down: the next
/// place is tried, which may cost nothing.
route::Action Dispatch::cannot_pay(Error error, TimePoint now)
{
    return chain_.declined(std::move(error), moment(now));
}

/// Tells the fleet how the attempt ended and the chain when it failed.
/// @return The next action, or nothing when the request is over.
std::optional<route::Action> Dispatch::conclude(Attempt& attempt)
{
    const auto now = services_.clock.now();
    outcome_->upstream_time += std::chrono::duration_cast<Millis>(now - attempt.began);
    if (auto* failure = std::get_if<chat::Failure>(&*attempt.end))
        return failed(attempt, std::move(*failure), now);
    if (auto* doubted = std::get_if<Doubted>(&*attempt.end))
        return doubt(attempt, *doubted, now);
    if (first_)
        supersede_first();

    outcome_->served_by = attempt.target;
    outcome_->answer_time = std::chrono::duration_cast<Millis>(now - attempt.began);
    if (const auto* gone = std::get_if<ClientLeft>(&*attempt.end)) {
        report_left(attempt, gone->usage, now);
        note_left(*gone);
    } else {
        note_answer(attempt, std::get<Answered>(*attempt.end), now);
    }
    return std::nullopt;
}

route::Action Dispatch::failed(Attempt& attempt, chat::Failure failure, TimePoint now)
{
    guard::AttemptReport told;
    told.deployment = attempt.target.deployment;
    told.set_aside = set_aside_;
    // What cannot be said to a deployment was not sent.
    const bool unsaid = attempt.call && !attempt.call->request_sent() &&
                        failure.kind == chat::FailureClass::unsupported;
    told.end =
        unsaid ? guard::AttemptReport::End::abandoned : report_of(failure, attempt.target.patience);
    told.failure = failure;
    told.used = Tokens{0};
    report(attempt.target, told, now);
    const auto retries = chain_.attempted_retries();
    auto next = chain_.failed(std::move(failure), moment(now));
    if (chain_.attempted_retries() > retries)
        services_.shared.retry_budget.retried(now);
    return next;
}

/// What the fleet is told of an answer.
guard::AttemptReport Dispatch::told_of(const Attempt& attempt, const chat::Usage& usage,
                                       std::optional<TimePoint> first_token, TimePoint now) const
{
    guard::AttemptReport told;
    told.deployment = attempt.target.deployment;
    told.set_aside = set_aside_;
    if (first_token)
        told.first_token = std::chrono::duration_cast<Millis>(*first_token - attempt.began);
    told.tokens = usage.prompt + usage.completion;
    told.generated = usage.completion;
    told.used = used(usage);
    told.duration = std::chrono::duration_cast<Millis>(now - attempt.began);
    return told;
}

void Dispatch::note_answer(const Attempt& attempt, Answered& answered, TimePoint now)
{
    auto told = told_of(attempt, answered.usage, answered.first_token, now);
    if (answered.failure) {
        told.end = guard::AttemptReport::End::failed;
        told.failure = *std::move(answered.failure);
    }
    told.form = answered.streamed && request_.facts.delivery == chat::Delivery::stream
                    ? guard::AttemptReport::Form::stream
                    : guard::AttemptReport::Form::whole;
    report(attempt.target, told, now);
    give(attempt, answered);
    if (request_.routing)
        learn(attempt.target, answered.usage, now);
}

/// What the client gets, and what is recorded of it.
void Dispatch::give(const Attempt& attempt, Answered& answered)
{
    outcome_->end = answered.end;
    outcome_->parting = std::move(answered.parting);
    outcome_->error = answered.error;
    outcome_->usage = answered.usage;
    const auto waited = outcome_->engine;
    outcome_->engine = answered.engine;
    outcome_->engine.queued = waited.queued;
    outcome_->engine.position = waited.position;
    outcome_->engine.predicted = waited.predicted;
    outcome_->first_token = answered.first_token;
    outcome_->streamed = answered.streamed;
    if (attempt.verification)
        outcome_->engine.cascade = attempt.verification->word;
    else if (outcome_->superseded)
        outcome_->engine.cascade = request_.routing->cascade;
}

/// What a routed request's answer teaches: whose cache holds the conversation now, and how far our
/// count of its prompt was off.
void Dispatch::learn(const route::Target& target, const chat::Usage& usage, TimePoint now)
{
    const auto& routing = *request_.routing;
    services_.shared.conversations.served(routing.conversation, snapshot_.table, target.group,
                                          target.deployment, now);
    if (usage.source != chat::UsageSource::exact)
        return;
    // Of the model that served, whatever model the prompt was counted for.
    const auto model = upstream_model(snapshot_.upstreams[at(target.deployment)], target.wildcard);
    const auto known = snapshot_.table[target.deployment].family;
    const auto family = known ? *known : tokens::family_of(model);
    services_.describer.counter.reported(model, routing.counted[family], usage.prompt);
}

void Dispatch::report(const route::Target& target, const guard::AttemptReport& report,
                      TimePoint now)
{
    using chat::FailureClass;
    const auto& upstream = snapshot_.upstreams[at(target.deployment)];
    if (report.end == guard::AttemptReport::End::failed) {
        upstream.metrics.failed->Increment();
        const auto kind = report.failure.kind;
        // These two stay until somebody acts; all others are in the metrics and the record.
        if (kind == FailureClass::credential || kind == FailureClass::quota)
            SPILLWAY_WARN("deployment {} of group \"{}\": {} (HTTP {}); check its key and account",
                          upstream.id, snapshot_.table[target.group].name,
                          kind == FailureClass::quota ? "quota is used up" : "key is refused",
                          report.failure.status);
    }
    snapshot_.fleet->ended(report, now);
}

void Dispatch::report_left(const Attempt& attempt, const chat::Usage& usage, TimePoint now)
{
    guard::AttemptReport told;
    told.deployment = attempt.target.deployment;
    told.set_aside = set_aside_;
    told.end = guard::AttemptReport::End::abandoned;
    told.used = used(usage);
    report(attempt.target, told, now);
}

void Dispatch::note_left(const ClientLeft& left)
{
    services_.metrics.client_gone->Increment();
    outcome_->end = ledger::Outcome::abandoned;
    outcome_->parting = Nothing{};
    outcome_->error = Errc::client_gone;
    outcome_->usage = left.usage;
    outcome_->first_token = left.first_token;
    outcome_->streamed = left.streamed;
}

void Dispatch::give_up(Error error)
{
    outcome_->end = ledger::Outcome::refused;
    outcome_->error = error.code();
    if (error.code() == Errc::rate_limited)
        services_.metrics.rate_limited("deployment").Increment();
    auto status = describe(error.code()).status;
    // A request's own fault keeps the status that the deployment gave it (422, 409, ...).
    if (error.code() == Errc::upstream_rejected && !chain_.failures().empty()) {
        const auto given = chain_.failures().back().failure.status;
        status = given >= 400 && given < 500 ? given : status;
    }
    outcome_->parting = ErrorReply{std::move(error), status};
}

net::Task<void> Dispatch::run()
{
    // The request was understood a moment ago: one reading of the clock serves its first steps.
    auto now = request_.received;
    services_.shared.retry_budget.request_began(now);
    next_ = chain_.start(moment(now));
    while (next_) {
        if (watch_.client_left()) {
            note_left(ClientLeft{});
            break;
        }
        if (const auto* send = std::get_if<route::Send>(&*next_)) {
            co_await attempt(send->target, now);
            if (!next_)
                break;
            now = services_.clock.now();
        } else if (const auto* pause = std::get_if<route::Pause>(&*next_)) {
            co_await services_.shard.sleep(pause->duration, &watch_.left());
            now = services_.clock.now();
            next_ = chain_.resumed(moment(now));
        } else {
            if (!first_)
                give_up(std::move(std::get<route::Stop>(*next_).error));
            break;
        }
    }
    if (first_)
        co_await give_first();
    end_as_stream();
    outcome_->first_attempt = first_attempt_;
    outcome_->bill = payment_.bill();
    outcome_->failures = chain_.failures();
    outcome_->retries = chain_.attempted_retries();
    outcome_->fallbacks = chain_.attempted_fallbacks();
}

}  // namespace spillway::gateway
