#pragma once

#include <optional>
#include <vector>

#include "spillway/gateway/inference_request.hpp"
#include "spillway/route/limits.hpp"
#include "spillway/route/plan.hpp"

namespace spillway::gateway {

/// How long an answer the request asks for, and how many, once `parameters` have gone over it; none
/// is written for embeddings. Needs the request's members, so it is asked before the commit point.
[[nodiscard]] route::AnswerAsked asked_by(const InferenceRequest& request,
                                          const std::vector<config::Parameter>& parameters);

/// The most that one attempt of this request can cost: every byte of text a token, as many answers
/// as it asks for, each as long as it may be, for as long as it may take. Empty when a price is not
/// known. Needs the request's members, so it is asked before the commit point.
/// @param plan   May set the answer's length over the request's own.
/// @param bound  How long the attempt may take, where time costs money.
[[nodiscard]] std::optional<NanoUsd> worst_case(const InferenceRequest& request,
                                                const std::vector<config::Parameter>& parameters,
                                                DeploymentIndex deployment, Millis bound);

}  // namespace spillway::gateway
