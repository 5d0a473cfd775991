// How caps come into force, and what is known of their past.

#include <algorithm>
#include <utility>

#include "saturated.hpp"
#include "spillway/guard/budgets.hpp"

namespace spillway::guard {

/// What calls under way have set aside counts in it at once.
void Budgets::add_window(std::uint32_t cell, const chat::Cap& cap, WallTime now)
{
    Window window;
    window.period = config::parse_budget_period(cap.period).value_or(config::BudgetPeriod{});
    window.cap = std::max<std::int64_t>(0, count(cap.most));
    window.span = config::window_of(window.period, now, zone_);
    window.shared = shared_;
    for (const auto& open : open_) {
        const bool pays =
            open.live && std::find(open.cells.begin(), open.cells.end(), cell) != open.cells.end();
        if (pays && open.at >= window.span.began)
            window.reserved = saturated_sum(window.reserved, open.amount);
    }
    cells_[cell].windows.push_back(window);
    if (shared_)
        demand(cell, cells_[cell].windows.back());
    has_caps_ = true;
}

Budgets::Adopted Budgets::adopt(std::span<const chat::ScopeBudget> budgets, WallTime now)
{
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, now);
    Adopted adopted;
    for (const auto& budget : budgets) {
        const ScopeName name{budget.scope.kind, budget.scope.name};
        const auto known = find(name);
        const auto index = known ? *known : make(name);
        auto before = std::exchange(cells_[index].windows, {});
        cells_[index].soft = budget.soft;
        for (const auto& cap : budget.hard) {
            const auto period =
                config::parse_budget_period(cap.period).value_or(config::BudgetPeriod{});
            auto& windows = cells_[index].windows;
            const auto same = std::find_if(windows.begin(), windows.end(), [&](const Window& each) {
                return each.period == period;
            });
            if (same != windows.end()) {
                same->cap = std::min(same->cap, std::max<std::int64_t>(0, count(cap.most)));
                continue;
            }
            const auto kept = std::find_if(before.begin(), before.end(), [&](const Window& each) {
                return each.period == period;
            });
            if (kept != before.end()) {
                if (kept->cap != count(cap.most))
                    kept->told = 0;
                kept->cap = std::max<std::int64_t>(0, count(cap.most));
                windows.push_back(*kept);
                before.erase(kept);
                continue;
            }
            add_window(index, cap, latest_);
            adopted.unknown.push_back({budget.scope, period, windows.back().span.began});
        }
    }
    for (const auto& open : open_)
        if (open.live && !adopted.unknown.empty())
            adopted.open.push_back(open.request);
    return adopted;
}

std::vector<chat::Scope> Budgets::default_for_end_users(std::vector<chat::Cap> caps)
{
    const std::lock_guard lock(mutex_);
    std::vector<chat::Scope> changed;
    if (caps == end_user_caps_)
        return changed;
    end_user_caps_ = std::move(caps);
    for (const auto& cell : cells_)
        if (cell.by_default)
            changed.push_back(cell.scope);
    return changed;
}

void Budgets::know(const Unknown& window, NanoUsd spent, WallTime now)
{
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, now);
    if (const auto index = find({window.scope.kind, window.scope.name}))
        add_known(cells_[*index], window, spent);
}

void Budgets::know_if_new(const Unknown& window, NanoUsd spent, WallTime now)
{
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, now);
    const auto index = payer({window.scope.kind, window.scope.name}, latest_);
    if (!index || !cells_[*index].fresh)
        return;
    // Nobody has paid into it, so what is in it is what was known before.
    for (auto& each : cells_[*index].windows)
        if (each.period == window.period)
            each.spent = 0;
    add_known(cells_[*index], window, spent);
}

void Budgets::add_known(Cell& cell, const Unknown& window, NanoUsd spent)
{
    for (auto& each : cell.windows) {
        roll(each, latest_);
        if (each.period != window.period || each.span.began != window.began)
            continue;
        each.spent = saturated_sum(each.spent, std::max<std::int64_t>(0, count(spent)));
        each.closed = false;
        // What was crossed before this start was told then.
        each.told = static_cast<std::uint8_t>(each.told | crossed(cell, each));
    }
}

config::BudgetWindow Budgets::window(const config::BudgetPeriod& period, WallTime now) const
{
    const std::lock_guard lock(mutex_);
    return config::window_of(period, std::max(latest_, now), zone_);
}

void Budgets::use_zone(TimeZone zone)
{
    const std::lock_guard lock(mutex_);
    zone_ = zone;
}

void Budgets::close(const Unknown& window)
{
    const std::lock_guard lock(mutex_);
    if (auto* const found = open_window(window))
        found->closed = true;
}

void Budgets::seen(WallTime time)
{
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, time);
}

}  // namespace spillway::guard
