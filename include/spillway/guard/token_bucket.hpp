#pragma once

#include <chrono>
#include <cstdint>

#include "spillway/base/units.hpp"

namespace spillway::guard {

/// A limit of so many units per minute: refilled smoothly, a sixtieth each second, and holding one
/// minute's worth at most. Over any time of T seconds it gives out at most its limit once more than
/// what T seconds refill. Integers throughout: nothing is lost or won by rounding. Not for several
/// threads at once.
///
/// Tokens are taken before it is known how many will be used, and settled afterwards, so what is
/// used over any time is at most that and what was set aside when the time began.
///
/// Another limit keeps the share that is left: a raised one is in force at once and still gives
/// nobody a second burst.
class TokenBucket {
public:
    /// Full, with this limit; 0 admits nothing.
    TokenBucket(std::int64_t per_minute, TimePoint now);

    [[nodiscard]] std::int64_t per_minute() const { return per_minute_; }
    void set_limit(std::int64_t per_minute, TimePoint now);

    /// Takes so many units of limit in, full ones, or hands them on: what several buckets pass to
    /// each other is never counted twice. Of what was used already none can be handed on.
    void grow(std::int64_t units, TimePoint now);
    void shrink(std::int64_t units, TimePoint now);

    /// Might it hold so many when it is full?
    [[nodiscard]] bool could_hold(std::int64_t units) const { return units <= per_minute_; }
    [[nodiscard]] bool holds(std::int64_t units, TimePoint now) const;
    /// Takes them, whether it holds them or not: what is missing is owed, up to one
    /// minute's worth.
    void take(std::int64_t units, TimePoint now);
    /// Puts back what was taken and not used, or takes what was used beyond; never over the brim.
    void settle(std::int64_t taken, std::int64_t used, TimePoint now);

    /// Whole units that could be taken now; never negative.
    [[nodiscard]] std::int64_t left(TimePoint now) const;
    /// Until it holds so many; zero when it does. Only for what it `could_hold`.
    [[nodiscard]] std::chrono::nanoseconds wait(std::int64_t units, TimePoint now) const;
    /// Until it is full.
    [[nodiscard]] std::chrono::nanoseconds full_in(TimePoint now) const
    {
        return wait(per_minute_, now);
    }

    /// When it was empty, or will be out of debt, by the refilling of now. Never too early.
    [[nodiscard]] TimePoint empty_at(TimePoint now) const;

private:
    /// Units times the nanoseconds of a minute: what one nanosecond refills is the limit itself.
    /// Wide: a large limit's minute passes 64 bits.
    __extension__ typedef __int128 Level;

    [[nodiscard]] Level level(TimePoint now) const;
    [[nodiscard]] Level brim() const;
    void set_level(Level level, TimePoint now);

    std::int64_t per_minute_;
    Level level_;
    TimePoint measured_;
};

}  // namespace spillway::guard
