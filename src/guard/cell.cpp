#include "cell.hpp"

#include <algorithm>
#include <utility>

#include "spillway/route/failure_policy.hpp"

namespace spillway::guard {
namespace {

using chat::FailureClass;
using route::BreakerEffect;
using route::Cooling;
using route::policy_of;

constexpr std::uint32_t fewest_calls_for_a_rate = 5;
constexpr int longest_rest_factor = 10;
/// A provider may tell us to stay away for hours; a probe every ten minutes costs nothing.
constexpr Millis longest_told_rest{600'000};
/// Engines unload a model five minutes after its last answer, unless told otherwise.
constexpr std::chrono::minutes stays_warm{4};
/// An engine that reports at all does so every few seconds.
constexpr std::chrono::minutes report_counts{2};
/// For so long an engine is taken to load its model when it said so and nothing since.
constexpr std::chrono::seconds loading_counts{30};
constexpr std::chrono::seconds between_comparisons{1};
/// Weight of the newest measurement in the moving average of the speed.
constexpr double newest_share = 0.2;
/// Fewer tokens say more about the network than about the engine.
constexpr std::int64_t fewest_tokens_for_a_speed = 4;

std::int64_t minute_of(TimePoint now)
{
    return std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
}

std::int64_t slice_of(TimePoint now)
{
    return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count() / 10;
}

/// Does the failure say something about the deployment, and not only about the request?
bool is_sick(FailureClass kind)
{
    return policy_of(kind).breaker == BreakerEffect::counted ||
           policy_of(kind).cooling != Cooling::none;
}

/// The bucket of a limit that is enforced, with its newest size; null without one.
TokenBucket* limited_to(std::optional<TokenBucket>& bucket,
                        const std::optional<std::int64_t>& per_minute, TimePoint now)
{
    if (!per_minute) {
        return nullptr;
    }
    if (!bucket) {
        bucket.emplace(*per_minute, now);
    }
    bucket->set_limit(*per_minute, now);
    return &*bucket;
}

/// What routing is shown of it.
route::RateRoom room(std::optional<TokenBucket> bucket,
                     const std::optional<std::int64_t>& per_minute, TimePoint now)
{
    route::RateRoom room;
    if (const auto* limited = limited_to(bucket, per_minute, now)) {
        room.per_minute = per_minute;
        room.empty_at = limited->empty_at(now);
    }
    return room;
}

std::optional<QuotaLeft> known(const std::optional<QuotaLeft>& quota, TimePoint now)
{
    return quota && quota->until > now ? quota : std::nullopt;
}

}  // namespace

void LastMinute::add(double amount, TimePoint now)
{
    Slice& slice = slices_[static_cast<std::size_t>(slice_of(now)) % slices_.size()];
    if (slice.number != slice_of(now)) {
        slice = {slice_of(now), 0};
    }
    slice.amount += amount;
}

double LastMinute::sum(TimePoint now) const
{
    double total = 0;
    for (const Slice& slice : slices_) {
        const bool recent =
            slice.number > slice_of(now) - std::ssize(slices_) && slice.number <= slice_of(now);
        total += recent ? slice.amount : 0;
    }
    return total;
}

route::DeploymentState Fleet::Cell::read(const Rules& rules, TimePoint now) const
{
    const std::scoped_lock lock(mutex_);
    return read_locked(rules, now);
}

/// Is its model loaded? By the engine's own word, unless it answered since.
bool Fleet::Cell::warm(TimePoint now) const
{
    const bool told = report_ && report_->facts.loaded && now - report_->when < report_counts;
    if (told && (!answered_ || *answered_ < report_->when)) {
        return *report_->facts.loaded;
    }
    return answered_ && now - *answered_ < stays_warm;
}

/// Does it load its model? By its own word, unless it answered since.
bool Fleet::Cell::loading(TimePoint now) const
{
    return report_ && report_->facts.loading.value_or(false) &&
           now - report_->when < loading_counts && (!answered_ || *answered_ < report_->when);
}

route::DeploymentState Fleet::Cell::read_locked(const Rules& rules, TimePoint now) const
{
    route::DeploymentState state;
    state.rests_until = rests_until_;
    state.probing = probing_;
    state.in_flight = in_flight_;
    state.first_token_ms = first_token_.at(now);
    state.tokens_last_minute = tokens_.sum(now);
    state.warm = warm(now);
    state.loading = loading(now);
    state.window = window_;
    state.tokens_per_second = tokens_per_second_;
    state.requests_last_minute = static_cast<std::uint32_t>(requests_.sum(now));
    state.unreachable = unreachable_;
    if (requests_left_ && requests_left_->left <= 0) {
        state.requests_spent_until = requests_left_->until;
    }
    if (tokens_left_) {
        state.tokens_known_until = tokens_left_->until;
        state.tokens_left = Tokens{tokens_left_->left};
    }
    if (rules.limited()) {
        state.requests_room = room(requests_room_, rules.requests_per_minute, now);
        state.tokens_room = room(tokens_room_, rules.tokens_per_minute, now);
    }
    return state;
}

Health Fleet::Cell::health(const Rules& rules, TimePoint now) const
{
    const std::scoped_lock lock(mutex_);
    Health health;
    health.state = read_locked(rules, now);
    health.standing = rests_until_ > now ? Standing::resting
                      : probing_         ? Standing::probing
                      : unproven_        ? Standing::half_open
                                         : Standing::healthy;
    health.cause = cause_;
    health.failure = failure_;
    health.answered = answered_;
    health.check = check_;
    health.report = report_;
    health.requests = known(requests_left_, now);
    health.tokens = known(tokens_left_, now);
    return health;
}

int Fleet::Cell::state_number(TimePoint now) const
{
    const std::scoped_lock lock(mutex_);
    return rests_until_ > now || unreachable_ ? 2 : unproven_ ? 1 : 0;
}

Pace Fleet::Cell::pace(TimePoint now) const
{
    const std::scoped_lock lock(mutex_);
    const bool recent = first_token_.at(now) > 0;
    return {first_token_.smooth(), recent ? first_token_.samples() : 0, rests_until_ > now};
}

std::optional<std::int64_t> Fleet::Cell::admit(const chat::TokenWish& wish, const Rules& rules,
                                               TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    auto* const requests = limited_to(requests_room_, rules.requests_per_minute, now);
    auto* const tokens = limited_to(tokens_room_, rules.tokens_per_minute, now);
    const auto set_aside = tokens != nullptr ? wish.of(tokens->per_minute()) : 0;
    if ((requests != nullptr && !requests->holds(1, now)) ||
        (tokens != nullptr && !tokens->holds(set_aside, now))) {
        return std::nullopt;
    }
    if (requests != nullptr) {
        requests->take(1, now);
    }
    if (tokens != nullptr) {
        tokens->take(set_aside, now);
    }
    return set_aside;
}

void Fleet::Cell::started(TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    ++in_flight_;
    requests_.add(1, now);
    probing_ = probing_ || (unproven_ && rests_until_ <= now);
    // Until its next answer says better, each request takes one of those that were left.
    if (requests_left_) {
        --requests_left_->left;
    }
}

Fleet::Cell::Compare Fleet::Cell::ended(const AttemptReport& report, const Rules& rules,
                                        TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    in_flight_ -= in_flight_ > 0 ? 1 : 0;
    if (tokens_room_ && report.used) {
        tokens_room_->settle(report.set_aside, count(*report.used), now);
    }
    measure(report, now);
    const bool was_probing = std::exchange(probing_, false);
    if (report.end == AttemptReport::End::abandoned) {
        return Compare::no;
    }
    turn_minute(now);
    ++calls_;
    if (report.end == AttemptReport::End::answered) {
        answered_ = now;
        unreachable_ = false;
        recovered(now);
        const bool due = report.first_token && now - compared_ >= between_comparisons;
        compared_ = due ? now : compared_;
        return due ? Compare::now : Compare::no;
    }
    const FailureClass kind = report.failure.kind;
    count_failure(kind);
    const bool sick = is_sick(kind);
    if (!sick) {
        // It refused this request in good order: whatever it rested for is over.
        unreachable_ = false;
        recovered(now);
    }
    if (must_rest(report.failure, rules) || (sick && was_probing && rules.may_rest)) {
        rest(report.failure, rules, now);
    }
    return Compare::no;
}

void Fleet::Cell::measure(const AttemptReport& report, TimePoint now)
{
    const auto generated = static_cast<double>(count(report.generated));
    if (report.first_token) {
        auto sample = static_cast<double>(report.first_token->count());
        if (report.form == AttemptReport::Form::whole && tokens_per_second_ > 0) {
            // Of a whole answer one sees the end only: off goes what its writing must have taken.
            sample -= 1'000 * generated / tokens_per_second_;
        }
        // Nothing comes in no time: zero would mean "never measured" to the strategies.
        first_token_.add(std::max(0.5, sample), now);
    }
    if (report.form == AttemptReport::Form::stream && report.first_token && report.duration &&
        count(report.generated) >= fewest_tokens_for_a_speed) {
        const Millis writing = std::max(Millis{1}, *report.duration - *report.first_token);
        const double speed = 1'000 * generated / static_cast<double>(writing.count());
        tokens_per_second_ +=
            (tokens_per_second_ > 0 ? newest_share : 1) * (speed - tokens_per_second_);
    }
    if (count(report.tokens) > 0) {
        tokens_.add(static_cast<double>(count(report.tokens)), now);
    }
}

/// Only a rest that is over can be closed: an answer to a request sent before a rate limit says
/// nothing about the limit.
void Fleet::Cell::recovered(TimePoint now)
{
    if (unproven_ && rests_until_ <= now) {
        unproven_ = false;
        failed_probes_ = 0;
        failures_ = 0;
        calls_ = 0;
        by_class_ = {};
    }
}

void Fleet::Cell::count_failure(FailureClass kind)
{
    ++by_class_[static_cast<std::size_t>(kind)];
    failures_ += is_sick(kind) ? 1 : 0;
}

void Fleet::Cell::turn_minute(TimePoint now)
{
    if (minute_ != minute_of(now)) {
        minute_ = minute_of(now);
        calls_ = 0;
        failures_ = 0;
        by_class_ = {};
    }
}

bool Fleet::Cell::must_rest(const chat::Failure& failure, const Rules& rules) const
{
    if (!rules.may_rest) {
        return false;
    }
    const auto by_class = route::said_of(rules.allowed_fails_policy, failure.kind);
    if (by_class) {
        const auto times = by_class_[static_cast<std::size_t>(failure.kind)];
        return static_cast<std::int64_t>(times) > *by_class;
    }
    if (policy_of(failure.kind).cooling != Cooling::none && !rules.lone) {
        return true;
    }
    if (failure.unreached && rules.engine && !rules.lone && !rules.allowed_fails) {
        return true;
    }
    if (rules.allowed_fails) {
        return static_cast<std::int64_t>(failures_) > *rules.allowed_fails;
    }
    return !rules.lone && calls_ >= fewest_calls_for_a_rate && 2 * failures_ > calls_;
}

void Fleet::Cell::rest(const chat::Failure& failure, const Rules& rules, TimePoint now)
{
    const bool resting = rests_until_ > now;
    if (unproven_ && !resting) {
        ++failed_probes_;
    }
    // Requests that were already on their way fail into the same rest; they do not lengthen it.
    const int factor = failed_probes_ < 4 ? 1 << failed_probes_ : longest_rest_factor;
    Millis length = rules.cooldown * std::min(factor, longest_rest_factor);
    if (policy_of(failure.kind).cooling == Cooling::as_told && failure.retry_after) {
        length = std::min(*failure.retry_after, longest_told_rest);
    } else if (resting) {
        return;
    }
    if (length > Millis{0}) {
        rests_until_ = std::max(rests_until_, now + length);
        cause_ = RestCause::failures;
        failure_ = failure.kind;
        unproven_ = true;
    }
}

void Fleet::Cell::lags(const Rules& rules, TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    if (!rules.may_rest || rules.cooldown <= Millis{0} || rests_until_ > now) {
        return;
    }
    rests_until_ = now + rules.cooldown;
    cause_ = RestCause::slowness;
    failure_.reset();
    unproven_ = true;
    // What it did before says nothing about what it does after: it is judged by new samples.
    first_token_.start_count();
}

void Fleet::Cell::told(const chat::Quota& quota, TimePoint now)
{
    const auto until = [now](const chat::Allowance& allowance) {
        return QuotaLeft{allowance.left, now + std::min(allowance.reset, longest_told_rest)};
    };
    const std::scoped_lock lock(mutex_);
    if (quota.requests) {
        requests_left_ = until(*quota.requests);
    }
    if (quota.tokens) {
        tokens_left_ = until(*quota.tokens);
    }
}

void Fleet::Cell::checked(HealthCheck check)
{
    const std::scoped_lock lock(mutex_);
    // It may have answered a request while the check was out.
    const bool outdated = answered_ && check.when < *answered_;
    unreachable_ = !check.trouble.empty() && !outdated;
    check_ = std::move(check);
}

void Fleet::Cell::learned(const chat::ModelFacts& facts, TimePoint when)
{
    const std::scoped_lock lock(mutex_);
    report_ = ModelReport{when, facts};
    // A model that is not loaded has none; the next load most likely gives it the same again.
    if (facts.window) {
        window_ = facts.window;
    }
}

}  // namespace spillway::guard
