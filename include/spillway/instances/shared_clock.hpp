#pragma once

#include <atomic>
#include <optional>

#include "spillway/base/clock.hpp"

namespace spillway::instances {

/// The system's time, until the database's is known; from then on the database's, carried forward
/// by the monotonic clock. All instances agree on it, and none of them follows when somebody steps
/// the clock of its machine. Any thread.
class SharedClock final : public Clock {
public:
    [[nodiscard]] TimePoint now() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] WallTime wall() const override;

    /// What the database said between two readings of the monotonic clock. An answer that took
    /// long says little, and a small difference is the network's: both are left out.
    void told(WallTime database, TimePoint asked, TimePoint answered);

private:
    static constexpr std::int64_t unknown = INT64_MIN;
    /// Microseconds from the monotonic clock's zero to that of the calendar.
    std::atomic<std::int64_t> offset_{unknown};
};

/// The offset after such an answer, as `SharedClock` takes it.
/// @param before  Empty: none was known.
[[nodiscard]] std::optional<std::int64_t> next_offset(std::optional<std::int64_t> before,
                                                      WallTime database, TimePoint asked,
                                                      TimePoint answered);

}  // namespace spillway::instances
