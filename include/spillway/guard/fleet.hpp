#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spillway/chat/failure.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::guard {

/// How one attempt ended, as the fleet counts it. A client that left counts against nobody.
struct AttemptReport {
    DeploymentIndex deployment{};
    enum class End : std::uint8_t { answered, failed, abandoned } end = End::answered;
    chat::Failure failure;              ///< When `failed`.
    std::optional<Millis> first_token;  ///< When something came.
    Tokens tokens{};
};

/// Collects outcomes, runs cooldowns and breakers, publishes `FleetView`s. Shared by all shards;
/// safe from any thread. State survives a reload by deployment id.
///
/// A deployment rests at once after a rate limit, a refused credential, a missing model or a stall;
/// after more than half of at least five calls in the current minute failed; or after more than
/// `allowed_fails` failures in it, where that is set (it then replaces the rate). The only member
/// of a group rests only where `allowed_fails` says so: sick beats absent. After its rest one probe
/// goes out; an answer closes the matter, a failure doubles the rest, up to tenfold.
class Fleet final : private route::FleetSource {
public:
    /// @param previous  State to carry over by deployment id; may be null. Requests that still run
    ///                  on the previous configuration report into the same state.
    Fleet(const route::RoutingTable& table, const Fleet* previous);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    /// Lets `view` show the state at `now`, each deployment's as it is first looked at. The view
    /// is used again by the caller, so nothing is allocated.
    void read(route::FleetView& view, TimePoint now) const;

    /// An attempt starts; marks the half-open probe when the breaker allows just one.
    void started(DeploymentIndex deployment, TimePoint now);
    /// The attempt is over. Called exactly once for each `started`.
    void ended(const AttemptReport& report, TimePoint now);

    /// Attempts that run at the deployment now.
    [[nodiscard]] std::uint32_t in_flight(DeploymentIndex deployment, TimePoint now) const;
    /// 0 healthy, 1 partial (half open), 2 resting: litellm_deployment_state.
    [[nodiscard]] int state_number(DeploymentIndex deployment, TimePoint now) const;

private:
    [[nodiscard]] route::DeploymentState state(DeploymentIndex deployment,
                                               TimePoint now) const override;

    class Cell;
    struct Rules;
    struct Entry;
    std::vector<Entry> entries_;  ///< By `DeploymentIndex`.
};

}  // namespace spillway::guard
