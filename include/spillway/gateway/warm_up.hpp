#pragma once

#include <memory>

#include "spillway/gateway/services.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::gateway {

/// Has Ollama load the model of a place that requests spill around while it is cold, so that the
/// next ones find it: a call without a prompt, which nobody waits for and which leaves no record.
/// At most one per model, and none that would push out a model with work
/// (`EngineGate::begin_load`). Other engines have their model loaded when they answer at all:
/// nothing is sent to them.
void warm_up(const std::shared_ptr<const Snapshot>& snapshot, const route::Target& target,
             Services& services);

}  // namespace spillway::gateway
