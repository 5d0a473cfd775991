#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/base/time_zone.hpp"
#include "spillway/config/config.hpp"
#include "spillway/config/load.hpp"
#include "spillway/config/providers.hpp"
#include "spillway/dialect/body_edit.hpp"
#include "spillway/gateway/ollama_upstream.hpp"
#include "spillway/gateway/prompt_counter.hpp"
#include "spillway/guard/engines.hpp"
#include "spillway/guard/fleet.hpp"
#include "spillway/guard/key_ring.hpp"
#include "spillway/ledger/cost.hpp"
#include "spillway/net/upstream.hpp"
#include "spillway/observe/metrics.hpp"
#include "spillway/privacy/passage.hpp"
#include "spillway/privacy/scanner.hpp"
#include "spillway/route/route_book.hpp"
#include "spillway/route/routing_table.hpp"
#include "spillway/score/weights.hpp"
#include "spillway/tokens/vocabulary.hpp"

namespace spillway::gateway {

class CloudShare;

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
    std::optional<OllamaUpstream> ollama;  ///< Where it is one: chats and embeddings in its words.
    config::Embeddings embeddings;  ///< `max_batch`: the provider's, where the row sets none.
    std::optional<std::int64_t> default_dimensions;  ///< For requests that set none.
    ledger::Rate rate;
    bool local = false;
    privacy::Place place;  ///< What a request that stays local is told of it.
    observe::Metrics::Deployment metrics;
    std::optional<observe::Metrics::Engine> engine;  ///< Where it sits on a local one.
};

/// What routing by rules works with.
struct Rules {
    route::RouteBook book;
    /// Of each route of the book, in its order; null where no rule asks for the score.
    std::vector<std::shared_ptr<const score::Weights>> weights;
    /// See `gateway::cloud_shares`.
    std::vector<std::shared_ptr<CloudShare>> shares;
    /// Of each route: models whose tokens are counted, the usual one first, then one of each other
    /// family that the route leads to.
    std::vector<std::vector<CountedModel>> models;
    /// Of each route: local engines that it leads to and that count a prompt when they are asked.
    std::vector<std::vector<DeploymentIndex>> counting;
    privacy::ClassNames names;
    std::optional<privacy::Scanner> scanner;  ///< Where anything asks for sensitive classes.
    privacy::ClassSet local_only;             ///< Classes that keep any request local.
    privacy::LocalHosts hosts;
    std::shared_ptr<tokens::Library> library;  ///< Null without routes: nobody counts exactly.
    TimeZone zone;
};

/// One configuration compiled for requests. Immutable but for the own state of the fleet
/// and of shares; a request holds exactly one from start to end, so it finishes on the
/// configuration it began with.
struct Snapshot {
    std::uint64_t number = 0;
    config::Config config;
    route::RoutingTable table;
    Rules rules;
    std::vector<Upstream> upstreams;
    guard::KeyRing keys;
    std::optional<ledger::Rate> reference;  ///< Of `ledger.reference_model`.
    std::shared_ptr<guard::Fleet> fleet;
    std::shared_ptr<const guard::Engines> engines;  ///< Never null.
    WallTime built{};
    std::vector<config::ModelRates> key_rates;  ///< See `gateway::key_rates`.
};

/// Place of a route in its snapshot's book.
[[nodiscard]] std::size_t route_index(const route::CompiledRoute& route, const Snapshot& snapshot);

/// Models of upstreams, one of each family among those that `names` lead to, in their order.
[[nodiscard]] std::vector<CountedModel> models_behind(std::span<const std::string> names,
                                                      const Snapshot& snapshot);

/// Where a request within `boundary` may be sent by `deployment`: an Ollama at home may pass the
/// model on. A row's word that it is local holds for the model that it names, not for each that a
/// client may put in place of its `*`.
/// @param wildcard  As in `route::Target`.
/// @param snapshot  Must outlive the call.
[[nodiscard]] privacy::Passage passage_to(const Snapshot& snapshot, DeploymentIndex deployment,
                                          std::string_view wildcard, privacy::Boundary boundary);
/// The same for what is said to the engine behind `deployment`, and to none of its models.
[[nodiscard]] privacy::Passage passage_to_engine(const Snapshot& snapshot,
                                                 DeploymentIndex deployment,
                                                 privacy::Boundary boundary);

/// Compiles a configuration. Deployments that cannot be resolved are left out with a warning
/// (LiteLLM's ignore_invalid_deployments).
/// @param previous  The state of the fleet and of shares is carried over from it; may be null.
[[nodiscard]] Result<std::shared_ptr<const Snapshot>> build_snapshot(
    config::Config config, const config::Environment& environment, const config::PriceTable& prices,
    observe::Metrics& metrics, const Snapshot* previous, WallTime now);

}  // namespace spillway::gateway
