#pragma once

#include "spillway/base/result.hpp"
#include "spillway/gateway/endpoints.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// Reads the body and takes its facts.
/// @param request  Its `arrival` is set; the rest is filled in, `facts.model` as soon as it is
///                 understood (for the record of a refusal).
[[nodiscard]] net::Task<Result<void>> read_request(InferenceRequest& request,
                                                   const Destination& destination,
                                                   net::Exchange& exchange, Services& services);

}  // namespace spillway::gateway
