#pragma once

#include <memory>
#include <string>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"

namespace spillway {

/// A time zone of the IANA database, as the system has it. A copy is a handle; thread-safe.
class TimeZone {
public:
    /// UTC, which needs no database.
    TimeZone() = default;
    /// @return `bad_config` for a name that the database does not have.
    [[nodiscard]] static Result<TimeZone> named(const std::string& name);

    /// Minutes since Monday 00:00 of the local week.
    [[nodiscard]] int minute_of_week(WallTime time) const;
    /// The day that a clock on the wall shows, counted from 1970-01-01.
    [[nodiscard]] std::chrono::sys_days day_of(WallTime time) const;
    /// When that day begins; where a change of the clock skips midnight, right after the gap.
    [[nodiscard]] WallTime midnight(std::chrono::sys_days day) const;

private:
    const void* zone_ = nullptr;  ///< A `date::time_zone`, which lives as long as the process.
};

}  // namespace spillway
