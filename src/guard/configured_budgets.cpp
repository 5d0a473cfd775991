#include "spillway/guard/configured_budgets.hpp"

#include <algorithm>
#include <string>
#include <utility>

namespace spillway::guard {

namespace {

using chat::ScopeKind;

void add_cap(std::vector<chat::Cap>& caps, const config::Budget& window)
{
    if (window.most)
        add_tighter(caps, {*window.most, config::text_of(window.period)});
}

class Gathering {
public:
    void add(ScopeKind kind, const std::string& name, const config::Budget& window)
    {
        if (window.most)
            add_cap(of(kind, name).hard, window);
    }
    void add(ScopeKind kind, const std::string& name, const config::ScopeCaps& caps)
    {
        if (caps.empty())
            return;
        auto& budget = of(kind, name);
        for (const auto& window : caps.windows)
            add_cap(budget.hard, window);
        if (caps.soft)
            budget.soft = caps.soft;
    }
    [[nodiscard]] std::vector<chat::ScopeBudget> take() && { return std::move(budgets_); }

private:
    chat::ScopeBudget& of(ScopeKind kind, const std::string& name)
    {
        const auto known =
            std::find_if(budgets_.begin(), budgets_.end(), [&](const chat::ScopeBudget& budget) {
                return budget.scope.kind == kind && budget.scope.name == name;
            });
        if (known != budgets_.end())
            return *known;
        budgets_.push_back({chat::Scope{kind, name}, {}, {}});
        return budgets_.back();
    }

    std::vector<chat::ScopeBudget> budgets_;
};

}  // namespace

void add_tighter(std::vector<chat::Cap>& caps, const chat::Cap& cap)
{
    const auto same = std::find_if(
        caps.begin(), caps.end(), [&](const chat::Cap& each) { return each.period == cap.period; });
    if (same == caps.end())
        caps.push_back(cap);
    else
        same->most = std::min(same->most, cap.most);
}

ConfiguredBudgets configured_budgets(const config::Config& config)
{
    Gathering all;
    const auto add_each = [&all](ScopeKind kind, const auto& named) {
        for (const auto& [name, caps] : named)
            all.add(kind, name, caps);
    };
    all.add(ScopeKind::proxy, {}, config::proxy_caps(config));
    add_each(ScopeKind::provider, config.router.provider_budgets);
    add_each(ScopeKind::provider, config.budgets.providers);
    add_each(ScopeKind::group, config.budgets.groups);
    add_each(ScopeKind::deployment, config.budgets.deployments);
    add_each(ScopeKind::tag, config.router.tag_budgets);
    add_each(ScopeKind::tag, config.budgets.tags);
    for (const auto& deployment : config.deployments) {
        all.add(ScopeKind::deployment, deployment.id, deployment.budget);
        all.add(ScopeKind::deployment, deployment.id, deployment.budget_limits);
    }
    ConfiguredBudgets out;
    out.scopes = std::move(all).take();
    if (config.router.max_end_user_budget)
        add_cap(out.end_users, {config.router.max_end_user_budget, {}});
    for (const auto& window : config.budgets.end_users.windows)
        add_cap(out.end_users, window);
    return out;
}

}  // namespace spillway::guard
