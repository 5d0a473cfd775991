#include "spillway/guard/rate_limits.hpp"

#include <algorithm>
#include <functional>
#include <utility>

namespace spillway::guard {
namespace {

using std::chrono::nanoseconds;

/// Nobody knows when a running request ends; a second is what clients are told.
constexpr nanoseconds until_a_place_is_free = std::chrono::seconds(1);

constexpr std::array all_measures{Measure::requests, Measure::tokens, Measure::parallel};

TokenBucket& bucket(std::optional<TokenBucket>& place, std::int64_t per_minute, TimePoint now)
{
    if (!place)
        place.emplace(per_minute, now);
    place->set_limit(per_minute, now);
    return *place;
}

OverLimit refusal(const Limit& limit, Measure measure)
{
    OverLimit over;
    over.kind = limit.kind;
    over.name = limit.name;
    over.model = limit.model;
    over.measure = measure;
    return over;
}

/// Does `other` hold the request up for longer than `known`?
bool is_longer(const std::optional<nanoseconds>& other, const std::optional<nanoseconds>& known)
{
    return known && (!other || *other > *known);
}

void note_tightest(std::optional<Meter>& known, const TokenBucket& bucket, std::int64_t limit,
                   TimePoint now)
{
    const Meter meter{limit, bucket.left(now), bucket.full_in(now)};
    if (!known || meter.left < known->left)
        known = meter;
}

}  // namespace

std::optional<std::int64_t> limit_of(const Limit& limit, Measure measure)
{
    switch (measure) {
        case Measure::requests:
            return limit.requests;
        case Measure::tokens:
            return limit.tokens;
        case Measure::parallel:
            return limit.parallel;
    }
    return std::nullopt;
}

namespace {

std::int64_t wanted_of(const chat::TokenWish& wish, Measure measure, std::int64_t limit)
{
    return measure == Measure::tokens ? wish.of(limit) : 1;
}

}  // namespace

std::string_view name(Measure measure)
{
    switch (measure) {
        case Measure::requests:
            return "requests";
        case Measure::tokens:
            return "tokens";
        case Measure::parallel:
            return "max_parallel_requests";
    }
    return "requests";
}

/// Collects what keeps a request from being admitted.
struct RateLimits::Verdict {
    std::optional<OverLimit> worst;
    Decision::Lack lack = Decision::Lack::lease;  ///< So long as there is nothing worse.

