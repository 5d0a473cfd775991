#include "spillway/instances/shared_clock.hpp"

#include <cstdlib>

namespace spillway::instances {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;

constexpr Millis longest_round{1'000};
constexpr microseconds smallest_step{100'000};

}  // namespace

std::optional<std::int64_t> next_offset(std::optional<std::int64_t> before, WallTime database,
                                        TimePoint asked, TimePoint answered)
{
    if (answered - asked > longest_round)
        return before;
    const auto middle =
        duration_cast<microseconds>((asked + (answered - asked) / 2).time_since_epoch());
    const auto offset = database.time_since_epoch().count() - middle.count();
    if (before && std::abs(offset - *before) < smallest_step.count())
        return before;
    return offset;
}

WallTime SharedClock::wall() const
{
    const auto offset = offset_.load(std::memory_order_relaxed);
    if (offset == unknown)
        return SystemClock().wall();
    return WallTime(microseconds(offset) + duration_cast<microseconds>(now().time_since_epoch()));
}

void SharedClock::told(WallTime database, TimePoint asked, TimePoint answered)
{
    const auto before = offset_.load(std::memory_order_relaxed);
    const auto next = next_offset(before == unknown ? std::nullopt : std::optional(before),
                                  database, asked, answered);
    if (next)
        offset_.store(*next, std::memory_order_relaxed);
}

}  // namespace spillway::instances
