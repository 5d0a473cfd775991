#pragma once

#include "spillway/gateway/answer_headers.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/services.hpp"

namespace spillway::gateway {

/// What is left of the caps that pay for an answer, one line per kind of scope, and what LiteLLM
/// says of a key's. Writes nothing where nobody has a cap.
void add_budget_headers(LineBuffer& lines, const InferenceRequest& request, GroupIndex group,
                        DeploymentIndex deployment, Services& services);

}  // namespace spillway::gateway
