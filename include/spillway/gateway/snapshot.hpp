#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/config/config.hpp"
#include "spillway/config/load.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/dialect/body_edit.hpp"
#include "spillway/guard/fleet.hpp"
#include "spillway/guard/key_ring.hpp"
#include "spillway/ledger/cost.hpp"
#include "spillway/net/upstream.hpp"
#include "spillway/observe/metrics.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::gateway {

/// One deployment compiled for the wire; stands at its `DeploymentIndex`.
struct Upstream {
    std::string id;
    std::string model;     ///< For the provider; may hold `*`.
    std::string api_base;  ///< Scheme, host, port, path: for headers and records; no credentials.
    std::string provider;  ///< LiteLLM's custom_llm_provider.
    net::Origin origin;
    std::string base_path;     ///< "/v1"
    std::string header_block;  ///< Host, Authorization and the fixed headers, CRLF-ended. Secret.
    std::string answer_block;  ///< Lines of every answer it gives: which model, group and base.
    dialect::WireRules rules;
    ledger::Rate rate;
    bool local = false;
    observe::Metrics::Deployment metrics;
};

/// One configuration compiled for requests. Immutable but for the fleet's own state; a request
/// holds exactly one from start to end, so it finishes on the configuration it began with.
struct Snapshot {
    std::uint64_t number = 0;
    config::Config config;
    route::RoutingTable table;
    std::vector<Upstream> upstreams;
    guard::KeyRing keys;
    std::shared_ptr<guard::Fleet> fleet;
    WallTime built{};
};

/// Compiles a configuration. Deployments that cannot be resolved are left out with a warning
/// (LiteLLM's ignore_invalid_deployments).
/// @param previous  Fleet state is carried over from it; may be null.
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> build_snapshot(
    config::Config config, const config::Environment& environment, const config::PriceTable& prices,
    observe::Metrics& metrics, const Snapshot* previous, WallTime now);

}  // namespace spillway::gateway
