#pragma once

#include <memory>
#include <string>
#include <vector>

#include "spillway/chat/failure.hpp"
#include "spillway/chat/model_facts.hpp"
#include "spillway/chat/quota.hpp"
#include "spillway/guard/engines.hpp"
#include "spillway/guard/health.hpp"
#include "spillway/guard/rate_limits.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::guard {

/// How one attempt ended, as the fleet counts it. A client that left counts against nobody.
struct AttemptReport {
    DeploymentIndex deployment{};
    enum class End : std::uint8_t { answered, failed, abandoned } end = End::answered;
    chat::Failure failure;              ///< When `failed`.
    std::optional<Millis> first_token;  ///< When something came.
    Tokens tokens{};                    ///< Prompt and answer.
    Tokens generated{};                 ///< The answer alone.
    std::optional<Millis> duration{};   ///< Of the whole attempt.
    /// Whether the first token was seen as such, or with the last one.
    enum class Form : std::uint8_t { stream, whole } form = Form::whole;
    /// What `admit` set aside of the deployment's tokens per minute.
    std::int64_t set_aside = 0;
    std::optional<Tokens> used{};  ///< Instead of those; nothing when nobody can tell.
};

/// Collects outcomes, runs cooldowns and breakers, publishes `FleetView`s. Shared by all shards;
/// safe from any thread. State survives a reload by deployment id.
///
/// A deployment rests at once after a rate limit, a refused credential, a missing model or a stall;
/// after more than half of at least five calls in the current minute failed; or after more than
/// `allowed_fails` failures in it, where that is set (it then replaces the rate). The only member
/// of a group rests only where `allowed_fails` says so: sick beats absent. After its rest one probe
/// goes out; an answer closes the matter, a failure doubles the rest, up to tenfold. A member that
/// is far slower than its group (see `is_outlier`) rests once as well.
class Fleet final : private route::FleetSource {
public:
    /// @param previous  State to carry over by deployment id; may be null. Requests that still run
    ///                  on the previous configuration report into the same state.
    /// @param engines   Those that the deployments sit on; may be null.
    Fleet(const route::RoutingTable& table, const Fleet* previous,
          std::shared_ptr<const Engines> engines = nullptr);
    ~Fleet();
    Fleet(const Fleet&) = delete;
    Fleet& operator=(const Fleet&) = delete;

    /// The limits of deployments are held together with other instances from now on, also by fleets
    /// that are made from this one. Before the first request.
    /// @param limits  Outlives all of them; shared itself.
    void share(RateLimits& limits) { limits_ = &limits; }
    /// Its limits stay this instance's own: it is an engine of this machine, and another instance's
    /// is another one. Before the first request.
    void keep_apart(DeploymentIndex deployment);

    /// Lets `view` show the state at `now`, each deployment's as it is first looked at. The view
    /// is used again by the caller, so nothing is allocated.
    void read(route::FleetView& view, TimePoint now) const;

    /// Takes one request and what is set aside for its tokens of the deployment's own limits
    /// (`rpm`, `tpm`), where the configuration enforces them; of shared ones a place as well.
    /// @return The tokens set aside; nothing when another request was faster.
    [[nodiscard]] std::optional<std::int64_t> admit(DeploymentIndex deployment,
                                                    const chat::TokenWish& wish, TimePoint now);
    /// An attempt starts; marks the half-open probe when the breaker allows just one.
    void started(DeploymentIndex deployment, TimePoint now);
    /// The attempt is over. Called exactly once for each `started`.
    void ended(const AttemptReport& report, TimePoint now);

    /// The provider told what is left of its limits.
    void told(DeploymentIndex deployment, const chat::Quota& quota, TimePoint now);
    /// Somebody looked whether it is there. One that is not is `unreachable` until a check or a
    /// request succeeds.
    void checked(DeploymentIndex deployment, HealthCheck check);
    /// Its engine told what it knows of the model. @param when  The question began.
    void learned(DeploymentIndex deployment, const chat::ModelFacts& facts, TimePoint when);

    /// All that is known of it.
    [[nodiscard]] Health health(DeploymentIndex deployment, TimePoint now) const;
    /// Attempts that run at the deployment now.
    [[nodiscard]] std::uint32_t in_flight(DeploymentIndex deployment, TimePoint now) const;
    /// 0 healthy, 1 partial (half open), 2 resting or unreachable: litellm_deployment_state.
    [[nodiscard]] int state_number(DeploymentIndex deployment, TimePoint now) const;

private:
    [[nodiscard]] route::DeploymentState state(DeploymentIndex deployment,
                                               TimePoint now) const override;

    void compare(DeploymentIndex deployment, TimePoint now);

    class Cell;
    struct Entry;
    [[nodiscard]] std::optional<Limit> shared_limit(const Entry& entry) const;
    RateLimits* limits_ = nullptr;                      ///< Null: nothing is shared.
    std::vector<Entry> entries_;                        ///< By `DeploymentIndex`.
    std::vector<std::vector<DeploymentIndex>> groups_;  ///< The members of each.
    std::shared_ptr<const Engines> engines_;
};

}  // namespace spillway::guard
