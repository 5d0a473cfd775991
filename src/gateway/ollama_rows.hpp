#pragma once

#include <vector>

#include "spillway/config/config.hpp"
#include "spillway/gateway/snapshot.hpp"

/// The windows of Ollama's models as the rows of a file give them (ADR 0039).
namespace spillway::gateway {

/// What is asked for of an Ollama's model is what it holds, whatever is known of the model.
void bound_window(config::Deployment& deployment, const Upstream& upstream);

/// Rows that lead to one model of one engine ask it for one window, the largest: else it would be
/// loaded anew with every change of row. What was chosen before is handed on.
/// @param previous  May be null.
void agree_on_windows(std::vector<Upstream>& upstreams, const Snapshot* previous);

}  // namespace spillway::gateway
