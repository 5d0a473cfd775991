#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/chat/request_facts.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/route/plan.hpp"

namespace spillway::gateway {

struct InferenceRequest;

/// In whose words the request's page takes what a rule sets.
[[nodiscard]] route::Wording wording_of(const InferenceRequest& request);

/// Top-level members as they go over the client's own: name and JSON text.
using Overrides = std::vector<std::pair<std::string, std::string>>;

/// What the plan's rule sets over the client's own, and the answer's length where the rule lets it
/// shrink to what the deployment has room for. A length keeps the name that it came with: there
/// are models that refuse `max_tokens`, and upstreams that know nothing else.
/// @param wording  Of the page; the plan's parameters are in these words already.
/// @param told  As for `route::window_of`.
[[nodiscard]] Overrides overrides_of(const route::Plan& plan, const chat::RequestFacts& facts,
                                     const route::Deployment& deployment, const Upstream& upstream,
                                     route::Wording wording, std::optional<Tokens> told);

}  // namespace spillway::gateway
