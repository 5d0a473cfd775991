// How caps come into force, and what is known of their past.

#include <algorithm>
#include <utility>

#include "saturated.hpp"
#include "spillway/guard/budgets.hpp"

namespace spillway::guard {

/// What calls under way have set aside in it.
void Budgets::count_open_calls(std::uint32_t cell, Window& window) const
{
    window.reserved = 0;
    for (const auto& open : open_) {
        const bool pays =
            open.live && std::find(open.cells.begin(), open.cells.end(), cell) != open.cells.end();
        if (pays && open.at >= window.since)
            window.reserved = saturated_sum(window.reserved, open.amount);
    }
}

/// @return Whether it is another cap than it was.
bool Budgets::set_cap(Window& window, const chat::Cap& cap, WallTime now)
{
    const auto before = window.cap;
    window.cap = std::max<std::int64_t>(0, count(cap.most));
    window.raised.reset();
    if (cap.raise && now < cap.raise->until) {
        window.raised = Raised{window.cap, cap.raise->until};
        window.cap = saturated_sum(window.cap, std::max<std::int64_t>(0, count(cap.raise->by)));
    }
    return window.cap != before;
}

/// What calls under way have set aside counts in it at once.
void Budgets::add_window(std::uint32_t cell, const chat::Cap& cap, WallTime now)
{
    Window window;
    window.period = config::parse_budget_period(cap.period).value_or(config::BudgetPeriod{});
    (void)set_cap(window, cap, now);
    window.span = config::window_of(window.period, now, zone_);
    window.shared = shared_;
    window.since = window.opened = window.span.began;
    count_open_calls(cell, window);
    cells_[cell].windows.push_back(window);
    if (shared_)
        demand(cell, cells_[cell].windows.back());
    has_caps_ = true;
}

/// The window counts from its opening on, when it holds one that it does not know yet.
bool Budgets::open_anew(std::uint32_t cell, Window& window,
                        const std::optional<chat::Opening>& opening)
{
    if (!opening)
        return false;
    // One of a clock that is ahead of ours would let pass what is charged until then.
    const auto at = std::min(opening->at, latest_);
    if (at <= window.since)
        return false;
    window.since = at;
    window.spent = std::max<std::int64_t>(0, count(opening->spent));
    window.told = 0;
    // A window of its own for all who share it, and its lease with it.
    window.opened = opening->at;
    window.common = window.spent;
    window.lease = window.elsewhere = window.spent_elsewhere = window.low = 0;
    count_open_calls(cell, window);
    return true;
}

void Budgets::adopt_cap(std::uint32_t cell, const chat::ScopeBudget& budget, const chat::Cap& cap,
                        Past past, std::vector<Window>& before, Adopted& adopted)
{
    const auto period = config::parse_budget_period(cap.period).value_or(config::BudgetPeriod{});
    const auto of_period = [&period](const Window& each) { return each.period == period; };
    auto& windows = cells_[cell].windows;
    if (const auto same = std::find_if(windows.begin(), windows.end(), of_period);
        same != windows.end()) {
        Window other = *same;
        if (set_cap(other, cap, latest_) && other.cap < same->cap)
            *same = other;
        return;
    }
    const auto kept = std::find_if(before.begin(), before.end(), of_period);
    const bool is_new = kept == before.end();
    if (is_new) {
        add_window(cell, cap, latest_);
    } else {
        roll(*kept, latest_);
        if (set_cap(*kept, cap, latest_))
            kept->told = 0;
        windows.push_back(*kept);
        before.erase(kept);
    }
    const bool opened = open_anew(cell, windows.back(), budget.opening);
    if (shared_)
        demand(cell, windows.back());
    // What a new key may have spent since it was made, its cell would know.
    const bool blank = past == Past::unpaid && windows.back().since > *first_;
    if ((is_new || opened) && !blank)
        adopted.unknown.push_back({budget.scope, period, windows.back().since});
}

Budgets::Adopted Budgets::adopt(std::span<const chat::ScopeBudget> budgets, WallTime now)
{
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, now);
    first_ = first_.value_or(latest_);
    Adopted adopted;
    for (const auto& budget : budgets) {
        const ScopeName name{budget.scope.kind, budget.scope.name};
        const auto known = find(name);
        if (!known && budget.hard.empty() && !budget.soft)
            continue;
        const auto index = known ? *known : make(name);
        auto& cell = cells_[index];
        auto before = std::exchange(cell.windows, {});
        cell.soft = budget.soft;
        cell.by_default = budget.scope.kind == chat::ScopeKind::end_user && budget.hard.empty();
        const auto past =
            known || !counts_uncapped(budget.scope.kind) ? Past::unknown : Past::unpaid;
        for (const auto& cap : cell.by_default ? end_user_caps_ : budget.hard)
            adopt_cap(index, budget, cap, past, before, adopted);
        const bool only_told = budget.soft && cell.windows.empty();
        if (only_told)
            adopt_cap(index, budget, {NanoUsd{largest_sum}, budget.soft_period}, past, before,
                      adopted);
        for (auto& window : cell.windows) {
            window.only_told = only_told;
            window.shared = shared_;
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
    if (!index || !cells_[*index].fresh || !cells_[*index].by_default)
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
        if (each.period != window.period || each.since != window.began)
            continue;
        each.spent = saturated_sum(each.spent, std::max<std::int64_t>(0, count(spent)));
        each.closed = false;
        // Whoever tells it knows whether it was told before this start.
        note_spent(cell, each);
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
    const auto index = find(ScopeName{window.scope.kind, window.scope.name});
    if (!index)
        return;
    for (auto& each : cells_[*index].windows)
        if (each.period == window.period && each.since == window.began)
            each.closed = true;
}

void Budgets::seen(WallTime time)
{
    const std::lock_guard lock(mutex_);
    latest_ = std::max(latest_, time);
}

}  // namespace spillway::guard
