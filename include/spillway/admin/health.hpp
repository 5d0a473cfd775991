#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/admin/view.hpp"
#include "spillway/net/shard.hpp"
#include "spillway/net/task.hpp"

namespace spillway::admin {

struct Reply;

/// Ready means: can serve. A dead database is a detail, not a reason to be taken out of service.
[[nodiscard]] Reply readiness(const View& view, const Vitals& vitals);

/// The head of the request that probes a deployment's provider. Secret.
[[nodiscard]] std::string probe_head(const Deployment& deployment);

/// How a provider answered `GET {base}/models`.
struct ProbeAnswer {
    int status = 0;       ///< 0: no answer.
    std::string trouble;  ///< Why there is none.
    std::string body;
};

/// What is wrong with a deployment, given its provider's answer; empty when it is healthy.
[[nodiscard]] std::optional<std::string> diagnose(const Deployment& deployment,
                                                  const ProbeAnswer& answer);

/// Asks each provider once for its list of models: free, and it loads nothing (user-pain 31). At
/// most 16 at a time, five seconds each.
/// @param model  Group, id or model to limit it to; empty means all.
[[nodiscard]] net::Task<Reply> probe_deployments(std::shared_ptr<const View> view,
                                                 std::string model, net::Shard& shard);

}  // namespace spillway::admin
