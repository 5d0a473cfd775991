#include "spillway/app/replay.hpp"

#include <algorithm>
#include <limits>
#include <tuple>

#include "known_local.hpp"
#include "spillway/ledger/comparison.hpp"
#include "spillway/ledger/cost.hpp"
#include "spillway/route/features_json.hpp"
#include "spillway/route/preference.hpp"

namespace spillway::app {

namespace {

constexpr std::size_t most_pairs = 10'000;
constexpr std::size_t most_ids = 10;

/// A request without text, headers and metadata: asked all questions of a route, it answers no.
class Nobody final : public route::Asked {
public:
    [[nodiscard]] std::span<const chat::PromptPiece> text() const override { return {}; }
    [[nodiscard]] std::vector<std::string_view> header(std::string_view) const override
    {
        return {};
    }
    [[nodiscard]] std::vector<std::string> metadata(std::string_view) const override { return {}; }
};

bool was_asked(const std::vector<route::Probe>& recorded, std::uint64_t question)
{
    return std::any_of(recorded.begin(), recorded.end(),
                       [&](const route::Probe& probe) { return probe.question == question; });
}

NanoUsd sum_of(NanoUsd a, NanoUsd b)
{
    constexpr auto most = std::numeric_limits<std::int64_t>::max();
    return count(a) > most - count(b) ? NanoUsd{most} : a + b;
}

}  // namespace

std::string first_group(const ledger::SpendRecord& record)
{
    const auto first = std::string_view(record.why).substr(0, record.why.find(": "));
    const auto end = first.rfind('/');
    if (record.attempts < 2 || end == std::string_view::npos)
        return record.group;
    return std::string(first.substr(0, end));
}

Replay::Replay(std::shared_ptr<const gateway::Snapshot> snapshot)
    : snapshot_(std::move(snapshot)), shares_(gateway::cloud_shares(snapshot_->rules, nullptr))
{
    idle_.states.resize(snapshot_->table.deployments().size());
    for (const auto& route : snapshot_->rules.book.routes())
        questions_.push_back(route.probe(Nobody{}));
}

Replay::~Replay() = default;

void Replay::add(const ledger::SpendRecord& record)
{
    // Nobody asked for these: another configuration would draw others.
    if (ledger::is_shadow(record.call_type))
        return;
    // Refused before its model was read: no configuration changes that.
    if (record.asked_model.empty())
        return;
    ++sums_.requests;
    if (!record.routing || record.routing->features.empty())
        return add_without_features(record);
    auto features = route::features_from_json(record.routing->features, snapshot_->rules.names);
    if (!features)
        return add_without_features(record);
    decide(record, *std::move(features));
}

void Replay::add_without_features(const ledger::SpendRecord& record)
{
    const auto& rules = snapshot_->rules;
    if (rules.book.find(record.asked_model) != nullptr) {
        ++sums_.not_recorded;
    } else if (snapshot_->table.resolve(record.asked_model)) {
        ++sums_.explicit_model;
        sums_.sensitive_unknown += rules.local_only.empty() ? 0 : 1;
    } else {
        ++sums_.not_served;
    }
}

/// What rules of the new file ask for, and nobody asked then: taken for absent.
void Replay::note_gaps(const ledger::RouteTaken& taken, const route::Features& features,
                       const route::CompiledRoute& route)
{
    const auto& needs = route.needs();
    const auto index = static_cast<std::size_t>(&route - snapshot_->rules.book.routes().data());
    const bool scans = needs.sensitive || !snapshot_->rules.local_only.empty();
    sums_.sensitive_unknown += scans && !taken.scanned ? 1 : 0;
    sums_.score_unknown += needs.score && !features.score ? 1 : 0;
    sums_.code_unknown += needs.code && !taken.code_known ? 1 : 0;
    const auto& asked = questions_[index];
    const bool gap = std::any_of(asked.begin(), asked.end(), [&](const route::Probe& probe) {
        return !was_asked(features.probes, probe.question);
    });
    sums_.questions_unknown += gap ? 1 : 0;
}

/// What the client said of where its request may go, and what its key was made with, hold under any
/// file; what the file of then said of its key and its classes, the new one says anew. Old records
/// do not tell who said it: there it holds.
void Replay::bind(route::Features& features) const
{
    using route::BoundaryBy;
    if (features.boundary_by == BoundaryBy::key ||
        features.boundary_by == BoundaryBy::sensitive_class) {
        features.boundary = privacy::Boundary::any;
        features.boundary_by = BoundaryBy::nobody;
    }
    if (features.boundary == privacy::Boundary::local)
        return;
    if (gateway::is_local_key(snapshot_->config.privacy, features.key, features.key_alias))
        features.boundary_by = BoundaryBy::key;
    else if (!(features.sensitive & snapshot_->rules.local_only).empty())
        features.boundary_by = BoundaryBy::sensitive_class;
    else
        return;
    features.boundary = privacy::Boundary::local;
}

void Replay::decide(const ledger::SpendRecord& record, route::Features features)
{
    const auto& rules = snapshot_->rules;
    const auto* route = rules.book.find(record.asked_model);
    auto model = route == nullptr ? snapshot_->table.resolve(record.asked_model) : std::nullopt;
    if (route == nullptr && !model) {
        ++sums_.not_served;
        return;
    }
    ++sums_.decided;
    bind(features);
    if (route != nullptr) {
        note_gaps(*record.routing, features, *route);
        if (route->needs().score && features.score)
            features.score = gateway::read_score(
                *features.score, route->source().complexity,
                shares_[gateway::route_index(*route, *snapshot_)].get(), gateway::ShareUse::take);
    }
    const route::Standing standing{snapshot_->table, idle_, {}, TimePoint{}};
    auto plan = route != nullptr ? route::decide(features, *route, standing)
                                 : route::decide(features, *model, standing);
    const bool tried = record.attempts > 0;
    const auto from = tried ? first_group(record) : "(" + record.error + ")";
    sums_.refused_before += tried ? 0 : 1;
    sums_.local_before += tried && was_local(record) ? 1 : 0;
    if (!plan) {
        ++sums_.refused_after;
        note_move(from, "(" + std::string(describe(plan.error().code()).name) + ")");
        return;
    }
    if (features.prefer == route::Preference::fast)
        go_as_then(from, *plan);
    const auto deployment = first_choice(record, *plan);
    sums_.local_after += snapshot_->table[deployment].reach == privacy::Reach::local ? 1 : 0;
    note_move(from, snapshot_->table[plan->hops.front().group].name);
    note_violation(record, features, *plan);
    note_cost(record, deployment);
}

/// Speeds were measured then and are not recorded: who was fastest then, is, wherever the plan
/// still leads there.
void Replay::go_as_then(const std::string& from, route::Plan& plan)
{
    auto& hops = plan.hops;
    const auto then = std::find_if(hops.begin(), hops.end(), [&](const route::Resolved& hop) {
        return snapshot_->table[hop.group].name == from;
    });
    if (then == hops.begin() || then == hops.end())
        return;
    std::rotate(hops.begin(), then, then + 1);
    ++sums_.speed_unknown;
}

/// Where the first hop leads: the deployment of then if it is one of those that suit best, else the
/// first of them.
DeploymentIndex Replay::first_choice(const ledger::SpendRecord& record,
                                     const route::Plan& plan) const
{
    const auto& hop = plan.hops.front();
    // Every speed is that of then.
    const auto prefer =
        plan.prefer == route::Preference::fast ? route::Preference::none : plan.prefer;
    const auto key = [&](DeploymentIndex index) {
        const auto& deployment = snapshot_->table[index];
        return std::tuple(route::rank_of(prefer, deployment, idle_.states[at(index)], plan.limits),
                          deployment.id != record.deployment_id, deployment.order);
    };
    std::optional<DeploymentIndex> first;
    for (const auto& candidate : plan.why.candidates) {
        if (candidate.group != hop.group || route::rules_out(candidate.verdict))
            continue;
        if (!first || key(candidate.deployment) < key(*first))
            first = candidate.deployment;
    }
    return first.value_or(snapshot_->table[hop.group].members.front());
}

void Replay::note_violation(const ledger::SpendRecord& record, const route::Features& features,
                            const route::Plan& plan)
{
    const bool bound = record.routing->kept_local || features.boundary == privacy::Boundary::local;
    const auto leaves = [&](const route::Candidate& candidate) {
        return !route::rules_out(candidate.verdict) &&
               snapshot_->table[candidate.deployment].reach == privacy::Reach::remote;
    };
    const auto& candidates = plan.why.candidates;
    if (!bound || std::none_of(candidates.begin(), candidates.end(), leaves))
        return;
    ++sums_.violations;
    if (sums_.violating.size() < most_ids)
        sums_.violating.push_back(record.id.text());
}

void Replay::note_move(const std::string& from, const std::string& to)
{
    if (from == to)
        return;
    ++sums_.moved;
    const auto pair = std::pair(from, to);
    const bool room = sums_.moves.size() < most_pairs || sums_.moves.contains(pair);
    ++sums_.moves[room ? pair : std::pair<std::string, std::string>("(others)", "(others)")];
}

void Replay::note_cost(const ledger::SpendRecord& record, DeploymentIndex deployment)
{
    const auto after = ledger::cost(snapshot_->upstreams[at(deployment)].rate, record.usage);
    if (!record.cost || !after)
        return;
    ++sums_.cost.requests;
    sums_.cost.before = sum_of(sums_.cost.before, *record.cost);
    sums_.cost.after = sum_of(sums_.cost.after, *after);
}

bool Replay::was_local(const ledger::SpendRecord& record) const
{
    return known_local(snapshot_.get(), record.deployment_id, record.api_base);
}

}  // namespace spillway::app
