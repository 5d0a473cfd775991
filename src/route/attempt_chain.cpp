#include "spillway/route/attempt_chain.hpp"

#include <algorithm>
#include <utility>

#include "spillway/route/failure_policy.hpp"
#include "spillway/route/preference.hpp"
#include "spillway/route/strategy.hpp"

namespace spillway::route {
namespace {

using chat::FailureClass;

/// The failure that a client's mock_testing flag asks for.
std::optional<chat::Failure> mocked(const chat::RequestControls& controls)
{
    chat::Failure failure;
    if (controls.mock_context_window_fallbacks) {
        failure.kind = FailureClass::too_long;
        failure.message = "mock_testing_context_window_fallbacks asked for this failure";
    } else if (controls.mock_content_policy_fallbacks) {
        failure.kind = FailureClass::content_policy;
        failure.message = "mock_testing_content_policy_fallbacks asked for this failure";
    } else if (controls.mock_fallbacks) {
        failure.kind = FailureClass::transient;
        failure.message = "mock_testing_fallbacks asked for this failure";
    } else if (controls.mock_rate_limit_error) {
        failure.kind = FailureClass::rate_limited;
        failure.message = "mock_testing_rate_limit_error asked for this failure";
    } else {
        return std::nullopt;
    }
    return failure;
}

}  // namespace

Plan straight_to(Resolved place)
{
    Plan plan;
    plan.hops.push_back(std::move(place));
    return plan;
}

AttemptChain::AttemptChain(const RoutingTable& table, ChainRequest request, TimePoint now)
    : table_(&table), walk_(std::make_unique<Walk>(Walk{std::move(request)}))
{
    Millis bound = std::min(walk_->request.plan.timeout.value_or(table.chain_timeout()),
                            table.chain_timeout());
    if (const auto& own = walk_->request.controls.timeout) {
        bound = std::clamp(*own, Millis{0}, bound);
    }
    deadline_ = now + bound;
    walk_->hops.push_back(Hop{asked(), 0});
}

AttemptChain::AttemptChain(const AttemptChain& other)
    : table_(other.table_),
      walk_(std::make_unique<Walk>(*other.walk_)),
      deadline_(other.deadline_),
      failures_(other.failures_),
      retries_(other.retries_),
      fallbacks_(other.fallbacks_),
      committed_(other.committed_),
      escalated_(other.escalated_)
{}

Action AttemptChain::start(const Moment& moment)
{
    if (moment.now >= deadline_) {
        return out_of_time();
    }
    if (auto mock = mocked(walk_->request.controls)) {
        walk_->last = std::move(mock);
        walk_->hop_tried = true;
        // A mocked rate limit stands for one attempt only: the group's retries follow it.
        if (walk_->last->kind == FailureClass::rate_limited) {
            if (auto again = retry_mocked(moment)) {
                return *std::move(again);
            }
        }
        walk_->levels_spent = true;
    }
    return advance(moment);
}

Action AttemptChain::failed(chat::Failure failure, const Moment& moment)
{
    // Before `start`, or twice for one attempt: nothing is under way that could fail.
    if (!walk_->current) {
        return give_up(moment);
    }
    walk_->last = failure;
    failures_.push_back(
        {*walk_->current, hop().place.group, std::move(failure), hop().place.wildcard});
    walk_->current.reset();
    if (committed_) {
        return broke_off();
    }
    if (escalated_) {
        return give_up(moment);
    }
    const FailureClass kind = walk_->last->kind;
    if (kind == FailureClass::too_long) {
        note_overflow(failures_.back(), moment);
    }
    // A request at fault stays at fault when its time is over; its 4xx says more than a 504.
    if (moment.now >= deadline_ && !blames_request(kind)) {
        return out_of_time();
    }
    if (moment.now < deadline_) {
        if (auto again = retry(moment)) {
            return *std::move(again);
        }
    }
    walk_->levels_spent = blames_request(kind);
    if (walk_->levels_spent) {
        walk_->doubtful.clear();
    }
    return moment.now < deadline_ ? advance(moment) : give_up(moment);
}

Action AttemptChain::resumed(const Moment& moment)
{
    if (std::exchange(walk_->waiting_for_slot, false) && !committed_) {
        return moment.now >= deadline_ ? out_of_time() : advance(moment);
    }
    if (std::exchange(walk_->waiting_for_part, false) && !committed_) {
        return part_awaited(moment);
    }
    const auto awaited = std::exchange(walk_->waiting_for, std::nullopt);
    const bool was_load = std::exchange(walk_->waiting_for_load, false);
    if (!awaited || committed_) {
        return give_up(moment);
    }
    if (moment.now >= deadline_) {
        return out_of_time();
    }
    // While we waited a member that has not failed may have come back; it is the better choice.
    if (const auto fresh = best_of_level(Freshness::untried, moment)) {
        return send(*fresh, moment);
    }
    if (free(*awaited, moment)) {
        return send(*awaited, moment);
    }
    if (const auto other = best_of_level(Freshness::any, moment)) {
        return send(*other, moment);
    }
    retries_ -= was_load ? 0 : 1;
    return advance(moment);
}

/// The next place that can be tried: the levels of this hop, then hop after hop.
Action AttemptChain::advance(const Moment& moment)
{
    for (;;) {
        if (!walk_->levels_spent) {
            if (const auto deployment = open_next_level(moment)) {
                return send(*deployment, moment);
            }
            if (const auto wait = wait_for_slot(moment)) {
                return *wait;
            }
        }
        queue_fallbacks(moment);
        if (!open_next_hop() && !open_doubtful_hop()) {
            return give_up(moment);
        }
    }
}

Action AttemptChain::send(DeploymentIndex deployment, const Moment& moment)
{
    walk_->before_send = {fallbacks_, walk_->hop_tried, false};
    if (!walk_->hop_tried && hop().depth > 0) {
        ++fallbacks_;
    }
    walk_->hop_tried = true;
    walk_->current = deployment;
    const Deployment& chosen = (*table_)[deployment];
    Target target;
    target.deployment = deployment;
    target.group = hop().place.group;
    target.wildcard = hop().place.wildcard;
    target.window = moment.fleet[deployment].window;
    target.first_token_timeout =
        walk_->request.plan.first_token_timeout.value_or(chosen.first_token_timeout);
    target.idle_timeout = chosen.idle_timeout;
    const TimePoint own_bound = moment.now + chosen.total_timeout;
    target.deadline = std::min(deadline_, own_bound);
    target.patience = deadline_ < own_bound ? Patience::request : Patience::deployment;
    return Send{std::move(target)};
}

/// One more attempt in this level, at once.
Action AttemptChain::send_retry(DeploymentIndex deployment, const Moment& moment)
{
    ++walk_->retries_in_level;
    ++retries_;
    auto action = send(deployment, moment);
    walk_->before_send.retry = true;
    return action;
}

/// Opens the lowest `order` level above the current one that has somebody to send to.
std::optional<DeploymentIndex> AttemptChain::open_next_level(const Moment& moment)
{
    const std::optional<int> before = walk_->level;
    std::optional<int> next;
    for (const DeploymentIndex member : group().members) {
        const int order = (*table_)[member].order;
        if ((before && order <= *before) || !eligible(member, moment)) {
            continue;
        }
        if (!serves(member, moment)) {
            note_absence(member, moment);
            continue;
        }
        next = std::min(next.value_or(order), order);
    }
    if (!next) {
        walk_->levels_spent = true;
        return std::nullopt;
    }
    walk_->level = next;
    walk_->retries_in_level = 0;
    const auto fresh = best_of_level(Freshness::untried, moment);
    return fresh ? fresh : best_of_level(Freshness::any, moment);
}

std::optional<DeploymentIndex> AttemptChain::best_of_level(Freshness wanted,
                                                           const Moment& moment) const
{
    std::optional<DeploymentIndex> first;
    std::vector<DeploymentIndex> candidates;
    for (const DeploymentIndex member : group().members) {
        const bool fresh = wanted == Freshness::any || !failed_before(member);
        if ((*table_)[member].order != walk_->level || !fresh || !eligible(member, moment) ||
            !serves(member, moment)) {
            continue;
        }
        // One candidate needs no list.
        if (!first) {
            first = member;
            continue;
        }
        if (candidates.empty()) {
            candidates.reserve(group().members.size());
            candidates.push_back(*first);
        }
        candidates.push_back(member);
    }
    if (candidates.empty()) {
        return first;
    }
    return best_of(std::move(candidates), moment);
}

/// The strategy's choice, unless the conversation's last server is not so much busier that it is
/// worth reading the whole prompt again.
DeploymentIndex AttemptChain::best_of(std::vector<DeploymentIndex> candidates,
                                      const Moment& moment) const
{
    const auto& sticky = walk_->request.sticky;
    const bool there =
        sticky && std::find(candidates.begin(), candidates.end(), *sticky) != candidates.end();
    auto order = ranked(walk_->request.plan.strategy.value_or(table_->settings().strategy),
                        std::move(candidates), *table_, moment.fleet, moment.draw);
    if (!walk_->request.plan.strategy && !table_->strategy_chosen()) {
        prefer_ready_engines(order, *table_, moment.fleet);
    }
    sort_by_preference(walk_->request.plan.prefer, walk_->request.plan.limits, *table_,
                       moment.fleet, order);
    const auto best = order.front();
    const auto& plan = walk_->request.plan;
    const bool stays =
        there && may_stay(plan.prefer, *sticky, best, plan.limits, *table_, moment.fleet) &&
        moment.fleet[*sticky].in_flight <=
            moment.fleet[best].in_flight + switch_cost(walk_->request.prompt_estimate);
    return stays ? *sticky : best;
}

/// Somebody would serve but has no slot free: a short wait, before the next place is taken.
std::optional<Pause> AttemptChain::wait_for_slot(const Moment& moment)
{
    constexpr Millis step{20};
    const auto& members = group().members;
    const bool saturated = std::any_of(members.begin(), members.end(), [&](DeploymentIndex member) {
        return eligible(member, moment) && !failed_before(member) && rested(member, moment) &&
               admitted(member, moment) && full(member, moment);
    });
    walk_->somebody_saturated = walk_->somebody_saturated || saturated;
    const bool patient = walk_->waited_for_slot < table_->slot_patience();
    if (!saturated || !patient || moment.now + step >= deadline_) {
        return std::nullopt;
    }
    walk_->waited_for_slot += step;
    walk_->waiting_for_slot = true;
    walk_->levels_spent = false;
    return Pause{step};
}

}  // namespace spillway::route
