// An attempt chain whose last `Send` came to nothing, because money or a limit was short.

#include <algorithm>
#include <utility>

#include "spillway/route/attempt_chain.hpp"

namespace spillway::route {

Action AttemptChain::declined(Error shortage, const Moment& moment)
{
    if (!walk_->current || committed_) {
        return give_up(moment);
    }
    walk_->unpaid.push_back(*walk_->current);
    const auto never = Millis::max();
    if (!walk_->shortage ||
        shortage.retry_after().value_or(never) < walk_->shortage->retry_after().value_or(never)) {
        walk_->shortage = std::move(shortage);
    }
    return take_back(moment);
}

Action AttemptChain::withdrawn(const Moment& moment)
{
    if (!walk_->current || committed_) {
        return give_up(moment);
    }
    walk_->somebody_limited = true;
    if (const auto wait = wait_for_part(moment)) {
        return *wait;
    }
    return pass_on(moment);
}

Action AttemptChain::passed_over(const Moment& moment)
{
    if (!walk_->current || committed_) {
        return give_up(moment);
    }
    walk_->put_off.push_back(*walk_->current);
    note_doubtful();
    return take_back(moment);
}

Action AttemptChain::turned_away(Error why, const Moment& moment)
{
    if (committed_) {
        return Stop{std::move(why)};
    }
    if (!walk_->current) {
        return give_up(moment);
    }
    walk_->turned_away.push_back(*walk_->current);
    walk_->no_room = std::move(why);
    return take_back(moment);
}

/// The deployment's limits are used up: this request does not come back to it.
Action AttemptChain::pass_on(const Moment& moment)
{
    note_absence(*walk_->current, moment);
    walk_->withdrawn.push_back(*walk_->current);
    return take_back(moment);
}

/// Other instances hold what is missing of a limit: a short wait for their answer, before the next
/// place is taken. It grows, since an answer takes a few milliseconds or many.
std::optional<Pause> AttemptChain::wait_for_part(const Moment& moment)
{
    constexpr Millis patience{250};
    const auto step = std::clamp(walk_->waited_for_part, Millis{5}, Millis{40});
    const auto& grows_at = moment.fleet[*walk_->current].part_grows_at;
    if (!grows_at || *grows_at > moment.now || walk_->waited_for_part >= patience ||
        moment.now + step >= deadline_) {
        return std::nullopt;
    }
    walk_->waited_for_part += step;
    walk_->waiting_for_part = true;
    return Pause{step};
}

/// The wait for a part is over: the same deployment again, if it is still one to ask.
Action AttemptChain::part_awaited(const Moment& moment)
{
    if (!walk_->current) {
        return give_up(moment);
    }
    if (moment.now >= deadline_) {
        walk_->current.reset();
        return out_of_time();
    }
    if (!free(*walk_->current, moment)) {
        return pass_on(moment);
    }
    const bool was_retry = walk_->before_send.retry;
    uncount();
    return was_retry ? send_retry(*walk_->current, moment) : send(*walk_->current, moment);
}

/// What the last `Send` counted is taken back.
void AttemptChain::uncount()
{
    fallbacks_ = walk_->before_send.fallbacks;
    walk_->hop_tried = walk_->before_send.hop_tried;
    if (walk_->before_send.retry) {
        --retries_;
        --walk_->retries_in_level;
    }
}

/// Nothing was sent after the last `Send`: the next is tried.
Action AttemptChain::take_back(const Moment& moment)
{
    walk_->current.reset();
    const bool was_retry = walk_->before_send.retry;
    uncount();
    if (moment.now >= deadline_) {
        return out_of_time();
    }
    if (const auto other = best_of_level(Freshness::untried, moment)) {
        return was_retry ? send_retry(*other, moment) : send(*other, moment);
    }
    return advance(moment);
}

}  // namespace spillway::route
