#include "spillway/guard/token_bucket.hpp"

#include <algorithm>

namespace spillway::guard {
namespace {

using std::chrono::nanoseconds;

constexpr std::int64_t minute = nanoseconds(std::chrono::minutes(1)).count();

}  // namespace

TokenBucket::TokenBucket(std::int64_t per_minute, TimePoint now)
    : per_minute_(std::max<std::int64_t>(0, per_minute)), level_(brim()), measured_(now)
{}

TokenBucket::Level TokenBucket::brim() const
{
    return Level{per_minute_} * minute;
}

TokenBucket::Level TokenBucket::level(TimePoint now) const
{
    // Another thread may have read its clock a moment earlier.
    const auto since = std::max<std::int64_t>(0, (now - measured_).count());
    return std::min(brim(), level_ + Level{per_minute_} * since);
}

void TokenBucket::set_level(Level level, TimePoint now)
{
    level_ = std::clamp(level, -brim(), brim());
    measured_ = std::max(measured_, now);
}

void TokenBucket::set_limit(std::int64_t per_minute, TimePoint now)
{
    per_minute = std::max<std::int64_t>(0, per_minute);
    if (per_minute == per_minute_)
        return;
    const auto before = level(now);
    // Per unit of the old limit, so that the product stays within 128 bits. A limit of nothing
    // knows no share; whoever had it begins empty.
    const auto share = per_minute_ > 0 ? before / per_minute_ : Level{0};
    per_minute_ = per_minute;
    set_level(share * per_minute, now);
}

void TokenBucket::grow(std::int64_t units, TimePoint now)
{
    const auto before = level(now);
    per_minute_ += units;
    set_level(before + Level{units} * minute, now);
}

void TokenBucket::shrink(std::int64_t units, TimePoint now)
{
    const auto before = level(now);
    per_minute_ = std::max<std::int64_t>(0, per_minute_ - units);
    set_level(before - Level{units} * minute, now);
}

bool TokenBucket::holds(std::int64_t units, TimePoint now) const
{
    return could_hold(units) && level(now) >= Level{units} * minute;
}

void TokenBucket::take(std::int64_t units, TimePoint now)
{
    set_level(level(now) - Level{units} * minute, now);
}

void TokenBucket::settle(std::int64_t taken, std::int64_t used, TimePoint now)
{
    set_level(level(now) + (Level{taken} - used) * minute, now);
}

std::int64_t TokenBucket::left(TimePoint now) const
{
    return std::max<std::int64_t>(0, static_cast<std::int64_t>(level(now) / minute));
}

nanoseconds TokenBucket::wait(std::int64_t units, TimePoint now) const
{
    const auto missing = Level{units} * minute - level(now);
    if (missing <= 0)
        return nanoseconds{0};
    if (per_minute_ == 0)
        return nanoseconds::max();
    // At most two minutes: it owes one at most and holds one at most.
    return nanoseconds{static_cast<std::int64_t>((missing + per_minute_ - 1) / per_minute_)};
}

TimePoint TokenBucket::empty_at(TimePoint now) const
{
    if (per_minute_ == 0)
        return TimePoint::max();
    const auto had = level(now);
    const auto held_for = had >= 0 ? had / per_minute_ : -((-had + per_minute_ - 1) / per_minute_);
    return now - nanoseconds{static_cast<std::int64_t>(held_for)};
}

}  // namespace spillway::guard
