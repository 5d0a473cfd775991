#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "spillway/base/units.hpp"
#include "spillway/engine/queue.hpp"
#include "spillway/engine/shape.hpp"

/// Which models may begin another request at this moment: the part of the queue that knows of
/// memory. Pure.
namespace spillway::engine {

/// 0: interactive, or batch that waited long enough; 1: batch; 2: nobody.
using Rank = std::uint8_t;
inline constexpr Rank nobody = 2;

/// Who waits for one model.
struct Demand {
    Rank rank = nobody;  ///< The best one.
    TimePoint since{};   ///< Of the oldest of that rank.
};

struct Moment {
    const EngineShape& shape;
    const std::vector<Demand>& demand;                      ///< By model.
    const std::vector<std::uint32_t>& in_use;               ///< Running, by model.
    const std::vector<TimePoint>& tenure_from;              ///< By model.
    const std::vector<AdmissionQueue::Arrivals>& arrivals;  ///< By model.
    const QueueSettings& settings;
    TimePoint now;
};

struct Turns {
    std::vector<Held> held;                  ///< By model: what its next request waits for.
    std::optional<ModelIndex> claimant;      ///< The one that others make room for.
    TimePoint change_at = TimePoint::max();  ///< When time alone changes this.
};

[[nodiscard]] Turns take_turns(const Moment& moment);

}  // namespace spillway::engine
