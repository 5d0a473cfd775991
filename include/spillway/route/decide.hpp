#pragma once

#include <optional>
#include <span>

#include "spillway/base/result.hpp"
#include "spillway/route/features.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/plan.hpp"
#include "spillway/route/route_book.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// What the budgets of deployments say: those of its provider, its group and its own.
class TargetBudgets {
public:
    /// What is left of the tightest of them, 0..1; empty means no cap.
    [[nodiscard]] virtual std::optional<double> left(GroupIndex group,
                                                     DeploymentIndex deployment) const = 0;
    /// Can everybody who pays for it set this aside now?
    [[nodiscard]] virtual bool affords(GroupIndex group, DeploymentIndex deployment,
                                       NanoUsd amount) const = 0;

protected:
    TargetBudgets() = default;
    TargetBudgets(const TargetBudgets&) = default;
    TargetBudgets& operator=(const TargetBudgets&) = default;
    ~TargetBudgets() = default;
};

/// What is left of the caps that rules may ask about, 0..1; empty means no cap.
struct BudgetView {
    std::optional<double> proxy;
    std::optional<double> key;
    std::optional<double> team;
    std::optional<double> user;
    std::optional<double> end_user;
    std::optional<double> tag;
    /// Of the places a rule leads to; null: they have no caps.
    const TargetBudgets* targets = nullptr;

    /// Of the tightest that pays wherever the request goes.
    [[nodiscard]] std::optional<double> tightest() const;
};

/// The world at the moment of deciding. Values, or immutable.
struct Standing {
    const RoutingTable& table;
    const FleetView& fleet;
    BudgetView budget;
    TimePoint now;
    /// Of routes that have no `on_budget` of their own.
    std::span<const config::BudgetStep> on_budget{};
    /// A plan lists no place that the caller may not use.
    Access access{};
};

/// What is left of the tightest budget that would pay for a request that is handled so, 0..1.
[[nodiscard]] std::optional<double> tightest_left(const config::RouteAction& action,
                                                  const Standing& standing);

/// Where a request for a route goes. Pure: the same arguments give the same plan.
/// @return The plan, or `no_local_deployment` when the boundary leaves nobody,
///         `context_window_exceeded` when nobody is large enough, `cost_ceiling` when everybody is
///         too dear, `unsupported_content` when nobody can do what is asked.
/// @param why  Gets the explanation also when there is no plan, for the record of the refusal.
[[nodiscard]] Result<Plan> decide(const Features& request, const CompiledRoute& route,
                                  const Standing& standing, Explanation* why = nullptr);

/// Where a request for a model goes: there, within its boundary and ceiling.
[[nodiscard]] Result<Plan> decide(const Features& request, const Resolved& model,
                                  const Standing& standing, Explanation* why = nullptr);

/// Does the condition hold? @param because  Gets the words of what decided.
[[nodiscard]] bool holds(const config::Condition& condition, const Features& request,
                         const CompiledRoute& route, const config::RouteAction& action,
                         const Standing& standing, std::string& because);

}  // namespace spillway::route
