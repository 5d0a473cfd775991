// The retries of an attempt chain: who is asked again, how often, and after which wait.

#include <algorithm>
#include <utility>

#include "spillway/route/attempt_chain.hpp"
#include "spillway/route/failure_policy.hpp"

namespace spillway::route {
namespace {

using chat::FailureClass;

/// A wait longer than these is not worth a client's time; another place is.
constexpr Millis longest_polite_wait{5'000};
constexpr Millis longest_backoff{8'000};
constexpr Millis first_backoff{500};
/// Between two questions to an engine that loads its model.
constexpr Millis shortest_load_wait{250};
constexpr Millis longest_load_wait{4'000};
/// What one client may ask for itself. Operators may configure more.
constexpr int most_client_retries = 10;

/// Full jitter: uniform between nothing and 0.5 s, 1 s, 2 s ... 8 s.
Millis backoff(int retries_before, std::uint64_t draw)
{
    const auto doublings = std::min(retries_before, 4);
    const Millis ceiling = std::min(longest_backoff, first_backoff * (1 << doublings));
    const auto choices = static_cast<std::uint64_t>(ceiling.count()) + 1;
    return std::max(Millis{1}, Millis{static_cast<std::int64_t>(draw % choices)});
}

}  // namespace

/// One more attempt in this level, when the failure, the counts and the budget allow it.
std::optional<Action> AttemptChain::retry(const Moment& moment)
{
    const FailedAttempt& attempt = failures_.back();
    if (const auto wait = wait_for_load(attempt, moment)) {
        return *wait;
    }
    if (!moment.may_retry ||
        walk_->retries_in_level >= retries_allowed(attempt.failure.kind, attempt.deployment)) {
        return std::nullopt;
    }
    if (const auto fresh = best_of_level(Freshness::untried, moment)) {
        return send_retry(*fresh, moment);
    }
    // Nobody is there, and nobody else is in the group: a fallback answers sooner than a wait.
    if (attempt.failure.unreached && is_lone() && leads_on()) {
        return std::nullopt;
    }
    const auto wait = shortest_wait(moment);
    if (!wait) {
        return std::nullopt;
    }
    ++walk_->retries_in_level;
    ++retries_;
    return *wait;
}

/// A model that loads will be there. While nobody else could serve, it is waited for as long as for
/// a first token, and neither counts nor budgets of retries say how often it is asked: it refuses
/// at once, and another engine would have held the request for the same time.
std::optional<Pause> AttemptChain::wait_for_load(const FailedAttempt& attempt, const Moment& moment)
{
    if (attempt.failure.kind != FailureClass::loading || !is_lone() || leads_on() ||
        walk_->request.controls.num_retries == 0) {
        return std::nullopt;
    }
    const Deployment& loads = (*table_)[attempt.deployment];
    const Millis patience =
        walk_->request.plan.first_token_timeout.value_or(loads.first_token_timeout);
    const Millis wait =
        shortest_load_wait + std::min(longest_load_wait, backoff(walk_->loads_asked, moment.draw));
    if (walk_->waited_for_load + wait > patience || moment.now + wait >= deadline_) {
        return std::nullopt;
    }
    walk_->waited_for_load += wait;
    ++walk_->loads_asked;
    walk_->waiting_for = attempt.deployment;
    walk_->waiting_for_load = true;
    return Pause{wait};
}

/// The wait before the first real attempt of a request whose first one is taken as rate limited.
std::optional<Action> AttemptChain::retry_mocked(const Moment& moment)
{
    const auto next = open_next_level(moment);
    if (!next || !moment.may_retry || retries_allowed(FailureClass::rate_limited, *next) < 1) {
        return std::nullopt;
    }
    const Millis wait = std::max(backoff(0, moment.draw), table_->settings().retry_after);
    if (moment.now + wait >= deadline_) {
        return std::nullopt;
    }
    walk_->waiting_for = next;
    ++walk_->retries_in_level;
    ++retries_;
    return Pause{wait};
}

/// Everybody in this level has failed: the wait for whoever is back soonest, if it is bearable.
std::optional<Pause> AttemptChain::shortest_wait(const Moment& moment)
{
    std::optional<Pause> shortest;
    for (std::size_t i = failures_.size(); i-- > 0;) {
        const FailedAttempt& attempt = failures_[i];
        const bool newest = std::none_of(
            failures_.begin() + static_cast<std::ptrdiff_t>(i) + 1, failures_.end(),
            [&](const FailedAttempt& later) { return later.deployment == attempt.deployment; });
        if (!newest || attempt.group != hop().place.group ||
            !eligible(attempt.deployment, moment) ||
            (*table_)[attempt.deployment].order != walk_->level) {
            continue;
        }
        const auto wait = polite_wait(attempt, moment);
        // Oldest failure last, so that on a tie it wins: it has had most time to recover.
        if (wait && (!shortest || wait->duration <= shortest->duration)) {
            shortest = wait;
            walk_->waiting_for = attempt.deployment;
        }
    }
    return shortest;
}

/// How long to wait before asking a deployment that failed again; nothing when that is too long,
/// beyond the deadline, or not over by the time its rest ends.
std::optional<Pause> AttemptChain::polite_wait(const FailedAttempt& attempt,
                                               const Moment& moment) const
{
    const SameTarget again = policy_of(attempt.failure.kind).same_target;
    const auto& told = attempt.failure.retry_after;
    const Millis bound =
        again == SameTarget::after_short_wait ? longest_polite_wait : longest_backoff;
    if (again == SameTarget::never || (told && *told > bound)) {
        return std::nullopt;
    }
    // "Retry-After: 0" is an invitation, but not to run in circles without a breath.
    const Millis wait = std::max({told.value_or(backoff(walk_->retries_in_level, moment.draw)),
                                  table_->settings().retry_after, Millis{1}});
    const TimePoint then = moment.now + wait;
    const DeploymentState& state = moment.fleet[attempt.deployment];
    const bool rested =
        (hop().place.pinned || state.serves(then)) && state.admits_at(walk_->request.wish) <= then;
    return rested && then < deadline_ ? std::optional{Pause{wait}} : std::nullopt;
}

/// Retries in this level after `failed` failed so. A request at fault gets only those that the
/// operator's `retry_policy` grants it by name.
int AttemptChain::retries_allowed(FailureClass kind, DeploymentIndex failed) const
{
    const auto policy = said_of(group().retry_policy, kind);
    const auto& own = walk_->request.controls.num_retries;
    if (blames_request(kind)) {
        return own ? std::min(*own, policy.value_or(0)) : policy.value_or(0);
    }
    if (own) {
        return std::clamp(*own, 0, most_client_retries);
    }
    const auto& deployment = (*table_)[failed].num_retries;
    return deployment ? *deployment : policy.value_or(group().num_retries);
}

}  // namespace spillway::route
