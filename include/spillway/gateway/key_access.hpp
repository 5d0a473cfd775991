#pragma once

#include <cstdint>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/caller.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/keys/grants.hpp"
#include "spillway/route/access.hpp"

/// What a virtual key may do, and what it says about its requests.
namespace spillway::gateway {

/// What a path is for; LiteLLM has names for groups of them.
enum class PathKind : std::uint8_t {
    inference,  ///< "llm_api_routes"
    models,     ///< The lists of models: there, and in "info_routes".
    reading,    ///< "info_routes"; "management_routes" has these and the next.
    changing,
};

/// May the key call this path at all (`allowed_routes`, `key_type`)?
/// @return `forbidden`, in LiteLLM's words.
[[nodiscard]] Result<void> check_path(const chat::Caller& caller, std::string_view path,
                                      PathKind kind);

/// Applies what the caller's key says to a request that was read: its name for the model, that it
/// has no fallbacks, that it stays local. Looks whether it may use the model, and whether its end
/// user may ask at all.
/// @return `key_model_denied` and its like, `forbidden`, or `invalid_request` when the key has a
/// cap
///         on the model that cannot be held.
[[nodiscard]] Result<void> apply_grant(InferenceRequest& request, const keys::Grants& grants);

/// Which places the request may be sent to.
[[nodiscard]] route::Access access_of(const chat::Caller& caller, const Snapshot& snapshot);

/// May the caller ask for this model or route? Says nothing of whether there is one.
[[nodiscard]] bool may_ask_for(const chat::Caller& caller, std::string_view model,
                               const Snapshot& snapshot);

}  // namespace spillway::gateway
