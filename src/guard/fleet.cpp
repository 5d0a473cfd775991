#include "spillway/guard/fleet.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <string>
#include <unordered_map>
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
/// Weight of the newest measurement in the moving average.
constexpr double newest_share = 0.2;

std::int64_t minute_of(TimePoint now)
{
    return std::chrono::floor<std::chrono::minutes>(now.time_since_epoch()).count();
}

/// Tokens of the last minute in slices of ten seconds.
class TokenWindow {
public:
    void add(double tokens, TimePoint now)
    {
        Slice& slice = slices_[static_cast<std::size_t>(slice_of(now)) % slices_.size()];
        if (slice.number != slice_of(now)) {
            slice = {slice_of(now), 0};
        }
        slice.tokens += tokens;
    }

    [[nodiscard]] double sum(TimePoint now) const
    {
        double total = 0;
        for (const Slice& slice : slices_) {
            const bool recent =
                slice.number > slice_of(now) - std::ssize(slices_) && slice.number <= slice_of(now);
            total += recent ? slice.tokens : 0;
        }
        return total;
    }

private:
    struct Slice {
        std::int64_t number = -1;
        double tokens = 0;
    };
    static std::int64_t slice_of(TimePoint now)
    {
        return std::chrono::floor<std::chrono::seconds>(now.time_since_epoch()).count() / 10;
    }
    std::array<Slice, 6> slices_;
};

/// Does the failure say something about the deployment, and not only about the request?
bool is_sick(FailureClass kind)
{
    return policy_of(kind).breaker == BreakerEffect::counted ||
           policy_of(kind).cooling != Cooling::none;
}

}  // namespace

/// What the configuration says about resting, for one deployment.
struct Fleet::Rules {
    bool may_rest = true;
    bool lone = false;  ///< The only member of its group.
    Millis cooldown{};
    std::optional<int> allowed_fails;
    config::RetryPolicy allowed_fails_policy;
};

/// State of one deployment.
class Fleet::Cell {
public:
    [[nodiscard]] route::DeploymentState read(TimePoint now) const
    {
        const std::scoped_lock lock(mutex_);
        return {rests_until_, probing_, in_flight_, first_token_ms_, tokens_.sum(now)};
    }

    void started(TimePoint now)
    {
        const std::scoped_lock lock(mutex_);
        ++in_flight_;
        probing_ = probing_ || (unproven_ && rests_until_ <= now);
    }

    void ended(const AttemptReport& report, const Rules& rules, TimePoint now);

    [[nodiscard]] int state_number(TimePoint now) const
    {
        const std::scoped_lock lock(mutex_);
        return rests_until_ > now ? 2 : unproven_ ? 1 : 0;
    }

private:
    void measure(const AttemptReport& report, TimePoint now);
    void recovered(TimePoint now);
    void count_failure(FailureClass kind);
    void turn_minute(TimePoint now);
    [[nodiscard]] bool must_rest(const chat::Failure& failure, const Rules& rules) const;
    void rest(const chat::Failure& failure, const Rules& rules, TimePoint now);

    mutable std::mutex mutex_;
    TimePoint rests_until_{};
    bool unproven_ = false;  ///< Has rested and not answered since.
    bool probing_ = false;
    int failed_probes_ = 0;
    std::uint32_t in_flight_ = 0;
    double first_token_ms_ = 0;
    TokenWindow tokens_;
    std::int64_t minute_ = -1;
    std::uint32_t calls_ = 0;     ///< Of the current minute, as are the next two.
    std::uint32_t failures_ = 0;  ///< Those that are the deployment's own.
    std::array<std::uint32_t, chat::failure_class_count> by_class_{};
};

/// Shared by the fleets of two configurations while requests of the older one still run: their
/// ends must be counted where the newer one looks.
struct Fleet::Entry {
    std::string id;
    std::shared_ptr<Cell> cell;
    Rules rules;
};

void Fleet::Cell::ended(const AttemptReport& report, const Rules& rules, TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    in_flight_ -= in_flight_ > 0 ? 1 : 0;
    measure(report, now);
    const bool was_probing = std::exchange(probing_, false);
    if (report.end == AttemptReport::End::abandoned) {
        return;
    }
    turn_minute(now);
    ++calls_;
    if (report.end == AttemptReport::End::answered) {
        recovered(now);
        return;
    }
    const FailureClass kind = report.failure.kind;
    count_failure(kind);
    const bool sick = is_sick(kind);
    if (!sick) {
        // It refused this request in good order: whatever it rested for is over.
        recovered(now);
    }
    if (must_rest(report.failure, rules) || (sick && was_probing && rules.may_rest)) {
        rest(report.failure, rules, now);
    }
}

void Fleet::Cell::measure(const AttemptReport& report, TimePoint now)
{
    if (report.first_token) {
        // Nothing comes in no time: zero would mean "never measured" to the strategies.
        const double sample = std::max(0.5, static_cast<double>(report.first_token->count()));
        first_token_ms_ = first_token_ms_ > 0
                              ? first_token_ms_ + newest_share * (sample - first_token_ms_)
                              : sample;
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
        unproven_ = true;
    }
}

Fleet::Fleet(const route::RoutingTable& table, const Fleet* previous)
{
    std::unordered_map<std::string_view, const std::shared_ptr<Cell>*> known;
    if (previous != nullptr) {
        for (const Entry& entry : previous->entries_) {
            known.emplace(entry.id, &entry.cell);
        }
    }
    std::vector<std::size_t> members(table.deployments().size(), 0);
    for (const route::Group& group : table.groups()) {
        for (const DeploymentIndex member : group.members) {
            members[at(member)] = group.members.size();
        }
    }
    const config::Router& settings = table.settings();
    entries_.reserve(members.size());
    for (std::size_t i = 0; i < members.size(); ++i) {
        const route::Deployment& deployment = table.deployments()[i];
        const auto found = known.find(deployment.id);
        Rules rules;
        rules.may_rest = !settings.disable_cooldowns;
        rules.lone = members[i] < 2;
        rules.cooldown = deployment.cooldown_time.value_or(settings.cooldown_time);
        rules.allowed_fails = settings.allowed_fails;
        rules.allowed_fails_policy = settings.allowed_fails_policy;
        entries_.push_back({deployment.id,
                            found == known.end() ? std::make_shared<Cell>() : *found->second,
                            std::move(rules)});
    }
}

Fleet::~Fleet() = default;

void Fleet::read(route::FleetView& view, TimePoint now) const
{
    view.look(*this, entries_.size(), now);
}

route::DeploymentState Fleet::state(DeploymentIndex deployment, TimePoint now) const
{
    return entries_[at(deployment)].cell->read(now);
}

void Fleet::started(DeploymentIndex deployment, TimePoint now)
{
    entries_[at(deployment)].cell->started(now);
}

void Fleet::ended(const AttemptReport& report, TimePoint now)
{
    const Entry& entry = entries_[at(report.deployment)];
    entry.cell->ended(report, entry.rules, now);
}

std::uint32_t Fleet::in_flight(DeploymentIndex deployment, TimePoint now) const
{
    return entries_[at(deployment)].cell->read(now).in_flight;
}

int Fleet::state_number(DeploymentIndex deployment, TimePoint now) const
{
    return entries_[at(deployment)].cell->state_number(now);
}

}  // namespace spillway::guard
