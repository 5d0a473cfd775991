#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/caller.hpp"
#include "spillway/gateway/snapshot.hpp"

namespace spillway::gateway {

/// The names in the list of models for the caller, routes first.
[[nodiscard]] std::vector<std::string> listed_models(const Snapshot& snapshot,
                                                     const chat::Caller& caller);

/// The body of GET /v1/models: every route, every group without `*` and every visible alias that
/// the caller may ask for.
[[nodiscard]] std::string model_list(const Snapshot& snapshot, const chat::Caller& caller);

/// The body of GET /v1/models/{id}. @param encoded  One percent-encoded segment; SDKs send
/// "ollama%2Fllama3:8b", people "ollama/llama3:8b".
/// @return `unknown_model`, naming what exists for the caller; also for what it may not ask for.
[[nodiscard]] Result<std::string> model_card(const Snapshot& snapshot, const chat::Caller& caller,
                                             std::string_view encoded);

/// The error for a model that nobody serves.
[[nodiscard]] Error unknown_model(const Snapshot& snapshot, const chat::Caller& caller,
                                  std::string_view asked);

}  // namespace spillway::gateway
