#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "spillway/base/units.hpp"

namespace spillway::guard {

/// What may be spent per day (UTC) under a name, held before it is spent: the worst case of a call
/// is set aside first, and what the call really cost takes its place. So the cap is never passed,
/// however many calls run. Any thread; asked a few times a minute, so one mutex serves all.
class DailyAllowance {
public:
    /// Sets `worst` aside. @return False when the day's cap has no room for it.
    [[nodiscard]] bool reserve(const std::string& name, NanoUsd worst, NanoUsd cap, WallTime now);
    /// The call is over: `worst` gives way to what it cost.
    void settle(const std::string& name, NanoUsd worst, NanoUsd spent, WallTime now);
    /// What was spent on the day of `now` before this process began.
    void restore(const std::string& name, NanoUsd spent, WallTime now);

    [[nodiscard]] NanoUsd spent(const std::string& name, WallTime now) const;

private:
    struct Account {
        std::int64_t day = 0;
        NanoUsd spent{};
        NanoUsd reserved{};  ///< Of calls that run; lives on over midnight.
    };
    [[nodiscard]] Account& today(const std::string& name, WallTime now);

    mutable std::mutex mutex_;
    std::map<std::string, Account> accounts_;  ///< Names come from the configuration.
};

}  // namespace spillway::guard
