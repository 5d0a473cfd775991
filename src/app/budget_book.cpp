#include "spillway/app/budget_book.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "spillway/base/log.hpp"
#include "spillway/base/time_zone.hpp"
#include "spillway/guard/configured_budgets.hpp"
#include "spillway/ledger/charges.hpp"

namespace spillway::app {

Result<void> BudgetBook::follow(const config::Config& config)
{
    const auto& name =
        config.router.time_zone.empty() ? config.server.time_zone : config.router.time_zone;
    const auto zone = TimeZone::named(name);
    if (!zone)
        return fail(zone.error());
    auto caps = guard::configured_budgets(config);
    const std::lock_guard lock(mutex_);
    budgets_.use_zone(*zone);
    file_end_users_ = std::move(caps.end_users);
    default_end_users(caps.scopes);
    // What the file no longer names has no cap of it any more.
    const auto before = std::exchange(configured_, {});
    for (const auto& budget : caps.scopes)
        if (budget.scope.kind != chat::ScopeKind::end_user)
            configured_.emplace(budget.scope, budget);
    for (const auto& [scope, budget] : before)
        if (!configured_.contains(scope))
            caps.scopes.push_back({scope, {}, {}});
    for (auto& budget : caps.scopes)
        if (held_tags_.contains(budget.scope))
            budget = both(budget.scope);
    return bring(caps.scopes, end_users_);
}

Result<void> BudgetBook::hold(std::span<const chat::ScopeBudget> budgets)
{
    const std::lock_guard lock(mutex_);
    std::vector<chat::ScopeBudget> caps(budgets.begin(), budgets.end());
    const auto strangers = std::find_if(caps.begin(), caps.end(), [](const auto& budget) {
        return budget.scope.kind == chat::ScopeKind::end_user && budget.scope.name.empty();
    });
    std::vector<chat::Cap> fresh;
    if (strangers != caps.end()) {
        held_end_users_ = std::move(strangers->hard);
        caps.erase(strangers);
        const auto before = end_users_;
        default_end_users(caps);
        if (end_users_ != before)
            fresh = end_users_;
    }
    for (auto& budget : caps) {
        if (budget.scope.kind != chat::ScopeKind::tag)
            continue;
        held_tags_[budget.scope] = budget;
        budget = both(budget.scope);
    }
    return bring(caps, fresh);
}

/// Adds those who were seen under other caps, so that they get the new ones.
void BudgetBook::default_end_users(std::vector<chat::ScopeBudget>& caps)
{
    end_users_ = file_end_users_;
    for (const auto& cap : held_end_users_)
        guard::add_tighter(end_users_, cap);
    for (auto& scope : budgets_.default_for_end_users(end_users_)) {
        const bool there = std::any_of(caps.begin(), caps.end(),
                                       [&](const auto& each) { return each.scope == scope; });
        if (!there)
            caps.push_back({std::move(scope), {}, {}});
    }
}

/// All caps of a tag, by whomever.
chat::ScopeBudget BudgetBook::both(const chat::Scope& tag) const
{
    auto budget = held_tags_.at(tag);
    const auto file = configured_.find(tag);
    if (file == configured_.end())
        return budget;
    const auto& caps = file->second;
    budget.hard.insert(budget.hard.end(), caps.hard.begin(), caps.hard.end());
    // It says nothing of the file's caps, which were there before.
    budget.opening.reset();
    if (caps.soft)
        budget.soft = caps.soft;
    return budget;
}

Result<void> BudgetBook::bring(std::span<const chat::ScopeBudget> budgets,
                               std::span<const chat::Cap> end_users)
{
    const auto now = clock_.wall();
    // Before any window opens: a clock that was set back while we were away reopens none. From then
    // on the budgets themselves see every moment.
    if (!past_seen_) {
        if (const auto latest = ledger::latest_charge(ledger_path_)) {
            budgets_.seen(*latest);
            past_seen_ = true;
        }
    }
    auto adopted = budgets_.adopt(budgets, now);
    auto unknown = std::move(adopted.unknown);
    std::move(closed_.begin(), closed_.end(), std::back_inserter(unknown));
    closed_.clear();
    if (unknown.empty() && end_users.empty())
        return {};

    ledger::ChargesQuestion question;
    std::vector<ledger::Opened> opened;
    for (const auto& window : unknown)
        if (window.period.unit == config::BudgetPeriod::Unit::never && window.began != WallTime{})
            opened.push_back({window.scope, window.began});
    // Not knowing them, the ledger would let what it retires count: too much, never too little.
    if (const auto noted = ledger::note_openings(ledger_path_, opened, now); !noted)
        SPILLWAY_WARN("budgets: {}", noted.error().message());
    for (const auto& window : unknown)
        question.scopes.push_back({window.scope, window.began,
                                   window.period.unit == config::BudgetPeriod::Unit::never
                                       ? ledger::ChargesQuestion::Period::endless
                                       : ledger::ChargesQuestion::Period::ends});
    std::vector<guard::Budgets::Unknown> each;
    for (const auto& cap : end_users) {
        const auto period =
            config::parse_budget_period(cap.period).value_or(config::BudgetPeriod{});
        each.push_back(
            {{chat::ScopeKind::end_user, {}}, period, budgets_.window(period, now).began});
        question.end_users_since.push_back(each.back().began);
    }
    question.but = std::move(adopted.open);
    const auto charges = ledger::charges_since(ledger_path_, question);
    if (!charges) {
        close(unknown);
        return fail(charges.error());
    }
    budgets_.seen(charges->latest);
    for (std::size_t i = 0; i < unknown.size(); ++i) {
        budgets_.know(unknown[i], charges->scopes[i], now);
    }
    for (const auto& [name, sums] : charges->end_users) {
        for (std::size_t i = 0; i < each.size(); ++i) {
            auto window = each[i];
            window.scope.name = name;
            budgets_.know_if_new(window, sums[i], now);
        }
    }
    return {};
}

/// Nothing may be spent until it is known what was.
void BudgetBook::close(const std::vector<guard::Budgets::Unknown>& windows)
{
    for (const auto& window : windows)
        budgets_.close(window);
    closed_ = windows;
}

}  // namespace spillway::app
