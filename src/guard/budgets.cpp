#include "spillway/guard/budgets.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "saturated.hpp"

namespace spillway::guard {

namespace {

/// Names of end users come from clients: beyond these they share one cell, and so one cap.
constexpr std::size_t most_end_users = 200'000;
constexpr std::string_view other_end_users = "(others)";

}  // namespace

Reservation::Reservation(Reservation&& other) noexcept
    : owner_(std::exchange(other.owner_, nullptr)),
      slot_(other.slot_),
      amount_(other.amount_),
      at_(other.at_)
{}

Reservation::~Reservation()
{
    settle(amount_, Certainty::at_least);
}

NanoUsd Reservation::charge(NanoUsd actual, Certainty certainty) const noexcept
{
    const auto known = std::max(NanoUsd{0}, actual);
    return certainty == Certainty::exact ? known : std::max(known, amount_);
}

void Reservation::settle(NanoUsd actual, Certainty certainty, WallTime at) noexcept
{
    if (auto* owner = std::exchange(owner_, nullptr))
        owner->settle(slot_, charge(actual, certainty), std::max(at, at_));
}

void Reservation::shrink(NanoUsd amount) noexcept
{
    if (owner_ == nullptr || amount >= amount_)
        return;
    owner_->shrink(slot_, amount);
    amount_ = amount;
}

void Reservation::release() noexcept
{
    if (auto* owner = std::exchange(owner_, nullptr))
        owner->release(slot_);
}

std::int64_t Budgets::Window::most() const
{
    if (only_told)
        return largest_sum;
    if (closed)
        return 0;
    return shared ? std::min(cap, lease) : cap;
}

std::int64_t Budgets::Window::taken() const
{
    return saturated_sum(spent, reserved);
}

std::size_t Budgets::NameHash::operator()(const ScopeName& scope) const
{
    return std::hash<std::string_view>{}(scope.name) * 31 + static_cast<std::size_t>(scope.kind);
}

std::optional<std::uint32_t> Budgets::find(const ScopeName& scope) const
{
    const auto found = by_name_.find(scope);
    return found != by_name_.end() ? std::optional(found->second) : std::nullopt;
}

std::uint32_t Budgets::make(const ScopeName& scope)
{
    const auto index = static_cast<std::uint32_t>(cells_.size());
    cells_.push_back({chat::Scope{scope.kind, std::string(scope.name)}, {}, {}, true, false});
    by_name_.emplace(cells_.back().scope, index);
    return index;
}

/// Which scopes count from the first call on although they have no cap yet. Tags are the client's
/// words: only those with a cap count.
bool Budgets::counts_uncapped(chat::ScopeKind kind)
{
    return kind != chat::ScopeKind::tag && kind != chat::ScopeKind::end_user &&
           kind != chat::ScopeKind::key_model;
}

/// The cell that counts what `scope` pays; none for a client's word that nobody has capped.
std::optional<std::uint32_t> Budgets::payer(const ScopeName& scope, WallTime now)
{
    if (scope.name.empty() && scope.kind != chat::ScopeKind::proxy)
        return std::nullopt;
    if (const auto known = find(scope))
        return known;
    if (counts_uncapped(scope.kind))
        return make(scope);
    if (scope.kind != chat::ScopeKind::end_user || end_user_caps_.empty())
        return std::nullopt;
    ScopeName counted = scope;
    if (end_users_ >= most_end_users) {
        counted.name = other_end_users;
        if (const auto known = find(counted))
            return known;
    }
    ++end_users_;
    const auto index = make(counted);
    cells_[index].by_default = true;
    for (const auto& cap : end_user_caps_)
        add_window(index, cap, now);
    return index;
}

void Budgets::roll(Window& window, WallTime now) const
{
    if (window.raised && now >= window.raised->until) {
        window.cap = window.raised->usual_cap;
        window.raised.reset();
    }
    if (!window.span.ends || now < *window.span.ends)
        return;
    window.span = config::window_of(window.period, now, zone_);
    window.since = window.opened = window.span.began;
    window.spent = 0;
    window.reserved = 0;
    window.told = 0;
    window.closed = false;
    window.lease = window.elsewhere = window.spent_elsewhere = window.common = window.low =
        window.refused = window.least = 0;
}

tl::expected<Reservation, BudgetRefusal> Budgets::reserve(RequestId request,
                                                          std::span<const ScopeName> scopes,
                                                          NanoUsd amount, WallTime now)
{
    const std::lock_guard lock(mutex_);
    return take(request, scopes, amount, now);
}

tl::expected<Reservation, BudgetRefusal> Budgets::exchange(Reservation& reservation,
                                                           std::span<const ScopeName> scopes,
                                                           NanoUsd amount, WallTime now)
{
    const std::lock_guard lock(mutex_);
    const auto slot = reservation.slot_;
    count_reserved(open_[slot], -open_[slot].amount);
    auto taken = take(open_[slot].request, scopes, amount, std::max(now, reservation.at_));
    if (taken) {
        reservation.owner_ = nullptr;
        free_slot(slot);
    } else {
        count_reserved(open_[slot], open_[slot].amount);
    }
    return taken;
}

/// The caller holds the mutex.
tl::expected<Reservation, BudgetRefusal> Budgets::take(RequestId request,
                                                       std::span<const ScopeName> scopes,
                                                       NanoUsd amount, WallTime now)
{
    latest_ = std::max(latest_, now);
    payers_.clear();
    for (const auto hold : {ScopeName::Hold::capped, ScopeName::Hold::counted}) {
        for (const auto& scope : scopes) {
            if (scope.hold != hold)
                continue;
            const auto cell = payer(scope, latest_);
            if (cell && std::find(payers_.begin(), payers_.end(), *cell) == payers_.end())
                payers_.push_back(*cell);
        }
        if (hold == ScopeName::Hold::capped)
            held_by_ = payers_.size();
    }

    const auto wanted = std::max<std::int64_t>(0, count(amount));
    bool enough = true;
    WallTime at = now;
    for (std::size_t i = 0; i < payers_.size(); ++i) {
        for (auto& window : cells_[payers_[i]].windows) {
            roll(window, latest_);
            if (at < window.since)
                at = latest_;
            enough =
                enough && (i >= held_by_ || saturated_sum(window.taken(), wanted) <= window.most());
        }
    }
    if (!enough && wanted > 0)
        return tl::make_unexpected(refusal({payers_.data(), held_by_}, wanted));

    if (free_.empty()) {
        free_.push_back(static_cast<std::uint32_t>(open_.size()));
        open_.emplace_back();
        free_.reserve(open_.capacity());
    }
    const auto slot = free_.back();
    free_.pop_back();
    auto& open = open_[slot];
    open.request = request;
    open.at = at;
    open.amount = wanted;
    open.cells.assign(payers_.begin(), payers_.end());
    open.live = true;
    for (const auto index : payers_)
        cells_[index].fresh = false;
    count_reserved(open, wanted);
    return Reservation{*this, slot, NanoUsd{wanted}, at};
}

/// In the windows that were there when the call began; those that began since know nothing of it.
void Budgets::count_reserved(const Open& open, std::int64_t amount) noexcept
{
    for (const auto index : open.cells) {
        for (auto& window : cells_[index].windows) {
            if (open.at < window.since)
                continue;
            window.reserved = amount < 0 ? saturated_rest(window.reserved, -amount)
                                         : saturated_sum(window.reserved, amount);
            if (window.shared)
                demand(index, window);
        }
    }
}

BudgetRefusal Budgets::refusal(std::span<const std::uint32_t> cells, std::int64_t amount)
{
    BudgetRefusal out;
    out.wanted = NanoUsd{amount};
    out.lack = BudgetRefusal::Lack::lease;
    for (const auto index : cells) {
        auto& cell = cells_[index];
        for (auto& window : cell.windows) {
            if (saturated_sum(window.taken(), amount) <= window.most())
                continue;
            const auto everywhere = saturated_sum(window.taken(), window.elsewhere);
            if (window.closed || saturated_sum(everywhere, amount) > window.cap)
                out.lack = BudgetRefusal::Lack::cap;
            if (window.shared)
                refuse(index, window, amount);
            out.lacking.push_back(standing_of(cell, window));
            constexpr double as_good_as_spent = 0.95;
            if (out.lacking.back().used() >= as_good_as_spent)
                tell(cell, window, BudgetNews::Kind::spent);
        }
    }
    std::stable_sort(out.lacking.begin(), out.lacking.end(),
                     [](const auto& a, const auto& b) { return a.left() < b.left(); });
    return out;
}

void Budgets::settle(std::uint32_t slot, NanoUsd charge, WallTime at) noexcept
{
    const std::lock_guard lock(mutex_);
    const auto& open = open_[slot];
    count_reserved(open, -open.amount);
    for (const auto index : open.cells) {
        auto& cell = cells_[index];
        for (auto& window : cell.windows) {
            if (at < window.since)
                continue;
            window.spent = saturated_sum(window.spent, count(charge));
            note_spent(cell, window);
            if (window.shared)
                demand(index, window);
        }
    }
    free_slot(slot);
}

void Budgets::release(std::uint32_t slot) noexcept
{
    const std::lock_guard lock(mutex_);
    count_reserved(open_[slot], -open_[slot].amount);
    free_slot(slot);
}

void Budgets::shrink(std::uint32_t slot, NanoUsd amount) noexcept
{
    const std::lock_guard lock(mutex_);
    auto& open = open_[slot];
    count_reserved(open, -open.amount);
    open.amount = count(amount);
    count_reserved(open, open.amount);
}

void Budgets::free_slot(std::uint32_t slot) noexcept
{
    open_[slot].live = false;
    free_.push_back(slot);
}

}  // namespace spillway::guard
