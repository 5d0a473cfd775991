// Limits that several instances share: this one's part of them, and what is missing.

#include <algorithm>
#include <utility>

#include "spillway/guard/rate_limits.hpp"

namespace spillway::guard {

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

void RateLimits::lease(const SharedLimit& limit, std::int64_t most, std::int64_t low, TimePoint now)
{
    const std::scoped_lock lock(mutex_);
    const auto found = cells_.find(KeyView{limit.kind, limit.name, limit.model});
    if (found == cells_.end())
        return;
    change(found->second, limit.measure, std::max<std::int64_t>(0, most), now);
    auto& lease = found->second.leases[static_cast<std::size_t>(limit.measure)];
    lease.low = low;
    lease.known = true;
}

}  // namespace spillway::guard
