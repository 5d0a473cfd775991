// What budgets show, and what they tell.

#include <algorithm>
#include <utility>

#include "saturated.hpp"
#include "spillway/guard/budgets.hpp"

namespace spillway::guard {

namespace {

constexpr std::size_t most_news = 1'024;

std::uint8_t bit(BudgetNews::Kind kind)
{
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(kind));
}

}  // namespace

NanoUsd BudgetStanding::spent_by_all() const
{
    return NanoUsd{saturated_sum(count(spent), count(spent_elsewhere))};
}

NanoUsd BudgetStanding::taken() const
{
    return NanoUsd{saturated_sum(saturated_sum(count(spent), count(reserved)), count(elsewhere))};
}

NanoUsd BudgetStanding::left() const
{
    return NanoUsd{std::max<std::int64_t>(0, count(cap) - std::min(count(cap), count(taken())))};
}

double BudgetStanding::used() const
{
    if (count(cap) <= 0)
        return 1;
    return static_cast<double>(count(taken())) / static_cast<double>(count(cap));
}

Budgets::Window Budgets::as_of(const Window& window, WallTime now) const
{
    Window copy = window;
    roll(copy, now);
    return copy;
}

std::uint8_t Budgets::crossed(const Cell& cell, const Window& window)
{
    constexpr double most_of_it = 0.85;
    if (window.spent == 0)
        return 0;  // It is for those to tell who spent.
    const auto spent = saturated_sum(window.spent, window.spent_elsewhere);
    unsigned bits = 0;
    if (&window == &cell.windows.front() && cell.soft && spent >= count(*cell.soft))
        bits |= bit(BudgetNews::Kind::soft_crossed);
    if (window.only_told)
        return static_cast<std::uint8_t>(bits);
    if (static_cast<double>(spent) >= most_of_it * static_cast<double>(window.cap))
        bits |= bit(BudgetNews::Kind::nearly_spent);
    if (spent >= window.cap)
        bits |= bit(BudgetNews::Kind::spent);
    return static_cast<std::uint8_t>(bits);
}

void Budgets::note_spent(const Cell& cell, Window& window)
{
    const auto bits = crossed(cell, window);
    if ((bits & ~window.told) == 0)
        return;
    for (const auto kind :
         {BudgetNews::Kind::soft_crossed, BudgetNews::Kind::nearly_spent, BudgetNews::Kind::spent})
        if ((bits & bit(kind)) != 0)
            tell(cell, window, kind);
}

void Budgets::tell(const Cell& cell, Window& window, BudgetNews::Kind kind)
{
    if ((window.told & bit(kind)) != 0)
        return;
    window.told = static_cast<std::uint8_t>(window.told | bit(kind));
    if (news_.size() >= most_news)
        news_.erase(news_.begin());
    news_.push_back({kind, standing_of(cell, window), cell.soft});
    has_news_ = true;
}

std::vector<BudgetNews> Budgets::take_news()
{
    const std::lock_guard lock(mutex_);
    has_news_ = false;
    return std::exchange(news_, {});
}

std::vector<std::uint32_t> Budgets::known(std::span<const ScopeName> scopes) const
{
    std::vector<std::uint32_t> cells;
    for (const auto& scope : scopes)
        if (const auto cell = find(scope))
            cells.push_back(*cell);
    return cells;
}

bool Budgets::affords(std::span<const ScopeName> scopes, NanoUsd amount, WallTime now) const
{
    if (count(amount) <= 0)
        return true;
    const std::lock_guard lock(mutex_);
    const auto time = std::max(latest_, now);
    for (const auto& scope : scopes) {
        const auto cell = find(scope);
        if (!cell || scope.hold == ScopeName::Hold::counted)
            continue;
        for (const auto& each : cells_[*cell].windows) {
            const auto window = as_of(each, time);
            // Of a shared cap all that is left counts: a lease is there to be asked for.
            const auto taken = saturated_sum(window.taken(), window.elsewhere);
            const auto most = window.closed ? 0 : window.cap;
            if (saturated_sum(taken, count(amount)) > most)
                return false;
        }
    }
    return true;
}

bool Budgets::holds(const Cell& cell)
{
    return !cell.windows.empty() && !cell.windows.front().only_told;
}

bool Budgets::capped(std::span<const ScopeName> scopes) const
{
    const std::lock_guard lock(mutex_);
    return std::any_of(scopes.begin(), scopes.end(), [this](const ScopeName& scope) {
        if (scope.hold == ScopeName::Hold::counted)
            return false;
        const auto cell = find(scope);
        const bool by_default = !cell && scope.kind == chat::ScopeKind::end_user &&
                                !scope.name.empty() && !end_user_caps_.empty();
        return by_default || (cell && holds(cells_[*cell]));
    });
}

std::span<const Budgets::Window> Budgets::capped_windows(const Cell& cell)
{
    return holds(cell) ? std::span<const Window>(cell.windows) : std::span<const Window>();
}

BudgetStanding Budgets::standing_of(const Cell& cell, const Window& window)
{
    BudgetStanding out;
    out.scope = cell.scope;
    out.period = window.period;
    out.cap = NanoUsd{window.cap};
    out.only_told = window.only_told;
    if (window.shared)
        out.lease = NanoUsd{window.lease};
    out.spent = NanoUsd{window.spent};
    out.reserved = NanoUsd{window.reserved};
    out.elsewhere = NanoUsd{window.elsewhere};
    out.spent_elsewhere = NanoUsd{window.spent_elsewhere};
    out.common = NanoUsd{window.common};
    out.opened = window.opened;
    out.began = window.span.began;
    out.resets = window.span.ends;
    return out;
}

std::vector<BudgetStanding> Budgets::look(std::span<const ScopeName> scopes, WallTime now) const
{
    const std::lock_guard lock(mutex_);
    std::vector<BudgetStanding> out;
    for (const auto cell : known(scopes))
        for (const auto& window : capped_windows(cells_[cell]))
            out.push_back(standing_of(cells_[cell], as_of(window, std::max(latest_, now))));
    return out;
}

std::vector<BudgetStanding> Budgets::look(WallTime now) const
{
    const std::lock_guard lock(mutex_);
    std::vector<BudgetStanding> out;
    for (const auto& cell : cells_)
        for (const auto& window : capped_windows(cell))
            out.push_back(standing_of(cell, as_of(window, std::max(latest_, now))));
    return out;
}

std::size_t Budgets::open() const
{
    const std::lock_guard lock(mutex_);
    return open_.size() - free_.size();
}

}  // namespace spillway::guard
