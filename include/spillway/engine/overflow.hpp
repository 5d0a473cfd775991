#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/engine/forecast.hpp"

/// How the parts go together, under one lock per engine. A request comes: `EnginePicture::to_read`
/// and `work` make its `Ask`, `forecast` and `decide` say whether it stays; if it does,
/// `AdmissionQueue::enter` admits it or lets it wait (it is asked again in `ask_again_in`, and
/// called by `next`). Admitted: `EnginePicture::sent`; first token: `first_token` and
/// `AdmissionQueue::writes`; the end: `served` or `failed`, `AdmissionQueue::leave`, then `next`
/// for the others. Reports of the engine go to `EnginePicture::reported`, then `next`.
namespace spillway::engine {

/// Whether the request may go to the next hop at all, as others decided it.
enum class Leave : std::uint8_t {
    allowed,
    pinned,     ///< Privacy or the caller keep it here.
    no_budget,  ///< Nothing is left to pay for it.
    no_hop,     ///< There is no next hop, or it is sick.
};

/// What the request would meet there.
struct NextHop {
    Leave leave = Leave::no_hop;
    Millis first_token{};  ///< Forecast, or what it usually takes.
    NanoUsd extra{};       ///< What the request costs there more than here.
};

/// What a route says of waiting.
struct Patience {
    Millis first_token{5'000};  ///< A first token that comes within this is good enough.
    /// The next hop must be sooner by this factor, or it is not worth its price. Who has waited for
    /// all of the patience goes to one that is no later.
    double better_by = 1.5;
    /// The most that a second sooner may cost; empty: any price that the budget has.
    std::optional<NanoUsd> most_per_second;
    /// Whether the next hop serves while a cold model loads, although the load alone would be
    /// within patience.
    enum class Bridge : std::uint8_t {
        beyond_patience,
        while_loading
    } bridge = Bridge::beyond_patience;
};

/// The engine's side of the question.
struct Here {
    Forecast forecast;
    Millis waited{};  ///< So far.
    /// Until the request must have begun.
    Millis left = Millis::max();
    enum class Room : std::uint8_t { some, full } room = Room::some;  ///< In the queue.
};

enum class Overflow : std::uint8_t { stay, spill, refuse };
enum class Why : std::uint8_t {
    soon,           ///< stay: within patience.
    no_better,      ///< stay: the next hop is not sooner by the factor.
    too_dear,       ///< stay: the time saved is not worth the price.
    pinned,         ///< stay, or refuse: it may not leave.
    no_budget,      ///< the same
    no_hop,         ///< the same
    over_patience,  ///< spill: the predicted wait is too long.
    bridge,         ///< spill: while the model loads.
    full,           ///< spill, or refuse: no room in the queue.
    too_late,       ///< spill, or refuse: its deadline comes first.
};

struct Verdict {
    Overflow what = Overflow::stay;
    Why why = Why::soon;
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

/// Words for records, headers and metrics: "stay", "spill", "refuse"; "over_patience", ...
[[nodiscard]] std::string_view name(Overflow what);
[[nodiscard]] std::string_view name(Why why);

/// Stay, spill or refuse: asked when a request comes, and again while it waits (the forecast was a
/// mean). Refuses only what can neither stay nor go.
/// A bridge does not load the model: who spills for `bridge`, or `over_patience` of a cold model,
/// should have the engine load it (`worth_loading`).
[[nodiscard]] Verdict decide(const Here& here, const NextHop& next, const Patience& patience);

/// Whether a cold model that requests spill around should be loaded now: nothing that works, waits
/// or loads at the engine would have to make room for it, and nothing that has been loaded for less
/// than a turn, or was used within the time that the load takes. So models that are asked for in
/// turn are not loaded in turn: one is served here for a turn at least, the others elsewhere.
[[nodiscard]] bool worth_loading(const AdmissionQueue& queue, const EngineShape& shape,
                                 ModelIndex model, TimePoint now);

/// When to ask `decide` again for a request that stays: rarely, but before its patience is over.
[[nodiscard]] Millis ask_again_in(const Here& here, const Patience& patience);

}  // namespace spillway::engine
