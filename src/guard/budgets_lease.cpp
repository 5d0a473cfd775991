// Caps that several instances share: what may be spent here, and what is missing.

#include <algorithm>
#include <utility>

#include "saturated.hpp"
#include "spillway/guard/budgets.hpp"

namespace spillway::guard {

void Budgets::share(std::function<void()> on_demand)
{
    const std::lock_guard lock(mutex_);
    shared_ = true;
    on_demand_ = std::move(on_demand);
}

/// The caller holds the mutex. Null when the window has ended, or has no cap any more.
Budgets::Window* Budgets::open_window(const Unknown& window)
{
    const auto index = find(ScopeName{window.scope.kind, window.scope.name});
    if (!index)
        return nullptr;
    for (auto& each : cells_[*index].windows) {
        if (each.period != window.period)
            continue;
        roll(each, latest_);
        return each.opened == window.began ? &each : nullptr;
    }
    return nullptr;
}

void Budgets::lease(const Unknown& window, const LeaseGrant& grant)
{
    const std::lock_guard lock(mutex_);
    auto* const found = open_window(window);
    if (found == nullptr || !found->shared)
        return;
    found->lease = saturated_sum(found->common, std::max<std::int64_t>(0, count(grant.most)));
    found->elsewhere = std::max<std::int64_t>(0, count(grant.elsewhere));
    found->spent_elsewhere = std::max<std::int64_t>(0, count(grant.spent_elsewhere));
    found->low = std::max<std::int64_t>(0, count(grant.low));
    note_spent(cells_[*find(ScopeName{window.scope.kind, window.scope.name})], *found);
    if (has_news_ && on_others_news_)
        on_others_news_();
}

void Budgets::when_others_bring_news(std::function<void()> hurry)
{
    const std::lock_guard lock(mutex_);
    on_others_news_ = std::move(hurry);
}

std::optional<NanoUsd> Budgets::lower_lease(const Unknown& window, NanoUsd keep)
{
    const std::lock_guard lock(mutex_);
    auto* const found = open_window(window);
    if (found == nullptr || !found->shared)
        return std::nullopt;
    const auto kept = saturated_sum(found->common, std::max<std::int64_t>(0, count(keep)));
    found->lease = std::min(found->lease, std::max(found->taken(), kept));
    return NanoUsd{std::max<std::int64_t>(0, found->lease - found->common)};
}

std::optional<BudgetStanding> Budgets::stand(const Unknown& window)
{
    const std::lock_guard lock(mutex_);
    const auto* const found = open_window(window);
    if (found == nullptr)
        return std::nullopt;
    return standing_of(cells_[*find(ScopeName{window.scope.kind, window.scope.name})], *found);
}

/// Notes a window whose sums changed; somebody is told when its lease runs low.
void Budgets::demand(std::uint32_t cell, Window& window)
{
    if (!window.listed) {
        window.listed = true;
        demands_.emplace_back(cell, window.period);
    }
    // What is only told of needs no lease; what was spent of it is said at the next beat.
    const bool low = !window.only_told && saturated_sum(window.taken(), window.low) > window.lease;
    if ((low || window.refused > 0) && on_demand_)
        on_demand_();
}

void Budgets::refuse(std::uint32_t cell, Window& window, std::int64_t amount)
{
    window.refused = saturated_sum(window.refused, amount);
    window.least = window.least == 0 ? amount : std::min(window.least, amount);
    demand(cell, window);
}

std::vector<LeaseDemand> Budgets::take_demands(std::size_t most, WallTime now)
{
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, now);
    std::vector<LeaseDemand> out;
    while (out.size() < most && !demands_.empty()) {
        const auto [index, period] = demands_.back();
        demands_.pop_back();
        auto& cell = cells_[index];
        const auto window =
            std::find_if(cell.windows.begin(), cell.windows.end(),
                         [&wanted = period](const Window& each) { return each.period == wanted; });
        if (window == cell.windows.end())
            continue;
        window->listed = false;
        roll(*window, latest_);
        out.push_back({standing_of(cell, *window), NanoUsd{std::exchange(window->refused, 0)},
                       NanoUsd{std::exchange(window->least, 0)}});
    }
    return out;
}

}  // namespace spillway::guard
