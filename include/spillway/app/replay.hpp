#pragma once

#include <cstdint>
#include <iosfwd>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "spillway/app/cli.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/ledger/spend_record.hpp"

namespace spillway::app {

/// Money before and after, over the requests of which both are known.
struct ReplayCost {
    std::uint64_t requests = 0;
    NanoUsd before{};
    NanoUsd after{};
};

/// What another configuration would have done with recorded requests.
struct ReplaySums {
    std::uint64_t requests = 0;
    std::uint64_t decided = 0;         ///< Decided again from their features.
    std::uint64_t explicit_model = 0;  ///< The client named a model, which is still served.
    std::uint64_t not_served = 0;      ///< The name means nothing in the new file.
    std::uint64_t not_recorded = 0;    ///< A route's now, but recorded without features.
    std::uint64_t moved = 0;           ///< Of those decided again, to another group.
    std::uint64_t refused_before = 0;
    std::uint64_t refused_after = 0;
    std::uint64_t local_before = 0;  ///< Of those decided again.
    std::uint64_t local_after = 0;
    std::uint64_t violations = 0;         ///< Had to stay local, and might leave.
    std::uint64_t sensitive_unknown = 0;  ///< Rules ask for classes that were not looked for.
    std::uint64_t questions_unknown = 0;  ///< Rules ask for words or headers that were not asked.
    std::uint64_t score_unknown = 0;
    std::uint64_t code_unknown = 0;
    std::uint64_t speed_unknown = 0;  ///< Asked for the fastest; taken as it was then.
    ReplayCost cost;
    /// From group to group, with how many. Names of the ledger and of the new file.
    std::map<std::pair<std::string, std::string>, std::uint64_t> moves;
    std::vector<std::string> violating;  ///< Ids of the first few.
};

/// Decides recorded requests by another configuration, in the order of the records: nothing is
/// called, all deployments are idle, all budgets are full. The same records and configuration give
/// the same sums.
class Replay {
public:
    explicit Replay(std::shared_ptr<const gateway::Snapshot> snapshot);
    ~Replay();

    void add(const ledger::SpendRecord& record);
    [[nodiscard]] const ReplaySums& sums() const { return sums_; }

private:
    struct Chosen;

    void add_without_features(const ledger::SpendRecord& record);
    void decide(const ledger::SpendRecord& record, route::Features features);
    void bind(route::Features& features) const;
    void note_gaps(const ledger::RouteTaken& taken, const route::Features& features,
                   const route::CompiledRoute& route);
    void note_violation(const ledger::SpendRecord& record, const route::Features& features,
                        const route::Plan& plan);
    void note_move(const std::string& from, const std::string& to);
    void note_cost(const ledger::SpendRecord& record, DeploymentIndex deployment);
    void go_as_then(const std::string& from, route::Plan& plan);
    [[nodiscard]] bool was_local(const ledger::SpendRecord& record) const;
    [[nodiscard]] DeploymentIndex first_choice(const ledger::SpendRecord& record,
                                               const route::Plan& plan) const;

    std::shared_ptr<const gateway::Snapshot> snapshot_;
    gateway::CloudShares shares_;  ///< Of its own: the same records give the same sums.
    route::FleetView idle_;
    std::vector<std::vector<route::Probe>> questions_;  ///< Of each route, all answered with no.
    ReplaySums sums_;
};

/// The group that was tried first, as far as the record tells.
[[nodiscard]] std::string first_group(const ledger::SpendRecord& record);

/// When a replay begins: "7d" (also s, m, h, w, mo as thirty days) before `now`, or a date
/// "2026-11-14"; empty for anything else.
[[nodiscard]] std::optional<WallTime> parse_since(std::string_view text, WallTime now);

/// The sums for people, and as JSON.
[[nodiscard]] std::string replay_table(const ReplaySums& sums);
[[nodiscard]] std::string replay_json(const ReplaySums& sums);

/// `spillway replay`. @return The exit code: 1 also when privacy would be violated.
[[nodiscard]] int replay(const ReplayRecords& wish, std::ostream& out, std::ostream& problems);

}  // namespace spillway::app
