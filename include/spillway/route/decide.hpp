#pragma once

#include <optional>

#include "spillway/base/result.hpp"
#include "spillway/route/features.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/plan.hpp"
#include "spillway/route/route_book.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// What is left of the caps that rules may ask about, 0..1; empty means no cap.
struct BudgetView {
    std::optional<double> proxy;
    std::optional<double> key;
    std::optional<double> team;
    std::optional<double> route;
};

/// The world at the moment of deciding. Values, or immutable.
struct Standing {
    const RoutingTable& table;
    const FleetView& fleet;
    BudgetView budget;
    TimePoint now;
};

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
