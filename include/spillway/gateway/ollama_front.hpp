#pragma once

#include <memory>

#include "spillway/chat/caller.hpp"
#include "spillway/gateway/endpoints.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// Answers what tells nothing but that somebody is here, and needs no key: `GET /` and
/// `GET /api/version`.
[[nodiscard]] net::Task<void> greet_ollama(Service service, net::Exchange& exchange,
                                           std::shared_ptr<const Snapshot> snapshot);

/// Answers questions about models and calls that are for an engine: everything of Ollama's own API
/// but inference.
[[nodiscard]] net::Task<void> serve_ollama(chat::Caller caller, Destination destination,
                                           net::Exchange& exchange, Services& services);

/// Answers a request that only wants a model loaded or given up (`only_loads`). When a model is
/// loaded is the engine's and the queue's business: nobody is called, nothing is recorded.
/// @return `unknown_model`.
[[nodiscard]] net::Task<Result<void>> answer_load(InferenceRequest& request,
                                                  net::Exchange& exchange, Services& services);

}  // namespace spillway::gateway
