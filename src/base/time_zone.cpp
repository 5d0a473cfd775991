#include "spillway/base/time_zone.hpp"

#include <date/tz.h>

#include <exception>

#include "spillway/base/text.hpp"

namespace spillway {

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
    const auto* zone = static_cast<const date::time_zone*>(zone_);
    const auto second = floor<seconds>(time);
    const auto offset = zone != nullptr ? zone->get_info(second).offset : seconds{0};
    const auto local = floor<minutes>(second.time_since_epoch() + offset).count();
    // 1970-01-01 was a Thursday: three days after a Monday.
    constexpr std::int64_t day = 24 * 60;
    constexpr std::int64_t week = 7 * day;
    const auto since_monday = (local + 3 * day) % week;
    return static_cast<int>(since_monday < 0 ? since_monday + week : since_monday);
}

}  // namespace spillway
