// An attempt chain whose last `Send` came to nothing, because money or a limit was short.

#include <algorithm>
#include <utility>

#include "spillway/route/attempt_chain.hpp"

namespace spillway::route {

Action AttemptChain::declined(Error shortage, const Moment& moment)
{
    if (!current_ || committed_) {
        return give_up(moment);
    }
    unpaid_.push_back(*current_);
    const auto never = Millis::max();
    if (!shortage_ ||
        shortage.retry_after().value_or(never) < shortage_->retry_after().value_or(never)) {
        shortage_ = std::move(shortage);
    }
    return take_back(moment);
}

Action AttemptChain::withdrawn(const Moment& moment)
{
    if (!current_ || committed_) {
        return give_up(moment);
    }
    somebody_limited_ = true;
    if (const auto wait = wait_for_part(moment)) {
        return *wait;
    }
    return pass_on(moment);
}

Action AttemptChain::passed_over(const Moment& moment)
{
    if (!current_ || committed_) {
        return give_up(moment);
    }
    put_off_.push_back(*current_);
    note_doubtful();
    return take_back(moment);
}

Action AttemptChain::turned_away(Error why, const Moment& moment)
{
    if (committed_) {
        return Stop{std::move(why)};
    }
    if (!current_) {
        return give_up(moment);
    }
    turned_away_.push_back(*current_);
    no_room_ = std::move(why);
    return take_back(moment);
}

/// The deployment's limits are used up: this request does not come back to it.
Action AttemptChain::pass_on(const Moment& moment)
{
    note_absence(*current_, moment);
    withdrawn_.push_back(*current_);
    return take_back(moment);
}

/// Other instances hold what is missing of a limit: a short wait for their answer, before the next
/// place is taken. It grows, since an answer takes a few milliseconds or many.
std::optional<Pause> AttemptChain::wait_for_part(const Moment& moment)
{
    constexpr Millis patience{250};
    const auto step = std::clamp(waited_for_part_, Millis{5}, Millis{40});
    const auto& grows_at = moment.fleet[*current_].part_grows_at;
    if (!grows_at || *grows_at > moment.now || waited_for_part_ >= patience ||
        moment.now + step >= deadline_) {
        return std::nullopt;
    }
    waited_for_part_ += step;
    waiting_for_part_ = true;
    return Pause{step};
}

/// The wait for a part is over: the same deployment again, if it is still one to ask.
Action AttemptChain::part_awaited(const Moment& moment)
{
    if (!current_) {
        return give_up(moment);
    }
    if (moment.now >= deadline_) {
        current_.reset();
        return out_of_time();
    }
    if (!free(*current_, moment)) {
        return pass_on(moment);
    }
    const bool was_retry = before_send_.retry;
    uncount();
    return was_retry ? send_retry(*current_, moment) : send(*current_, moment);
}

/// What the last `Send` counted is taken back.
void AttemptChain::uncount()
{
    fallbacks_ = before_send_.fallbacks;
    hop_tried_ = before_send_.hop_tried;
    if (before_send_.retry) {
        --retries_;
        --retries_in_level_;
    }
}

/// Nothing was sent after the last `Send`: the next is tried.
Action AttemptChain::take_back(const Moment& moment)
{
    current_.reset();
    const bool was_retry = before_send_.retry;
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
