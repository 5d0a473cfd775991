#include "spillway/base/time_zone.hpp"

#include <date/tz.h>

#include <exception>

#include "spillway/base/text.hpp"

namespace spillway {

namespace {

std::chrono::seconds offset_at(const void* handle, std::chrono::sys_seconds time)
{
    const auto* zone = static_cast<const date::time_zone*>(handle);
    return zone != nullptr ? zone->get_info(time).offset : std::chrono::seconds{0};
}

}  // namespace

Result<TimeZone> TimeZone::named(const std::string& name)
{
    TimeZone zone;
    if (name == "UTC")
        return zone;
    // The library throws for names it does not know; this is the edge of that call.
    try {
        zone.zone_ = date::locate_zone(name);
    } catch (const std::exception&) {
        return fail(Errc::bad_config, "\"" + printable(name, 60) +
                                          "\" is no time zone that this system knows; names look "
                                          "like \"Europe/Berlin\"");
    }
    return zone;
}

int TimeZone::minute_of_week(WallTime time) const
{
    using namespace std::chrono;
    const auto second = floor<seconds>(time);
    const auto offset = offset_at(zone_, second);
    const auto local = floor<minutes>(second.time_since_epoch() + offset).count();
    // 1970-01-01 was a Thursday: three days after a Monday.
    constexpr std::int64_t day = 24 * 60;
    constexpr std::int64_t week = 7 * day;
    const auto since_monday = (local + 3 * day) % week;
    return static_cast<int>(since_monday < 0 ? since_monday + week : since_monday);
}

std::chrono::sys_days TimeZone::day_of(WallTime time) const
{
    using namespace std::chrono;
    const auto second = floor<seconds>(time);
    return floor<days>(second + offset_at(zone_, second));
}

WallTime TimeZone::midnight(std::chrono::sys_days day) const
{
    const auto* zone = static_cast<const date::time_zone*>(zone_);
    if (zone == nullptr)
        return day;
    const date::local_seconds local{day.time_since_epoch()};
    return zone->to_sys(local, date::choose::earliest);
}

}  // namespace spillway
