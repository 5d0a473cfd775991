#include "turns.hpp"

#include <algorithm>
#include <chrono>

namespace spillway::engine {

namespace {

bool resident(const Moment& moment, std::size_t model)
{
    return moment.in_use[model] > 0 || moment.shape.models[model].warmth != Warmth::cold;
}

/// Until when an idle model is kept because it is asked for more often than one can load another
/// and come back: no longer than its load has to pay for itself, nor when nobody comes any more.
TimePoint amortized_at(const Moment& moment, std::size_t holder, std::size_t cold)
{
    const std::chrono::duration<double, std::milli> change =
        moment.shape.models[cold].load + moment.shape.models[holder].load;
    const auto& asked = moment.arrivals[holder];
    if (asked.spacing >= change)
        return {};
    const auto paid = std::chrono::duration_cast<Millis>(change * moment.settings.amortized);
    return std::min(asked.last + 2 * asked.spacing, moment.tenure_from[holder] + paid);
}

/// When `holder` has to make room for a cold model that waits.
TimePoint makes_room_at(const Moment& moment, std::size_t holder, std::size_t cold)
{
    const auto& wants = moment.demand[cold];
    const auto turn_ends = std::max(wants.since, moment.tenure_from[holder]) + moment.settings.turn;
    const auto rank = moment.demand[holder].rank;
    if (rank <= wants.rank || (rank == nobody && moment.in_use[holder] > 0))
        return turn_ends;
    const std::chrono::duration<double, std::milli> load = moment.shape.models[cold].load;
    const auto linger =
        std::chrono::duration_cast<Millis>(load * std::max(moment.settings.linger, 0.0));
    if (rank != nobody)
        return std::min(turn_ends, wants.since + linger);
    const auto from = std::max(moment.shape.models[holder].used_at, wants.since);
    return std::min(turn_ends, std::max(from + linger, amortized_at(moment, holder, cold)));
}

struct Claim {
    TimePoint due{};
    std::vector<bool> stays;
    bool works_against = false;  ///< One with running work would have to go.
    bool alone = true;           ///< Nobody has to go.
};

Claim claim_of(const Moment& moment, std::size_t cold)
{
    Claim claim;
    const ModelIndex index{static_cast<std::uint32_t>(cold)};
    claim.stays = who_stays(moment.shape, index, moment.in_use);
    const auto may_stay = who_may_stay(moment.shape, index, moment.in_use);
    for (std::size_t other = 0; other < claim.stays.size(); ++other) {
        // An idle one that may fit is neither waited for nor kept from its work.
        if (moment.in_use[other] == 0 && may_stay[other])
            claim.stays[other] = true;
        if (other == cold || claim.stays[other] || !resident(moment, other))
            continue;
        claim.alone = false;
        claim.works_against = claim.works_against || moment.in_use[other] > 0;
        claim.due = std::max(claim.due, makes_room_at(moment, other, cold));
    }
    return claim;
}

}  // namespace

Turns take_turns(const Moment& moment)
{
    const auto models = moment.shape.models.size();
    Turns turns;
    turns.held.resize(models, Held::nothing);
    std::optional<Claim> first;
    for (std::size_t model = 0; model < models; ++model) {
        const auto& wants = moment.demand[model];
        if (resident(moment, model) || wants.rank == nobody)
            continue;
        auto claim = claim_of(moment, model);
        if (claim.alone)
            continue;
        turns.held[model] = claim.works_against ? Held::memory : Held::turn;
        if (claim.due > moment.now) {
            turns.change_at = std::min(turns.change_at, claim.due);
            continue;
        }
        const auto* before = turns.claimant ? &moment.demand[at(*turns.claimant)] : nullptr;
        if (before == nullptr || wants.rank < before->rank ||
            (wants.rank == before->rank && wants.since < before->since)) {
            turns.claimant = ModelIndex{static_cast<std::uint32_t>(model)};
            first = std::move(claim);
        }
    }
    for (std::size_t model = 0; model < models; ++model) {
        const bool claims = turns.claimant && at(*turns.claimant) == model;
        if (claims && !first->works_against)
            turns.held[model] = Held::nothing;
        else if (first && !claims && !first->stays[model] && turns.held[model] == Held::nothing)
            turns.held[model] = Held::turn;
        if (moment.in_use[model] >= moment.shape.models[model].slots)
            turns.held[model] = Held::slots;
    }
    return turns;
}

}  // namespace spillway::engine
