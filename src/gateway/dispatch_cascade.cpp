// What a dispatch does with answers that a route verifies (docs/routing-reference.md).

#include <utility>

#include "spillway/gateway/cascade.hpp"
#include "spillway/gateway/dispatch.hpp"
#include "spillway/ledger/cost.hpp"

namespace spillway::gateway {

/// The answer is checked before the client gets it (docs/routing.md).
net::Task<void> Dispatch::attempt_verified(const route::Target& target, TimePoint began,
                                           std::unique_ptr<guard::EnginePass>& pass)
{
    auto trial = std::make_unique<Trial>(*this, target, began);
    auto& attempt = trial->attempt;
    attempt.verification = std::make_unique<Verification>(*chain_.plan().verify, request_.body);
    give_pass(attempt, pass);
    co_await run_attempt(attempt);
    if (std::holds_alternative<Doubted>(*attempt.end))
        first_ = std::move(trial);
    ended(attempt);
}

/// The answer of `attempt` waits, and the next place is asked.
route::Action Dispatch::doubt(Attempt& attempt, Doubted& doubted, TimePoint now)
{
    const bool whole = doubted.extent == Doubted::Extent::whole;
    first_->answer_time = std::chrono::duration_cast<Millis>(now - attempt.began);
    auto told = told_of(attempt, doubted.usage, doubted.first_token, now);
    // What had just begun says nothing of how fast the deployment is.
    if (!whole)
        told.end = guard::AttemptReport::End::abandoned;
    report(attempt.target, told, now);
    const auto& rate = snapshot_.upstreams[at(attempt.target.deployment)].rate;
    payment_.held_back(whole ? ledger::cost(rate, doubted.usage, first_->answer_time)
                             : std::nullopt);
    show_cascade(request_, cascade_word("escalated", doubted.fault));
    return chain_.doubted(moment(now));
}

/// Another answer came.
void Dispatch::supersede_first()
{
    const auto& doubted = std::get<Doubted>(*first_->attempt.end);
    auto superseded = std::make_unique<Superseded>();
    superseded->group = first_->target.group;
    superseded->deployment = first_->target.deployment;
    superseded->fault = review::name(doubted.fault);
    superseded->usage = doubted.usage;
    superseded->answer_time = first_->answer_time;
    superseded->reserved = payment_.held();
    superseded->extent = doubted.extent == Doubted::Extent::whole ? Superseded::Extent::whole
                                                                  : Superseded::Extent::begun;
    outcome_->superseded = std::move(superseded);
    first_.reset();
}

/// Nobody gave a better answer: the first one is given.
net::Task<void> Dispatch::give_first()
{
    const auto first = std::move(first_);
    auto& attempt = first->attempt;
    auto doubted = std::move(std::get<Doubted>(*attempt.end));
    payment_.back_to(first->target);
    outcome_->served_by = first->target;
    outcome_->answer_time = first->answer_time;
    if (watch_.client_left()) {
        note_left(ClientLeft{doubted.usage, doubted.first_token, false});
        co_return;
    }
    attempt.verification->word = cascade_word("kept", doubted.fault);
    show_cascade(request_, attempt.verification->word);
    const auto began = services_.clock.now();
    const bool whole = doubted.extent == Doubted::Extent::whole;
    set_aside_ = 0;
    if (!whole)
        snapshot_.fleet->started(first->target.deployment, began);
    co_await doubted.held->give();
    watch_.watch(nullptr);
    take_pass(attempt);
    const auto now = services_.clock.now();
    auto* answered = std::get_if<Answered>(&*attempt.end);
    if (whole && answered != nullptr) {
        // The fleet was told when it came.
        give(attempt, *answered);
        co_return;
    }
    outcome_->upstream_time += std::chrono::duration_cast<Millis>(now - began);
    outcome_->answer_time = std::chrono::duration_cast<Millis>(now - attempt.began);
    if (answered != nullptr) {
        note_answer(attempt, *answered, now);
    } else if (const auto* gone = std::get_if<ClientLeft>(&*attempt.end)) {
        report_left(attempt, gone->usage, now);
        note_left(*gone);
    }
}

}  // namespace spillway::gateway
