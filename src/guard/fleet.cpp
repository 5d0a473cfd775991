#include "spillway/guard/fleet.hpp"

#include <string>
#include <unordered_map>
#include <utility>

#include "cell.hpp"

namespace spillway::guard {

/// Shared by the fleets of two configurations while requests of the older one still run: their
/// ends must be counted where the newer one looks.
struct Fleet::Entry {
    std::string id;
    std::shared_ptr<Cell> cell;
    Rules rules;
    std::size_t group = 0;
    std::optional<std::int64_t> parallel;  ///< At once; `route::is_saturated` holds it, too.
    bool apart = false;
};

Fleet::Fleet(const route::RoutingTable& table, const Fleet* previous,
             std::shared_ptr<const Engines> engines)
    : limits_(previous != nullptr ? previous->limits_ : nullptr), engines_(std::move(engines))
{
    std::unordered_map<std::string_view, const std::shared_ptr<Cell>*> known;
    if (previous != nullptr) {
        for (const Entry& entry : previous->entries_) {
            known.emplace(entry.id, &entry.cell);
        }
    }
    std::vector<std::size_t> group_of(table.deployments().size(), 0);
    for (const route::Group& group : table.groups()) {
        for (const DeploymentIndex member : group.members) {
            group_of[at(member)] = groups_.size();
        }
        groups_.push_back(group.members);
    }
    const config::Router& settings = table.settings();
    entries_.reserve(group_of.size());
    for (std::size_t i = 0; i < group_of.size(); ++i) {
        const route::Deployment& deployment = table.deployments()[i];
        const auto found = known.find(deployment.id);
        Rules rules;
        rules.may_rest = !settings.disable_cooldowns;
        rules.lone = groups_[group_of[i]].size() < 2;
        rules.engine = deployment.queued;
        rules.cooldown = deployment.cooldown_time.value_or(settings.cooldown_time);
        rules.allowed_fails = settings.allowed_fails;
        rules.allowed_fails_policy = settings.allowed_fails_policy;
        rules.requests_per_minute = config::enforces_rpm(settings) ? deployment.rpm : std::nullopt;
        rules.tokens_per_minute = config::enforces_tpm(settings) ? deployment.tpm : std::nullopt;
        auto& entry = entries_.emplace_back();
        entry.id = deployment.id;
        entry.cell = found == known.end() ? std::make_shared<Cell>() : *found->second;
        entry.rules = std::move(rules);
        entry.group = group_of[i];
        // Each instance has its own queue in front of an engine, which counts the places.
        if (!deployment.queued)
            entry.parallel = deployment.max_parallel;
    }
}

Fleet::~Fleet() = default;

void Fleet::keep_apart(DeploymentIndex deployment)
{
    entries_[at(deployment)].apart = true;
}

/// What several instances hold of its limits together; empty where this one is alone with them.
std::optional<Limit> Fleet::shared_limit(const Entry& entry) const
{
    if (limits_ == nullptr || entry.apart || (!entry.rules.limited() && !entry.parallel)) {
        return std::nullopt;
    }
    return Limit{chat::ScopeKind::deployment,   entry.id,      {}, entry.rules.requests_per_minute,
                 entry.rules.tokens_per_minute, entry.parallel};
}

void Fleet::read(route::FleetView& view, TimePoint now) const
{
    view.look(*this, entries_.size(), now);
}

route::DeploymentState Fleet::state(DeploymentIndex deployment, TimePoint now) const
{
    const Entry& entry = entries_[at(deployment)];
    auto state = entry.cell->read(entry.rules, now);
    // Where there is no choice it is for people only: a long queue takes a while to foresee.
    if (engines_ && !entry.rules.lone) {
        state.expected_wait = engines_->expected_wait(deployment, now);
    }
    if (const auto limit = shared_limit(entry)) {
        limits_->show(*limit, state, now);
    }
    return state;
}

std::optional<std::int64_t> Fleet::admit(DeploymentIndex deployment, const chat::TokenWish& wish,
                                         TimePoint now)
{
    const Entry& entry = entries_[at(deployment)];
    if (const auto limit = shared_limit(entry)) {
        return limits_->admit(*limit, wish, now);
    }
    return entry.rules.limited() ? entry.cell->admit(wish, entry.rules, now) : 0;
}

void Fleet::started(DeploymentIndex deployment, TimePoint now)
{
    const Entry& entry = entries_[at(deployment)];
    if (const auto limit = shared_limit(entry)) {
        limits_->begun(*limit);
    }
    entry.cell->started(now);
}

void Fleet::ended(const AttemptReport& report, TimePoint now)
{
    const Entry& entry = entries_[at(report.deployment)];
    if (const auto limit = shared_limit(entry)) {
        limits_->leave(*limit, report.set_aside, report.used, now);
    }
    if (entry.cell->ended(report, entry.rules, now) == Cell::Compare::now) {
        compare(report.deployment, now);
    }
}

/// Sends a deployment to rest that is far slower than the rest of its group.
void Fleet::compare(DeploymentIndex deployment, TimePoint now)
{
    const Entry& entry = entries_[at(deployment)];
    const auto& members = groups_[entry.group];
    if (members.size() < 3) {
        return;
    }
    std::vector<Pace> paces;
    paces.reserve(members.size());
    std::size_t which = 0;
    for (const DeploymentIndex member : members) {
        which = member == deployment ? paces.size() : which;
        paces.push_back(entries_[at(member)].cell->pace(now));
    }
    if (is_outlier(paces, which)) {
        entry.cell->lags(entry.rules, now);
    }
}

void Fleet::told(DeploymentIndex deployment, const chat::Quota& quota, TimePoint now)
{
    entries_[at(deployment)].cell->told(quota, now);
}

void Fleet::checked(DeploymentIndex deployment, HealthCheck check)
{
    entries_[at(deployment)].cell->checked(std::move(check));
}

void Fleet::learned(DeploymentIndex deployment, const chat::ModelFacts& facts, TimePoint when)
{
    entries_[at(deployment)].cell->learned(facts, when);
}

Health Fleet::health(DeploymentIndex deployment, TimePoint now) const
{
    const Entry& entry = entries_[at(deployment)];
    auto health = entry.cell->health(entry.rules, now);
    if (engines_) {
        health.state.expected_wait = engines_->expected_wait(deployment, now);
    }
    return health;
}

std::uint32_t Fleet::in_flight(DeploymentIndex deployment, TimePoint now) const
{
    return state(deployment, now).in_flight;
}

int Fleet::state_number(DeploymentIndex deployment, TimePoint now) const
{
    return entries_[at(deployment)].cell->state_number(now);
}

}  // namespace spillway::guard
