#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/route/limits.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// One deployment that was looked at.
struct Candidate {
    DeploymentIndex deployment{};
    GroupIndex group{};
    Verdict verdict = Verdict::kept;
    std::optional<NanoUsd> worst_cost;  ///< Empty: unknown price.
    std::optional<Tokens> window;       ///< Of prompt and answer; empty: not known.
    friend bool operator==(const Candidate&, const Candidate&) = default;
};

/// One rule that was looked at, up to and including the one that won.
struct RuleSeen {
    std::string name;
    bool held = false;
    std::string because;  ///< The conditions that decided, in the words of the file.
    friend bool operator==(const RuleSeen&, const RuleSeen&) = default;
};

/// Why a plan is what it is. Holds nothing of the request's text.
struct Explanation {
    std::string route;  ///< Empty when the client named a model.
    std::string rule;   ///< "otherwise" when no rule held.
    std::vector<RuleSeen> rules;
    std::vector<Candidate> candidates;  ///< In the order of the plan; then those of no hop of it.
    std::string score;                  ///< "complex 0.71", "abstained"; empty when not taken.
    privacy::Boundary boundary = privacy::Boundary::any;
    BoundaryBy boundary_by = BoundaryBy::nobody;
    Preference prefer = Preference::none;           ///< What the client asked for.
    std::optional<config::BudgetTurn> budget = {};  ///< What the budgets made of the chain.
    friend bool operator==(const Explanation&, const Explanation&) = default;
};

/// One line, at most 240 printable bytes: for `x-spillway-reason`, the record and the log.
[[nodiscard]] std::string compact(const Explanation& why, const RoutingTable& table);

/// What follows when the last hop is spent.
enum class Beyond : std::uint8_t {
    configured,  ///< The fallback lists of the last group: the client named a model.
    nothing,     ///< No list leads out of the chain, neither the file's nor the client's: a route.
};

/// What will be tried, in order, and why.
struct Plan {
    std::vector<Resolved> hops;  ///< Never empty; the first is preferred.
    Beyond beyond = Beyond::configured;
    Limits limits;                             ///< Hold beyond the hops as well.
    Preference prefer = Preference::none;      ///< Who comes first inside a hop.
    std::optional<config::Strategy> strategy;  ///< Instead of the router's.
    std::vector<config::Parameter> parameters;
    std::optional<Millis> timeout;
    std::optional<Millis> first_token_timeout;
    std::optional<Millis> patience;  ///< These three as in `config::RouteAction`.
    std::optional<config::Overflow> overflow;
    std::optional<config::Urgency> priority;
    std::optional<config::RouteVerify> verify{};  ///< How the first answer is checked.
    std::optional<NanoUsd> worst_cost;  ///< Of the dearest kept candidate; empty: not known.
    Explanation why;
    friend bool operator==(const Plan&, const Plan&) = default;
};

}  // namespace spillway::route
