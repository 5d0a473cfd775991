#pragma once

#include "spillway/base/result.hpp"
#include "spillway/gateway/endpoints.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// Reads the body, takes its facts and resolves the model.
/// @param asked_model  Filled as soon as the model's name is understood, for the record of a
/// refusal.
[[nodiscard]] net::Task<Result<InferenceRequest>> read_request(Arrival arrival,
                                                               const Destination& destination,
                                                               net::Exchange& exchange,
                                                               Services& services,
                                                               std::string& asked_model);

}  // namespace spillway::gateway