    /// @param part  What this instance has of it.
    /// @return Whether there is enough.
    bool check(const Limit& limit, Measure measure, std::int64_t part, const Cell& cell,
               std::int64_t wanted, TimePoint now)
    {
        const auto& bucket = measure == Measure::requests ? cell.requests : cell.tokens;
        const bool enough =
            measure == Measure::parallel ? cell.in_flight < part : bucket->holds(wanted, now);
        if (enough)
            return true;
        auto over = refusal(limit, measure);
        over.limit = *limit_of(limit, measure);
        over.wanted = wanted;
        if (part >= over.limit || wanted > over.limit)
            lack = Decision::Lack::limit;
        if (measure != Measure::parallel) {
            over.left = bucket->left(now);
            if (bucket->could_hold(wanted))
                over.wait = bucket->wait(wanted, now);
        }
        // A part that is too small is made larger, some time.
        if (!over.wait && wanted <= over.limit)
            over.wait = until_a_place_is_free;
        if (!worst || is_longer(over.wait, worst->wait))
            worst = std::move(over);
        return false;
    }
};

RateLimits::Decision RateLimits::take(std::span<const Limit> limits, const chat::TokenWish& wish,
                                      TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    Verdict verdict;
    std::vector<Taken::Held> held;
    held.reserve(limits.size());
    for (const auto& limit : limits) {
        auto& cell = cell_of(limit, now);
        held.push_back({&cell, std::nullopt, limit.parallel.has_value()});
        // Held while the others are found, or a new one could push it out.
        ++cell.holders;
        for (const auto measure : all_measures) {
            const auto of_all = limit_of(limit, measure);
            if (!of_all)
                continue;
            const auto part = part_of(limit, cell, measure, *of_all, now);
            if (measure == Measure::requests)
                (void)bucket(cell.requests, part, now);
            if (measure == Measure::tokens)
                (void)bucket(cell.tokens, part, now);
            const auto wanted = wanted_of(wish, measure, *of_all);
            const bool enough = verdict.check(limit, measure, part, cell, wanted, now);
            if (shared_ && !enough)
                demand(limit, cell, measure, wanted, now);
        }
    }

    Decision decision;
    for (std::size_t i = 0; i < limits.size(); ++i) {
        auto& cell = *held[i].cell;
        const auto& limit = limits[i];
        if (verdict.worst) {
            --cell.holders;
        } else {
            if (limit.requests)
                cell.requests->take(1, now);
            if (limit.tokens)
                cell.tokens->take(held[i].tokens.emplace(wish.of(*limit.tokens)), now);
            cell.in_flight += limit.parallel ? 1 : 0;
        }
        if (shared_ && !verdict.worst)
            for (const auto measure : all_measures)
                if (limit_of(limit, measure))
                    demand(limit, cell, measure, 0, now);
        const bool key_and_model = limit.kind == chat::ScopeKind::key && !limit.model.empty();
        if (limit.requests) {
            note_tightest(decision.left.requests, *cell.requests, *limit.requests, now);
            if (key_and_model)
                decision.left.key_requests_of_model = cell.requests->left(now);
        }
        if (limit.tokens) {
            note_tightest(decision.left.tokens, *cell.tokens, *limit.tokens, now);
            if (key_and_model)
                decision.left.key_tokens_of_model = cell.tokens->left(now);
        }
    }
    if (verdict.worst)
        decision.lack = verdict.lack;
    decision.refused = std::move(verdict.worst);
    if (!decision.refused && !held.empty()) {
        decision.taken.limits_ = this;
        decision.taken.held_ = std::move(held);
    }
    return decision;
}

RateLimits::Cell& RateLimits::cell_of(const Limit& limit, TimePoint now)
{
    if (const auto known = cells_.find(KeyView{limit.kind, limit.name, limit.model});
        known != cells_.end())
        return known->second;
    forget_idle(now);
    const auto [made, fresh] =
        cells_.try_emplace(Key{limit.kind, std::string(limit.name), std::string(limit.model)});
    order_.push_back(&made->first);
    made->second.place = std::prev(order_.end());
    return made->second;
}

bool RateLimits::Cell::idle(TimePoint now) const
{
    const auto full = [now](const std::optional<TokenBucket>& bucket) {
        return !bucket || bucket->full_in(now) <= nanoseconds{0};
    };
    const bool leased =
        std::any_of(leases.begin(), leases.end(), [](const Lease& each) { return each.part > 0; });
    return holders == 0 && !leased && full(requests) && full(tokens);
}

void RateLimits::forget_idle(TimePoint now)
{
    for (int looks = 0; looks < 2 && !order_.empty(); ++looks) {
        const auto oldest = cells_.find(*order_.front());
        if (oldest->second.idle(now)) {
            order_.pop_front();
            cells_.erase(oldest);
        } else {
            order_.splice(order_.end(), order_, order_.begin());
        }
    }
}

std::size_t RateLimits::size() const
{
    const std::scoped_lock lock(mutex_);
    return cells_.size();
}

std::size_t RateLimits::Hash::operator()(const KeyView& key) const
{
    const std::hash<std::string_view> hash;
    constexpr std::size_t spread = 0x9E37'79B9'7F4A'7C15U;
    return (hash(key.name) * spread + hash(key.model)) * spread +
           static_cast<std::size_t>(key.kind);
}

RateLimits::Taken::Taken(Taken&& other) noexcept
    : limits_(std::exchange(other.limits_, nullptr)),
      held_(std::move(other.held_)),
      corrected_(other.corrected_)
{
    other.held_.clear();
}

RateLimits::Taken& RateLimits::Taken::operator=(Taken&& other) noexcept
{
    if (this != &other) {
        release();
        limits_ = std::exchange(other.limits_, nullptr);
        held_ = std::move(other.held_);
        corrected_ = other.corrected_;
        other.held_.clear();
    }
    return *this;
}

void RateLimits::Taken::correct(Tokens used, TimePoint now)
{
    if (limits_ == nullptr || std::exchange(corrected_, true))
        return;
    const std::scoped_lock lock(limits_->mutex_);
    for (const auto& held : held_) {
        if (held.tokens)
            held.cell->tokens->settle(*held.tokens, count(used), now);
    }
}

void RateLimits::Taken::keep() noexcept
{
    held_.clear();
    limits_ = nullptr;
}

void RateLimits::Taken::release() noexcept
{
    if (limits_ == nullptr)
        return;
    const std::scoped_lock lock(limits_->mutex_);
    for (const auto& held : held_) {
        --held.cell->holders;
        held.cell->in_flight -= held.parallel ? 1 : 0;
    }
    held_.clear();
    limits_ = nullptr;
}

}  // namespace spillway::guard
