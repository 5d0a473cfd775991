#include "spillway/gateway/budget_reading.hpp"

#include <algorithm>

#include "spillway/gateway/payment.hpp"

namespace spillway::gateway {
namespace {

std::optional<double> tightest(const std::vector<guard::BudgetStanding>& standings)
{
    std::optional<double> left;
    for (const auto& each : standings)
        left = std::min(left.value_or(1), std::clamp(1 - each.used(), 0.0, 1.0));
    return left;
}

}  // namespace

BudgetReading::BudgetReading(const InferenceRequest& request, const guard::Budgets& budgets,
                             WallTime now)
    : request_(request), budgets_(budgets), now_(now)
{
    add_callers_scopes(request, end_user_, member_, caller_);
}

route::BudgetView BudgetReading::view() const
{
    using chat::ScopeKind;
    route::BudgetView view;
    view.targets = this;
    const auto left_of = [this](ScopeKind kind) {
        std::vector<guard::ScopeName> scopes;
        std::copy_if(caller_.begin(), caller_.end(), std::back_inserter(scopes),
                     [kind](const auto& scope) {
                         return scope.kind == kind && scope.hold == guard::ScopeName::Hold::capped;
                     });
        return tightest(budgets_.look(scopes, now_));
    };
    view.proxy = left_of(ScopeKind::proxy);
    view.key = left_of(ScopeKind::key);
    view.team = left_of(ScopeKind::team);
    view.user = left_of(ScopeKind::user);
    view.end_user = left_of(ScopeKind::end_user);
    view.tag = left_of(ScopeKind::tag);
    if (const auto member = left_of(ScopeKind::member))
        view.user = std::min(view.user.value_or(1), *member);
    return view;
}

std::optional<double> BudgetReading::left(GroupIndex group, DeploymentIndex deployment) const
{
    std::vector<guard::ScopeName> scopes;
    const auto& arrival = request_.arrival;
    add_target_scopes(*arrival.snapshot, arrival.caller.grant.get(), group, deployment, scopes);
    return tightest(budgets_.look(scopes, now_));
}

bool BudgetReading::affords(GroupIndex group, DeploymentIndex deployment, NanoUsd amount) const
{
    auto scopes = caller_;
    const auto& arrival = request_.arrival;
    add_target_scopes(*arrival.snapshot, arrival.caller.grant.get(), group, deployment, scopes);
    return budgets_.affords(scopes, amount, now_);
}

}  // namespace spillway::gateway
