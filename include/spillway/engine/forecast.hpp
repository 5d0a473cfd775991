#pragma once

#include <cstdint>

#include "spillway/base/units.hpp"
#include "spillway/engine/picture.hpp"
#include "spillway/engine/queue.hpp"

namespace spillway::engine {

/// Expected time to the first token of one request at one engine, in its parts. Means, not bounds.
struct Forecast {
    Millis queue{};           ///< Until it is sent to the engine.
    Millis load{};            ///< From then until its model is loaded.
    Millis prefill{};         ///< From then until the first token: its prompt, and the way.
    std::uint32_t ahead = 0;  ///< Requests that begin before it.
    Held held = Held::nothing;
    Warmth warmth = Warmth::cold;  ///< Of its model, now.

    [[nodiscard]] Millis total() const { return queue + load + prefill; }
    friend bool operator==(const Forecast&, const Forecast&) = default;
};

/// The longest wait that a forecast tells; what lies beyond is as good as never.
inline constexpr Millis forecast_horizon{3'600'000};

/// What `ask` has to expect if it came now. Runs a copy of the queue forward: running answers take
/// what answers of their model take on average, given how long they run; waiting ones are called
/// as the queue would call them, with the loads that this needs. Later arrivals are not foreseen.
/// Costs some microseconds per request ahead.
[[nodiscard]] Forecast forecast(const EnginePicture& picture, const AdmissionQueue& queue,
                                const Ask& ask, TimePoint now);
/// The same for a ticket that waits already: from now on, what it has waited is not counted.
/// @return all zero when it does not wait.
[[nodiscard]] Forecast forecast(const EnginePicture& picture, const AdmissionQueue& queue,
                                TicketId ticket, TimePoint now);

}  // namespace spillway::engine
