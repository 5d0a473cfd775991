#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/config/config.hpp"
#include "spillway/guard/fleet.hpp"
#include "spillway/keys/calls.hpp"
#include "spillway/ledger/cost.hpp"
#include "spillway/ledger/shipper.hpp"
#include "spillway/net/upstream.hpp"
#include "spillway/observe/metrics.hpp"

namespace spillway::admin {

/// One deployment as the operator's pages show and probe it; stands at its `DeploymentIndex`.
struct Deployment {
    std::string id;
    std::string group;
    std::string model;           ///< As configured, prefix included.
    std::string upstream_model;  ///< As the provider knows it; may hold `*`.
    std::string api_base;        ///< Without credentials.
    std::string provider;
    net::Origin origin;
    std::string base_path;     ///< "/v1"
    std::string header_block;  ///< What the provider is sent. Secret: never shown.
    config::Mode mode = config::Mode::chat;
    config::Prices prices;
    ledger::Rate rate;  ///< The same with the tier of long prompts.
    std::optional<Tokens> max_input_tokens;
    std::optional<Tokens> max_output_tokens;
    std::optional<std::int64_t> rpm;
    std::optional<std::int64_t> tpm;
    std::optional<std::int64_t> max_parallel;
    prometheus::Gauge* state = nullptr;  ///< Set from the fleet when metrics are read, as is:
    prometheus::Gauge* in_flight = nullptr;
};

/// What the pages know of one configuration. Immutable; made by `app` with each snapshot.
struct View {
    std::uint64_t number = 0;
    WallTime built{};
    std::vector<Deployment> deployments;
    std::shared_ptr<const guard::Fleet> fleet;
    std::shared_ptr<const guard::Engines> engines = nullptr;  ///< Null: there are none.
    Millis connect_timeout{5'000};
    std::optional<NanoUsd> max_budget;                  ///< Of the whole proxy.
    std::shared_ptr<const ledger::PriceBook> prices{};  ///< Of models that nobody deployed.
    /// About how many tokens `text` is for `model`.
    std::function<Tokens(const std::string& model, std::string_view text)> count_tokens{};
    /// What calls about keys go by; never null.
    std::shared_ptr<const keys::CallRules> call_rules = std::make_shared<keys::CallRules>();
};

/// How this instance and the others share budgets, limits and keys.
struct Sharing {
    bool connected = false;
    std::size_t live = 0;    ///< Instances alive, as last told.
    std::size_t leases = 0;  ///< Budgets and limits of which this one holds a part.
    std::uint64_t rounds = 0;
    std::uint64_t refused = 0;
    std::uint64_t given_back = 0;
    std::string last_error;
};

/// How the daemon is at this moment.
struct Vitals {
    enum class Phase : std::uint8_t { serving, draining } phase = Phase::serving;
    enum class Disk : std::uint8_t { ok, failing } ledger = Disk::ok;
    std::size_t ledger_waiting = 0;  ///< Records that wait in memory for a failing disk.
    std::uint64_t ledger_lost = 0;   ///< Those that found no room, since start.
    std::optional<ledger::ShipperState> shipper;  ///< Empty: no database is configured.
    std::optional<Sharing> sharing;               ///< Empty: nothing is shared.
    std::size_t connections = 0;
    std::size_t in_flight = 0;
};

}  // namespace spillway::admin
