#pragma once

#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// Sends the request along its chain until one deployment answers, and relays that answer up to,
/// but not including, its last bytes.
///
/// Performs the actions of `route::AttemptChain` and reports back to it; the policy is all there.
/// At most one upstream read and one client write are outstanding, so a slow client slows the
/// provider down instead of filling memory. When the client leaves, the upstream is closed.
[[nodiscard]] net::Task<Outcome> dispatch(const InferenceRequest& request, net::Exchange& exchange,
                                          Services& services);

}  // namespace spillway::gateway
