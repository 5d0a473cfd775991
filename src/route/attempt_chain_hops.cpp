// The places of an attempt chain: which hop comes next, and who in it may be asked.

#include <algorithm>
#include <utility>

#include "spillway/route/attempt_chain.hpp"
#include "spillway/route/failure_policy.hpp"

namespace spillway::route {
namespace {

using chat::FailureClass;

constexpr std::size_t most_targets_of_a_list = 100;
/// Is it the deployment that is sick, whatever model it was asked for through a wildcard?
bool bars_every_model(FailureClass kind)
{
    return kind == FailureClass::credential || kind == FailureClass::quota ||
           kind == FailureClass::stalled;
}

bool same_place(const Resolved& a, const Resolved& b)
{
    return a.group == b.group && a.pinned == b.pinned && a.wildcard == b.wildcard;
}

}  // namespace

Action AttemptChain::doubted(const Moment& moment)
{
    if (!walk_->current || !may_escalate()) {
        return give_up(moment);
    }
    // Its answer is known: whoever else leads to it leads nowhere new.
    walk_->withdrawn.push_back(*std::exchange(walk_->current, std::nullopt));
    escalated_ = true;
    walk_->levels_spent = true;
    walk_->doubtful.clear();
    walk_->pending.clear();
    return moment.now >= deadline_ ? out_of_time() : advance(moment);
}

/// Why the current hop is being left: its last failure, or what kept everybody from being asked.
FailureClass AttemptChain::reason_to_leave(const Moment& moment)
{
    if (walk_->hop_tried && walk_->last) {
        return walk_->last->kind;
    }
    const auto& members = group().members;
    const bool too_small = std::any_of(members.begin(), members.end(), [&](DeploymentIndex member) {
        return in_hop(member) && !fits(member, moment) &&
               privacy::permits(walk_->request.plan.limits.boundary, (*table_)[member].reach);
    });
    const bool somebody_rests =
        std::any_of(members.begin(), members.end(),
                    [&](DeploymentIndex member) { return eligible(member, moment); });
    if (!too_small || somebody_rests) {
        return FailureClass::transient;
    }
    if (!walk_->last) {
        walk_->last = chat::Failure{FailureClass::too_long, 0,
                                    "the prompt of about " +
                                        std::to_string(count(walk_->request.prompt_estimate)) +
                                        " tokens fits no deployment of the group",
                                    std::nullopt};
    }
    return FailureClass::too_long;
}

/// Puts the targets that follow the current hop in front of those still waiting.
void AttemptChain::queue_fallbacks(const Moment& moment)
{
    const auto& controls = walk_->request.controls;
    const std::size_t before = walk_->pending.size();
    const bool planned = walk_->planned < walk_->request.plan.hops.size();
    switch (policy_of(reason_to_leave(moment)).next_target) {
        case NextTarget::none:
            walk_->pending.clear();
            walk_->planned = walk_->request.plan.hops.size();
            return;
        case NextTarget::any:
            break;
        case NextTarget::context_window_list:
            // The next hop of a route may be larger; whoever is not is passed over.
            if (planned) {
                return;
            }
            queue_list(FallbackList::context_window, controls.context_window_fallbacks);
            break;
        case NextTarget::content_policy_list:
            // Nobody asks around for a laxer filter unless the file says where.
            walk_->planned = walk_->request.plan.hops.size();
            queue_list(FallbackList::content_policy, controls.content_policy_fallbacks);
            break;
    }
    if (walk_->pending.size() == before && !planned) {
        queue_list(FallbackList::general, controls.fallbacks);
    }
}

void AttemptChain::queue_list(FallbackList list, const std::optional<std::vector<std::string>>& own)
{
    const auto names = targets(list, own);
    for (std::size_t i = names.size(); i-- > 0;) {
        walk_->pending.push_back({names[i], hop().depth + 1});
    }
}

/// Where `list` leads from the current hop; nowhere when it may not be followed.
std::span<const std::string> AttemptChain::targets(
    FallbackList list, const std::optional<std::vector<std::string>>& own) const
{
    const int depth = hop().depth + 1;
    // A list that the client gave stands for the whole walk; hops do not start it anew.
    if (walk_->request.controls.disable_fallbacks || depth > table_->settings().max_fallbacks ||
        (own && depth > 1)) {
        return {};
    }
    // A route's chain is all there is: no list of the file leads out of it, and `new_place` keeps
    // the client's own within it.
    if (!own && walk_->request.plan.beyond == Beyond::nothing) {
        return {};
    }
    const auto& names = own ? *own : table_->fallbacks(hop().place.group, hop().place.asked, list);
    return {names.data(), std::min(names.size(), most_targets_of_a_list)};
}

/// Is there a place to go to when this hop is left after an ordinary failure?
bool AttemptChain::leads_on() const
{
    if (walk_->planned < walk_->request.plan.hops.size()) {
        return true;
    }
    const auto next = targets(FallbackList::general, walk_->request.controls.fallbacks);
    return std::any_of(next.begin(), next.end(),
                       [this](const std::string& name) { return new_place(name).has_value(); }) ||
           std::any_of(
               walk_->pending.begin(), walk_->pending.end(),
               [this](const Pending& waiting) { return new_place(waiting.name).has_value(); });
}

/// Does the plan lead to this place, or to all of the group of which it is a member?
bool AttemptChain::in_plan(const Resolved& place) const
{
    const auto& hops = walk_->request.plan.hops;
    return std::any_of(hops.begin(), hops.end(), [&](const Resolved& hop) {
        return hop.group == place.group && hop.wildcard == place.wildcard &&
               (!hop.pinned || hop.pinned == place.pinned);
    });
}

/// The place of that name, unless there is none, or the caller may not use it, or it was entered
/// before, or it is out of bounds.
std::optional<Resolved> AttemptChain::new_place(const std::string& name) const
{
    auto place = table_->resolve(name);
    if (place && !may_use(walk_->request.plan.limits.access, name, (*table_)[place->group].name)) {
        return std::nullopt;
    }
    if (place && walk_->request.plan.beyond == Beyond::nothing && !in_plan(*place)) {
        return std::nullopt;
    }
    const bool known =
        place && std::any_of(walk_->hops.begin(), walk_->hops.end(),
                             [&](const Hop& before) { return same_place(before.place, *place); });
    return known ? std::nullopt : std::move(place);
}

/// Enters the plan's next hop, or the next pending place that exists and was not entered before.
bool AttemptChain::open_next_hop()
{
    const auto entered = [this](const Resolved& place) {
        return std::any_of(walk_->hops.begin(), walk_->hops.end(),
                           [&](const Hop& before) { return same_place(before.place, place); });
    };
    const auto& hops = walk_->request.plan.hops;
    while (walk_->planned < hops.size()) {
        const auto& next = hops[walk_->planned++];
        // Hops of a plan are no fallbacks of each other's: depth does not grow along them.
        if (!entered(next)) {
            enter(Hop{next, 1});
            return true;
        }
    }
    while (!walk_->pending.empty()) {
        const Pending next = std::move(walk_->pending.back());
        walk_->pending.pop_back();
        if (auto place = new_place(next.name)) {
            enter(Hop{*std::move(place), next.depth});
            return true;
        }
    }
    return false;
}

/// Goes back, as a last resort, to the first hop in which somebody was passed over.
bool AttemptChain::open_doubtful_hop()
{
    if (walk_->doubtful.empty()) {
        return false;
    }
    walk_->insists = true;
    Hop again = std::move(walk_->doubtful.front());
    walk_->doubtful.erase(walk_->doubtful.begin());
    enter(std::move(again));
    return true;
}

void AttemptChain::enter(Hop hop)
{
    walk_->hops.push_back(std::move(hop));
    walk_->level.reset();
    walk_->retries_in_level = 0;
    walk_->levels_spent = false;
    walk_->hop_tried = false;
    walk_->waited_for_slot = Millis{0};
}

/// Of a group's members all belong to its hop, unless the client named one.
bool AttemptChain::in_hop(DeploymentIndex member) const
{
    const auto& pinned = hop().place.pinned;
    return !pinned || *pinned == member;
}

/// Has the hop one deployment only?
bool AttemptChain::is_lone() const
{
    return hop().place.pinned || group().members.size() == 1;
}

bool AttemptChain::eligible(DeploymentIndex deployment, const Moment& moment) const
{
    return in_hop(deployment) && !barred(deployment) && !unpaid(deployment) &&
           std::find(walk_->turned_away.begin(), walk_->turned_away.end(), deployment) ==
               walk_->turned_away.end() &&
           fits(deployment, moment) &&
           keeps_vectors((*table_)[deployment], hop().place.wildcard, walk_->request.plan.limits) &&
           !rules_out(judge((*table_)[deployment], walk_->request.plan.limits,
                            moment.fleet[deployment].window));
}

/// Did this deployment fail in a way that asking it again cannot mend?
bool AttemptChain::barred(DeploymentIndex deployment) const
{
    return std::any_of(failures_.begin(), failures_.end(), [&](const FailedAttempt& attempt) {
        return attempt.deployment == deployment &&
               policy_of(attempt.failure.kind).same_target == SameTarget::never &&
               (bars_every_model(attempt.failure.kind) || attempt.wildcard == hop().place.wildcard);
    });
}

bool AttemptChain::unpaid(DeploymentIndex deployment) const
{
    return std::find(walk_->unpaid.begin(), walk_->unpaid.end(), deployment) != walk_->unpaid.end();
}

/// Was it passed over, and is there still somebody else to ask?
bool AttemptChain::put_off(DeploymentIndex deployment) const
{
    return !walk_->insists && std::find(walk_->put_off.begin(), walk_->put_off.end(), deployment) !=
                                  walk_->put_off.end();
}

/// May the prompt fit? An unknown window may always; a known one must hold our estimate (when
/// checks are on, or somebody has said that the prompt is long) and exceed any that was too small.
bool AttemptChain::fits(DeploymentIndex deployment, const Moment& moment) const
{
    const auto window = window_of((*table_)[deployment], moment.fleet[deployment].window);
    if (!window || (!table_->settings().pre_call_checks && !walk_->overflowed)) {
        return true;
    }
    const auto& limits = walk_->request.plan.limits;
    const auto prompt =
        largest_of(limits.uppers.of((*table_)[deployment].family, walk_->request.prompt_estimate),
                   limits.largest_input);
    return *window >= prompt && (!walk_->overflowed_window || *window > *walk_->overflowed_window);
}

bool AttemptChain::failed_before(DeploymentIndex deployment) const
{
    return std::any_of(failures_.begin(), failures_.end(), [&](const FailedAttempt& attempt) {
        return attempt.deployment == deployment && attempt.wildcard == hop().place.wildcard;
    });
}

bool AttemptChain::rested(DeploymentIndex deployment, const Moment& moment) const
{
    return hop().place.pinned || moment.fleet[deployment].serves(moment.now);
}

/// Do its own limits (rpm, tpm) admit the request now? They hold also for who was asked for by id.
bool AttemptChain::admitted(DeploymentIndex deployment, const Moment& moment) const
{
    return moment.fleet[deployment].admits_at(walk_->request.wish) <= moment.now &&
           std::find(walk_->withdrawn.begin(), walk_->withdrawn.end(), deployment) ==
               walk_->withdrawn.end();
}

/// Has it as many requests in flight as it may? Where a queue stands in front of it, that decides.
bool AttemptChain::full(DeploymentIndex deployment, const Moment& moment) const
{
    const auto& known = (*table_)[deployment];
    return !known.queued && is_saturated(known, moment.fleet[deployment]);
}

/// Might it take the request now?
bool AttemptChain::free(DeploymentIndex deployment, const Moment& moment) const
{
    return rested(deployment, moment) && admitted(deployment, moment) && !put_off(deployment) &&
           !full(deployment, moment);
}

/// Should it get the request now?
bool AttemptChain::serves(DeploymentIndex deployment, const Moment& moment) const
{
    return free(deployment, moment) &&
           (walk_->insists || hop().place.pinned ||
            !moment.fleet[deployment].doubtful(walk_->request.prompt_estimate, moment.now));
}

/// Somebody is passed over: for how long, or just for as long as others can serve.
void AttemptChain::note_absence(DeploymentIndex deployment, const Moment& moment)
{
    const DeploymentState& state = moment.fleet[deployment];
    const TimePoint admits_at = state.admits_at(walk_->request.wish);
    walk_->somebody_limited = walk_->somebody_limited || admits_at > moment.now;
    const TimePoint back = std::max({state.rests_until, moment.now + Millis{1}, admits_at});
    // What is too large for a limit does not fit later either.
    if (admits_at != TimePoint::max()) {
        walk_->earliest_recovery = std::min(walk_->earliest_recovery.value_or(back), back);
    }
    const bool doubted = rested(deployment, moment) && admits_at <= moment.now && !walk_->insists &&
                         state.doubtful(walk_->request.prompt_estimate, moment.now);
    if (doubted) {
        note_doubtful();
    }
}

/// Somebody in this hop is worth asking when nobody else serves.
void AttemptChain::note_doubtful()
{
    if (walk_->doubtful.empty() || !same_place(walk_->doubtful.back().place, hop().place)) {
        walk_->doubtful.push_back(hop());
    }
}

void AttemptChain::note_overflow(const FailedAttempt& attempt, const Moment& moment)
{
    walk_->overflowed = true;
    if (const auto window =
            window_of((*table_)[attempt.deployment], moment.fleet[attempt.deployment].window)) {
        walk_->overflowed_window = std::max(walk_->overflowed_window.value_or(*window), *window);
    }
}

}  // namespace spillway::route
