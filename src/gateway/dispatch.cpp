#include "spillway/gateway/dispatch.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"

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

}  // namespace

Dispatch::Dispatch(InferenceRequest& request, net::Exchange& exchange, Services& services)
    : request_(request),
      exchange_(exchange),
      services_(services),
      snapshot_(*request.arrival.snapshot),
      watch_(exchange),
      chain_(snapshot_.table,
             route::ChainRequest{request.asked, request.facts.controls, request.prompt_estimate},
             services.clock.now())
{}

route::Moment Dispatch::moment()
{
    const auto now = services_.clock.now();
    snapshot_.fleet->read(services_.fleet_view, now);
    return {now, services_.fleet_view, services_.shard.random().draw(),
            services_.shared.retry_budget.may_retry(now)};
}

net::Task<std::optional<route::Action>> Dispatch::attempt(const route::Target& target)
{
    const auto began = services_.clock.now();
    if (!outcome_.first_attempt)
        outcome_.first_attempt = began;
    const auto& upstream = snapshot_.upstreams[at(target.deployment)];
    upstream.metrics.in_flight->Increment();
    snapshot_.fleet->started(target.deployment, began);

    Attempt attempt{request_, target,    upstream,
                    chain_,   exchange_, services_,
                    watch_,   began,     usage_wish(request_, upstream)};
    auto end = co_await run_attempt(attempt);

    upstream.metrics.in_flight->Decrement();
    outcome_.upstream_time += std::chrono::duration_cast<Millis>(services_.clock.now() - began);
    co_return conclude(target, std::move(end), began);
}

/// Tells the fleet how the attempt ended and the chain when it failed.
/// @return The next action, or nothing when the request is over.
std::optional<route::Action> Dispatch::conclude(const route::Target& target, AttemptEnd end,
                                                TimePoint began)
{
    guard::AttemptReport told;
    told.deployment = target.deployment;
    if (auto* failure = std::get_if<chat::Failure>(&end)) {
        // A client that waits a second only says nothing about the deployment.
        const bool impatient = failure->kind == chat::FailureClass::stalled &&
                               target.patience == route::Patience::request;
        told.end =
            impatient ? guard::AttemptReport::End::abandoned : guard::AttemptReport::End::failed;
        told.failure = *failure;
        report(target, told);
        const auto retries = chain_.attempted_retries();
        auto next = chain_.failed(std::move(*failure), moment());
        if (chain_.attempted_retries() > retries)
            services_.shared.retry_budget.retried(services_.clock.now());
        return next;
    }
    if (auto* gone = std::get_if<ClientLeft>(&end)) {
        told.end = guard::AttemptReport::End::abandoned;
        report(target, told);
        note_left(*gone);
        outcome_.served_by = target;
        return std::nullopt;
    }
    auto& answered = std::get<Answered>(end);
    if (answered.failure) {
        told.end = guard::AttemptReport::End::failed;
        told.failure = *answered.failure;
    }
    if (answered.first_token)
        told.first_token = std::chrono::duration_cast<Millis>(*answered.first_token - began);
    told.tokens = answered.usage.prompt + answered.usage.completion;
    report(target, told);
    outcome_.end = answered.end;
    outcome_.parting = std::move(answered.parting);
    outcome_.error = std::move(answered.error);
    outcome_.served_by = target;
    outcome_.usage = answered.usage;
    outcome_.first_token = answered.first_token;
    outcome_.streamed = answered.streamed;
    return std::nullopt;
}

void Dispatch::report(const route::Target& target, const guard::AttemptReport& report)
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
    snapshot_.fleet->ended(report, services_.clock.now());
}

void Dispatch::note_left(const ClientLeft& left)
{
    services_.metrics.client_gone->Increment();
    outcome_.end = ledger::Outcome::abandoned;
    outcome_.parting = Nothing{};
    outcome_.error = Error(Errc::client_gone, "the client left");
    outcome_.usage = left.usage;
    outcome_.first_token = left.first_token;
    outcome_.streamed = left.streamed;
}

void Dispatch::give_up(const Error& error)
{
    outcome_.end = ledger::Outcome::refused;
    outcome_.error = error;
    auto status = describe(error.code()).status;
    // A request's own fault keeps the status that the deployment gave it (422, 409, ...).
    if (error.code() == Errc::upstream_rejected && !chain_.failures().empty()) {
        const auto given = chain_.failures().back().failure.status;
        status = given >= 400 && given < 500 ? given : status;
    }
    outcome_.parting = ErrorReply{error, status};
}

net::Task<void> Dispatch::run()
{
    services_.shared.retry_budget.request_began(services_.clock.now());
    std::optional<route::Action> next = chain_.start(moment());
    while (next) {
        if (watch_.client_left()) {
            note_left(ClientLeft{});
            break;
        }
        if (const auto* send = std::get_if<route::Send>(&*next)) {
            const auto target = send->target;
            next = co_await attempt(target);
        } else if (const auto* pause = std::get_if<route::Pause>(&*next)) {
            const auto duration = pause->duration;
            co_await services_.shard.sleep(duration, &watch_.left());
            next = chain_.resumed(moment());
        } else {
            give_up(std::get<route::Stop>(*next).error);
            break;
        }
    }
    outcome_.failures = chain_.failures();
    outcome_.retries = chain_.attempted_retries();
    outcome_.fallbacks = chain_.attempted_fallbacks();
}

}  // namespace spillway::gateway
