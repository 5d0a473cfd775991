#include "spillway/gateway/payment.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/settle.hpp"
#include "spillway/gateway/worst_case.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

using chat::ScopeKind;
using guard::ScopeName;

Error price_unknown(const Upstream& upstream)
{
    return Error(Errc::budget_exceeded,
                 "No deployments available - the price of model " + printable(upstream.model, 80) +
                     " is not known, so no budget can hold it; price it under `prices`, or set "
                     "budgets.unknown_prices: allow");
}

}  // namespace

void add_callers_scopes(const InferenceRequest& request, std::string& end_user, std::string& member,
                        std::vector<ScopeName>& out)
{
    const auto& caller = request.arrival.caller;
    out.push_back({ScopeKind::proxy, {}});
    if (!caller.key_hash.empty())
        out.push_back({ScopeKind::key, caller.key_hash});
    if (const auto* grant = caller.grant.get()) {
        if (!grant->team_id.empty())
            out.push_back({ScopeKind::team, grant->team_id});
        // A key of a team is held by its team's budget; its user's only where the grant says so.
        const auto says = [grant](ScopeKind kind) {
            return std::any_of(grant->budgets.begin(), grant->budgets.end(),
                               [kind](const auto& budget) { return budget.scope.kind == kind; });
        };
        const bool held = grant->team_id.empty() || says(ScopeKind::user);
        if (!grant->user_id.empty())
            out.push_back({ScopeKind::user, grant->user_id,
                           held ? ScopeName::Hold::capped : ScopeName::Hold::counted});
        if (!grant->team_id.empty() && !grant->user_id.empty()) {
            member = grant->team_id + "/" + grant->user_id;
            out.push_back({ScopeKind::member, member});
        }
        for (const auto& tag : grant->tags)
            out.push_back({ScopeKind::tag, tag});
    }
    if (!request.facts.end_user.empty()) {
        end_user = recorded_name(request.facts.end_user);
        out.push_back({ScopeKind::end_user, end_user});
    }
    for (const auto& tag : request.facts.tags)
        out.push_back({ScopeKind::tag, tag});
}

void add_target_scopes(const Snapshot& snapshot, const chat::Grant* grant, GroupIndex group,
                       DeploymentIndex deployment, std::vector<ScopeName>& out)
{
    const auto& upstream = snapshot.upstreams[at(deployment)];
    out.push_back({ScopeKind::provider, upstream.provider});
    out.push_back({ScopeKind::deployment, upstream.id});
    out.push_back({ScopeKind::group, snapshot.table[group].name});
    if (grant == nullptr)
        return;
    for (const auto& budget : grant->budgets) {
        const auto& scope = budget.scope;
        // "key/group"
        if (scope.kind == ScopeKind::key_model &&
            std::string_view(scope.name).substr(grant->key_hash.size() + 1) ==
                snapshot.table[group].name)
            out.push_back({ScopeKind::key_model, scope.name});
    }
}

std::span<const ScopeName> Payment::payers(GroupIndex group, DeploymentIndex deployment)
{
    auto& list = services_.payers;
    list.clear();
    add_callers_scopes(request_, end_user_, member_, list);
    const auto& arrival = request_.arrival;
    add_target_scopes(*arrival.snapshot, arrival.caller.grant.get(), group, deployment, list);
    return list;
}

Result<void> Payment::begin(const route::Target& target, const route::Plan& plan, TimePoint now)
{
    const auto& snapshot = *request_.arrival.snapshot;
    const auto& upstream = snapshot.upstreams[at(target.deployment)];
    const auto bound = std::chrono::ceil<Millis>(target.deadline - now);
    const auto worst = worst_case(request_, plan.parameters, target.deployment, bound);
    const auto scopes = payers(target.group, target.deployment);
    if (!worst && snapshot.config.budgets.unknown_prices == config::UnknownPrices::refuse &&
        services_.budgets.capped(scopes))
        return fail(price_unknown(upstream));

    const auto amount = doubtful_ + held_ + worst.value_or(NanoUsd{0});
    if (amount == NanoUsd{0})
        return {};
    const auto started = request_.arrival.started;
    auto taken = reservation_
                     ? services_.budgets.exchange(*reservation_, scopes, amount, started)
                     : services_.budgets.reserve(request_.arrival.id, scopes, amount, started);
    lacks_lease_ = false;
    if (!taken)
        return fail(refused(taken.error()));
    reservation_.emplace(*std::move(taken));
    payer_ = Payer{target.group, target.deployment};
    // Whoever serves without a ledger serves without its pages, too.
    const bool must_be_written =
        snapshot.config.ledger.on_failure == config::OnFailure::refuse_priced;
    if (auto written = write_down(target, amount); !written && must_be_written) {
        failed(Cost::none);
        return written;
    }
    under_way_ = worst.value_or(NanoUsd{0});
    return {};
}

