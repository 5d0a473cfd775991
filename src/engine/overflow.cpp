#include "spillway/engine/overflow.hpp"

#include <algorithm>
#include <chrono>

namespace spillway::engine {

namespace {

using FloatMillis = std::chrono::duration<double, std::milli>;

Why why_it_stays(Leave leave)
{
    switch (leave) {
        case Leave::pinned:
            return Why::pinned;
        case Leave::no_budget:
            return Why::no_budget;
        case Leave::no_hop:
            return Why::no_hop;
        case Leave::allowed:
            break;
    }
    return Why::soon;
}

bool dear(Millis saved, const NextHop& next, const Patience& patience)
{
    if (!patience.most_per_second)
        return false;
    const auto allowed = static_cast<double>(count(*patience.most_per_second)) *
                         static_cast<double>(saved.count()) / 1000;
    return static_cast<double>(count(next.extra)) > allowed;
}

/// Whether its patience is over and the next hop no later. A forecast that promises a turn at any
/// moment is believed for as long again, and then no more.
bool worn_out(const Here& here, const NextHop& next, const Patience& patience)
{
    if (here.waited < patience.first_token)
        return false;
    return next.first_token <= here.forecast.total() || here.waited >= 2 * patience.first_token;
}

}  // namespace

std::string_view name(Overflow what)
{
    switch (what) {
        case Overflow::stay:
            return "stay";
        case Overflow::spill:
            return "spill";
        case Overflow::refuse:
            break;
    }
    return "refuse";
}

std::string_view name(Why why)
{
    switch (why) {
        case Why::soon:
            return "soon";
        case Why::no_better:
            return "no_better";
        case Why::too_dear:
            return "too_dear";
        case Why::pinned:
            return "pinned";
        case Why::no_budget:
            return "no_budget";
        case Why::no_hop:
            return "no_hop";
        case Why::over_patience:
            return "over_patience";
        case Why::bridge:
            return "bridge";
        case Why::full:
            return "full";
        case Why::too_late:
            break;
    }
    return "too_late";
}

Verdict decide(const Here& here, const NextHop& next, const Patience& patience)
{
    const auto& forecast = here.forecast;
    const auto total = forecast.total();
    const bool may_go = next.leave == Leave::allowed;
    const auto out = may_go ? Overflow::spill : Overflow::refuse;
    if (here.room == Here::Room::full)
        return {out, Why::full};
    if (forecast.queue > here.left)
        return {out, Why::too_late};

    const bool bridges =
        patience.bridge == Patience::Bridge::while_loading && forecast.load > Millis{};
    if (here.waited + total <= patience.first_token && !bridges)
        return {Overflow::stay, Why::soon};
    if (!may_go)
        return {Overflow::stay, why_it_stays(next.leave)};
    if (FloatMillis(total) <= next.first_token * std::max(patience.better_by, 1.0) &&
        !worn_out(here, next, patience))
        return {Overflow::stay, Why::no_better};
    if (dear(total - next.first_token, next, patience))
        return {Overflow::stay, Why::too_dear};
    return {Overflow::spill, forecast.load * 2 >= total ? Why::bridge : Why::over_patience};
}

bool worth_loading(const AdmissionQueue& queue, const EngineShape& shape, ModelIndex model,
                   TimePoint now)
{
    const auto& wanted = shape.models[at(model)];
    if (wanted.warmth != Warmth::cold || queue.running(model) > 0)
        return false;
    std::vector<std::uint32_t> used;
    for (std::size_t index = 0; index < shape.models.size(); ++index) {
        const ModelIndex other{static_cast<std::uint32_t>(index)};
        used.push_back(queue.running(other) + static_cast<std::uint32_t>(queue.waiting(other)));
    }
    const auto stays = who_stays(shape, model, used);
    const auto may_stay = who_may_stay(shape, model, used);
    for (std::size_t index = 0; index < used.size(); ++index) {
        const auto& other = shape.models[index];
        if (index == at(model) || stays[index])
            continue;
        if (used[index] > 0 || other.warmth == Warmth::loading)
            return false;
        // Whether an idle one fits beside it is found out by trying, once.
        if (other.warmth == Warmth::cold || may_stay[index])
            continue;
        if (now < other.loaded_at + queue.settings().turn || now < other.used_at + wanted.load)
            return false;
    }
    return true;
}

Millis ask_again_in(const Here& here, const Patience& patience)
{
    const auto over = patience.first_token - here.waited - here.forecast.prefill;
    return std::clamp(over / 2, Millis{250}, Millis{2'000});
}

}  // namespace spillway::engine
