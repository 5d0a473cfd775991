#pragma once

#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// The engine of Ollama's that a call is for: the one that `asked` names, by the id of one of its
/// deployments or as "host:port"; when it names none, the only one there is.
/// @return `invalid_request`, with the names that there are.
[[nodiscard]] Result<DeploymentIndex> find_ollama_engine(const Snapshot& snapshot,
                                                         std::string_view asked);

/// Passes a call on to an engine (`x-spillway-engine`, or `engine` in the query) and its answer
/// back as it comes, for as long as something comes. Only to engines of local reach. The client's
/// credential stays here.
[[nodiscard]] net::Task<void> relay_to_engine(net::Exchange& exchange, Services& services);

}  // namespace spillway::gateway