Error Payment::refused(const guard::BudgetRefusal& refusal)
{
    if (services_.budgets.has_news())
        services_.shared.tell_budget_news();
    if (refusal.lack == guard::BudgetRefusal::Lack::lease) {
        using State = guard::LeaseDesk::State;
        lacks_lease_ = services_.shared.leases.state() == State::open;
        if (!lacks_lease_)
            return guard::describe_unreachable(refusal);
    }
    return guard::describe(refusal, services_.clock.wall());
}

Result<void> Payment::write_down(const route::Target& target, NanoUsd amount)
{
    const auto& arrival = request_.arrival;
    const auto tags = recorded_tags(request_);
    ledger::CallNote note;
    note.id = arrival.id;
    note.attempt = ++attempts_;
    note.started = arrival.started;
    note.charged_at = reservation_->at();
    note.amount = amount;
    note.call_type = chat::call_type(arrival.endpoint);
    note.key_hash = arrival.caller.key_hash;
    if (const auto* grant = arrival.caller.grant.get()) {
        note.team_id = grant->team_id;
        note.user_id = grant->user_id;
    }
    note.end_user = end_user_;
    note.tags = tags;
    note.asked_model = request_.facts.model;
    name_place(note, *arrival.snapshot, target.group, target.deployment);
    auto slot = services_.open_calls.note(note);
    if (!slot)
        return fail(std::move(slot).error());
    // The later page holds, so that a process killed in between leaves one of the two.
    erase();
    slot_ = *slot;
    return {};
}

void Payment::erase() noexcept
{
    if (slot_)
        services_.open_calls.clear(*slot_);
    slot_.reset();
}

void Payment::failed(Cost cost)
{
    if (cost == Cost::possible)
        doubtful_ = doubtful_ + under_way_;
    under_way_ = NanoUsd{0};
    if (!reservation_)
        return;
    if (const auto kept = doubtful_ + held_; kept > NanoUsd{0}) {
        reservation_->shrink(kept);
        return;
    }
    reservation_->release();
    reservation_.reset();
    payer_.reset();
    erase();
}

void Payment::answered(Cost cost)
{
    if (cost == Cost::none)
        failed(cost);
}

void Payment::held_back(std::optional<NanoUsd> cost)
{
    held_ = cost.value_or(under_way_);
    under_way_ = NanoUsd{0};
}

void Payment::back_to(const route::Target& target)
{
    under_way_ = std::exchange(held_, NanoUsd{0});
    if (!reservation_ || (payer_ && payer_->deployment == target.deployment))
        return;
    const auto amount = reservation_->amount();
    auto moved = services_.budgets.exchange(*reservation_, payers(target.group, target.deployment),
                                            amount, request_.arrival.started);
    // A cap that has no room for what was spent already is no reason to withhold the answer.
    if (!moved)
        return;
    reservation_.emplace(*std::move(moved));
    payer_ = Payer{target.group, target.deployment};
    (void)write_down(target, amount);
}

Bill Payment::bill() const
{
    Bill bill;
    bill.doubtful = doubtful_;
    bill.reserved = under_way_;
    bill.payer = payer_;
    if (reservation_ && reservation_->at() != request_.arrival.started)
        bill.charged_at = reservation_->at();
    return bill;
}

void Payment::close(NanoUsd charge, Written written)
{
    if (reservation_)
        reservation_->settle(charge, guard::Certainty::exact);
    reservation_.reset();
    // A call whose record waits for the disk stays where the next start finds it.
    if (written == Written::yes)
        erase();
    else if (slot_)
        services_.open_calls.keep(*slot_);
    if (services_.budgets.has_news())
        services_.shared.tell_budget_news();
}

}  // namespace spillway::gateway
