#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/privacy/boundary.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// Why a deployment of the chain is used or not.
enum class Verdict : std::uint8_t {
    kept,
    beyond_boundary,  ///< Remote, and the request must stay local.
    too_small,        ///< Prompt and answer do not fit its window.
    too_dear,         ///< Its worst case is over the rule's or the client's ceiling.
    cannot,           ///< It lacks what the request needs (images, tools ...), where that is known.
    preferred_not,    ///< The client's `x-spillway-prefer` leaves it out.
    resting,          ///< Cooling down now; still tried when nothing else serves.
    saturated,        ///< At its `max_parallel_requests` now.
};
[[nodiscard]] std::string_view name(Verdict verdict);

/// One deployment that was looked at.
struct Candidate {
    DeploymentIndex deployment{};
    GroupIndex group{};
    Verdict verdict = Verdict::kept;
    std::optional<NanoUsd> worst_cost;  ///< Unknown price: empty.
    std::optional<Tokens> window;
};

/// One rule that was looked at, up to and including the one that won.
struct RuleSeen {
    std::string name;
    bool held = false;
    std::string because;  ///< The first condition that failed, or those that held; no client text.
};

/// Why the plan is what it is. A value: it can be logged, compared and replayed.
struct Explanation {
    std::string route;  ///< Empty when the client named a model.
    std::string rule;   ///< "otherwise" when no rule held.
    std::vector<RuleSeen> rules;
    std::vector<Candidate> candidates;  ///< In the order of the chain.

    /// One line of at most 200 printable bytes: for `x-spillway-reason`, record and log.
    [[nodiscard]] std::string compact() const;
};

/// What follows when the last hop is spent.
enum class Beyond : std::uint8_t {
    configured,  ///< The fallback lists of the last group: an explicit model.
    nothing,     ///< The chain is all there is: a route.
};

/// What will be tried, in order, and why.
struct Plan {
    std::vector<Resolved> hops;  ///< Never empty; the first is preferred.
    Beyond beyond = Beyond::configured;
    privacy::Boundary boundary = privacy::Boundary::any;
    std::optional<config::Strategy> strategy;  ///< Instead of the router's.
    std::vector<config::Parameter> parameters;
    config::AnswerFit answer_fit = config::AnswerFit::as_asked;
    std::optional<NanoUsd> max_cost;
    std::optional<Millis> timeout;
    std::optional<Millis> first_token_timeout;
    std::optional<NanoUsd> worst_cost;  ///< Dearest kept candidate; empty when a price is unknown.
    Explanation why;
};

}  // namespace spillway::route
