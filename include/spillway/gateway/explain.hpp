#pragma once

#include <string>

#include "spillway/base/result.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/plan_request.hpp"

namespace spillway::gateway {

/// The plan as one JSON object: features, score with its reasons, rules, candidates with their
/// verdicts, chain and worst cost. No text of the request.
[[nodiscard]] std::string explanation_json(const Described& described, const route::Plan& plan,
                                           const Snapshot& snapshot);

/// The same where there is no plan.
[[nodiscard]] std::string refusal_json(const Described& described, const route::Explanation& why,
                                       const Snapshot& snapshot);

/// Where the request would go and why, or why nowhere, with the time that took. Changes nothing: a
/// share of the traffic is not used up by asking.
/// @return JSON; an error only for a request that is none.
[[nodiscard]] Result<std::string> explain(const InferenceRequest& request,
                                          const net::Fields& fields, Describer& describer,
                                          route::FleetView& fleet, const route::BudgetView& budget);

/// Puts the explanation that the request asked for into its answer: a member `routing` of a JSON
/// object, of the last event of a stream of Responses, or a chunk without choices before the end of
/// a stream that ends in `[DONE]`. Other streams have no place for it.
void add_explanation(const Routing& routing, Parting& parting);
/// The same for the body of a refusal, or any other JSON object.
void add_explanation(const Routing& routing, std::string& body);

}  // namespace spillway::gateway
