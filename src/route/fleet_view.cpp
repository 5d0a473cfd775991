#include "spillway/route/fleet_view.hpp"

#include <algorithm>
#include <chrono>

namespace spillway::route {
namespace {

__extension__ typedef __int128 Wide;  // Tokens times a minute in nanoseconds passes 64 bits.

constexpr std::int64_t minute = std::chrono::nanoseconds(std::chrono::minutes(1)).count();

}  // namespace

TimePoint RateRoom::admits_at(std::int64_t units) const
{
    if (!per_minute)
        return TimePoint::min();
    if (units > *per_minute || *per_minute <= 0)
        return TimePoint::max();
    const auto never = part ? part->grows_at : TimePoint::max();
    const auto refill = part ? part->per_minute : *per_minute;
    if (units > refill)
        return never;
    const auto filling = (Wide{units} * minute + refill - 1) / refill;
    return std::min(never, empty_at + std::chrono::nanoseconds{static_cast<std::int64_t>(filling)});
}

TimePoint DeploymentState::admits_at(const chat::TokenWish& wish) const
{
    const auto tokens = tokens_room.per_minute ? wish.of(*tokens_room.per_minute) : 0;
    return std::max(requests_room.admits_at(1), tokens_room.admits_at(tokens));
}

}  // namespace spillway::route
