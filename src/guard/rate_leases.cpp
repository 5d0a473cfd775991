// Limits that several instances share: this one's part of them, and what is missing.

#include <algorithm>
#include <utility>

#include "spillway/guard/rate_limits.hpp"

namespace spillway::guard {
namespace {

/// After an answer that too little is left: so long others may still give back what they do not
/// use ...
constexpr std::chrono::milliseconds others_give_back{250};
/// ... and for so long afterwards who can go elsewhere does not wait for it.
constexpr std::chrono::seconds short_for{1};

}  // namespace

void RateLimits::share(std::function<void()> on_demand)
{
    const std::scoped_lock lock(mutex_);
    shared_ = true;
    on_demand_ = std::move(on_demand);
}

void RateLimits::alone_of(std::size_t live)
{
    const std::scoped_lock lock(mutex_);
    alone_of_ = live;
}

/// What this instance has of a limit; the bucket of a rate is brought to it by `change`.
std::int64_t RateLimits::part_of(const Limit& limit, Cell& cell, Measure measure,
                                 std::int64_t of_all, TimePoint now)
{
    if (!shared_)
        return of_all;
    auto& lease = cell.leases[static_cast<std::size_t>(measure)];
    if (std::exchange(lease.limit, of_all) != of_all)
        demand(limit, cell, measure, 0, now);
    if (!lease.known && alone_of_ > 0) {
        const auto part = of_all / static_cast<std::int64_t>(alone_of_);
        change(cell, measure, std::max(part, std::min<std::int64_t>(1, of_all)), now);
    }
    return lease.part;
}

/// Notes a limit whose sums changed; somebody is told when the part runs low.
/// @param lacking  What was refused for want of a larger part; 0: nothing was.
void RateLimits::demand(const Limit& limit, Cell& cell, Measure measure, std::int64_t lacking,
                        TimePoint now)
{
    auto& lease = cell.leases[static_cast<std::size_t>(measure)];
    if (!std::exchange(lease.listed, true))
        demands_.push_back(
            {measure, limit.kind, std::string(limit.name), std::string(limit.model)});
    if (lacking > 0) {
        lease.refused += std::min(lacking, lease.limit);
        lease.least = lease.least == 0 ? lacking : std::min(lease.least, lacking);
    }
    const bool low = lease.part - used(cell, measure, now) < lease.low;
    if ((low || lacking > 0) && on_demand_)
        on_demand_();
}

std::int64_t RateLimits::used(const Cell& cell, Measure measure, TimePoint now)
{
    if (measure == Measure::parallel)
        return cell.in_flight;
    const auto& bucket = measure == Measure::requests ? cell.requests : cell.tokens;
    const auto part = cell.leases[static_cast<std::size_t>(measure)].part;
    return bucket ? std::max<std::int64_t>(0, part - bucket->left(now)) : 0;
}

void RateLimits::change(Cell& cell, Measure measure, std::int64_t part, TimePoint now)
{
    auto& lease = cell.leases[static_cast<std::size_t>(measure)];
    const auto by = part - std::exchange(lease.part, part);
    if (measure == Measure::parallel)
        return;
    auto& bucket = measure == Measure::requests ? cell.requests : cell.tokens;
    if (!bucket)
        bucket.emplace(part - by, now);
    if (by > 0)
        bucket->grow(by, now);
    else if (by < 0)
        bucket->shrink(-by, now);
}

std::vector<RateDemand> RateLimits::take_demands(std::size_t most)
{
    const std::scoped_lock lock(mutex_);
    std::vector<RateDemand> out;
    while (out.size() < most && !demands_.empty()) {
        auto limit = std::move(demands_.back());
        demands_.pop_back();
        const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
        if (found == cells_.end())
            continue;
        auto& lease = found->second.leases[static_cast<std::size_t>(limit.measure)];
        lease.listed = false;
        out.push_back(
            {std::move(limit), std::exchange(lease.refused, 0), std::exchange(lease.least, 0)});
    }
    return out;
}

const RateLimits::Cell* RateLimits::find(const SharedLimit& limit) const
{
    const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
    return found == cells_.end() ? nullptr : &found->second;
}

std::optional<RateStock> RateLimits::stock(const SharedLimit& limit, TimePoint now) const
{
    const std::scoped_lock lock(mutex_);
    const auto* const cell = find(limit);
    if (cell == nullptr)
        return std::nullopt;
    const auto& lease = cell->leases[static_cast<std::size_t>(limit.measure)];
    return RateStock{lease.limit, lease.part, used(*cell, limit.measure, now)};
}

std::optional<std::int64_t> RateLimits::lower(const SharedLimit& limit, std::int64_t keep,
                                              TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
    if (found == cells_.end())
        return std::nullopt;
    auto& cell = found->second;
    const auto& lease = cell.leases[static_cast<std::size_t>(limit.measure)];
    const auto part = std::min(lease.part, std::max(keep, used(cell, limit.measure, now)));
    change(cell, limit.measure, part, now);
    return part;
}

void RateLimits::lease(const SharedLimit& limit, std::int64_t most, std::int64_t low, TimePoint now,
                       Supply supply)
{
    const std::scoped_lock lock(mutex_);
    const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
    if (found == cells_.end())
        return;
    change(found->second, limit.measure, std::max<std::int64_t>(0, most), now);
    auto& lease = found->second.leases[static_cast<std::size_t>(limit.measure)];
    lease.low = low;
    lease.known = true;
    if (supply == Supply::some)
        lease.short_since.reset();
    else if (!lease.short_since || now - *lease.short_since >= short_for)
        lease.short_since = now;
}

std::optional<std::int64_t> RateLimits::admit(const Limit& limit, const chat::TokenWish& wish,
                                              TimePoint now)
{
    auto decision = take({&limit, 1}, wish, now);
    if (decision.refused)
        return std::nullopt;
    const std::scoped_lock lock(mutex_);
    // Held by what was taken, so it is there.
    ++cells_.find(KeyView{limit.kind, limit.name, limit.model})->second.admitted;
    decision.taken.keep();
    return limit.tokens ? wish.of(*limit.tokens) : 0;
}

void RateLimits::begun(const Limit& limit)
{
    const std::scoped_lock lock(mutex_);
    const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
    if (found == cells_.end())
        return;
    auto& cell = found->second;
    if (cell.admitted > 0)
        --cell.admitted;
    else
        ++cell.strangers;
}

void RateLimits::leave(const Limit& limit, std::int64_t set_aside, std::optional<Tokens> used,
                       TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
    if (found == cells_.end())
        return;
    auto& cell = found->second;
    // Whichever of them ends first: the last of those who took a place gives it back.
    if (cell.strangers > 0) {
        --cell.strangers;
    } else {
        cell.holders -= cell.holders > 0 ? 1 : 0;
        if (limit.parallel)
            cell.in_flight -= cell.in_flight > 0 ? 1 : 0;
    }
    if (limit.tokens && used && cell.tokens)
        cell.tokens->settle(set_aside, count(*used), now);
}

/// When asking is worth while: at once, but not soon after an answer that there was too little, and
/// not while there is nobody to ask.
TimePoint RateLimits::grows_at(const Cell::Lease& lease, TimePoint now) const
{
    if (alone_of_ > 0 && (lease.known || lease.part > 0))
        return now + short_for;
    if (!lease.short_since || now - *lease.short_since < others_give_back)
        return now;
    return std::max(now, *lease.short_since + short_for);
}

void RateLimits::show(const Limit& limit, route::DeploymentState& state, TimePoint now) const
{
    const std::scoped_lock lock(mutex_);
    const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
    static const Cell untouched;
    const auto& cell = found == cells_.end() ? untouched : found->second;
    const auto part_of = [&](Measure measure, std::int64_t of_all) {
        const auto& lease = cell.leases[static_cast<std::size_t>(measure)];
        std::optional<route::RateRoom::Part> part;
        if (lease.part < of_all) {
            part = {lease.part, grows_at(lease, now)};
            state.part_grows_at =
                std::min(state.part_grows_at.value_or(part->grows_at), part->grows_at);
        }
        return part;
    };
    const auto room_of = [&](Measure measure, const std::optional<TokenBucket>& bucket) {
        route::RateRoom room;
        room.per_minute = limit_of(limit, measure);
        if (room.per_minute)
            room.part = part_of(measure, *room.per_minute);
        if (bucket)
            room.empty_at = bucket->empty_at(now);
        return room;
    };
    state.part_grows_at.reset();
    state.requests_room = room_of(Measure::requests, cell.requests);
    state.tokens_room = room_of(Measure::tokens, cell.tokens);
    state.places.reset();
    if (!limit.parallel)
        return;
    const auto part = part_of(Measure::parallel, *limit.parallel);
    if (part && part->grows_at > now)
        state.places = static_cast<std::uint32_t>(std::max<std::int64_t>(0, part->per_minute));
}

}  // namespace spillway::guard
