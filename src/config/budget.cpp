#include "spillway/config/budget.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "spillway/config/config.hpp"
#include "spillway/config/values.hpp"

namespace spillway::config {

namespace {

using namespace std::chrono;
using Length = BudgetPeriod::Unit;

constexpr int a_week = 7;
constexpr int a_month = 30;

constexpr std::array<std::pair<std::string_view, Length>, 6> units{{
    {"s", Length::second},
    {"m", Length::minute},
    {"h", Length::hour},
    {"d", Length::day},
    {"w", Length::week},
    {"mo", Length::month},
}};
constexpr int most_units = 100'000;

/// The last whole multiple of `length` days after `from`.
sys_days floored(sys_days day, sys_days from, int length)
{
    const auto since = (day - from).count();
    const auto over = since % length;
    return day - days{over < 0 ? over + length : over};
}

BudgetWindow whole_days(sys_days today, sys_days from, int length, const TimeZone& zone)
{
    const auto first = floored(today, from, length);
    return {zone.midnight(first), zone.midnight(first + days{length})};
}

BudgetWindow whole_months(sys_days today, int length, const TimeZone& zone)
{
    const year_month_day date{today};
    const auto month = date.year() / date.month();
    constexpr int a_year = 12;
    const int index = static_cast<int>(date.year()) * a_year +
                      static_cast<int>(static_cast<unsigned>(date.month())) - 1;
    const auto first = month - months{index % length};
    return {zone.midnight(sys_days{first / 1}),
            zone.midnight(sys_days{(first + months{length}) / 1})};
}

/// Counted from midnight: lengths that do not divide a day begin anew with it.
BudgetWindow within_day(WallTime now, seconds length, const TimeZone& zone)
{
    const auto today = zone.day_of(now);
    const auto midnight = zone.midnight(today);
    const auto began = midnight + (now - midnight) / length * length;
    return {began, std::min<WallTime>(began + length, zone.midnight(today + days{1}))};
}

BudgetWindow of_seconds(WallTime now, seconds length, const TimeZone& zone)
{
    constexpr sys_days epoch{};
    if (length < days{1})
        return within_day(now, length, zone);
    if (length % days{1} == seconds{0})
        return whole_days(zone.day_of(now), epoch, static_cast<int>(length / days{1}), zone);
    const auto began = now - (now.time_since_epoch() % length);
    return {began, began + length};
}

}  // namespace

std::optional<BudgetPeriod> parse_budget_period(std::string_view text)
{
    BudgetPeriod period;
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, period.count);
    if (error != std::errc{} || period.count < 1 || period.count > most_units)
        return std::nullopt;
    const std::string_view word(stop, static_cast<std::size_t>(end - stop));
    for (const auto& [name, unit] : units) {
        if (word == name) {
            period.unit = unit;
            return period;
        }
    }
    return std::nullopt;
}

std::string text_of(const BudgetPeriod& period)
{
    for (const auto& [name, unit] : units)
        if (unit == period.unit)
            return std::to_string(period.count).append(name);
    return {};
}

BudgetWindow window_of(const BudgetPeriod& period, WallTime now, const TimeZone& zone)
{
    constexpr sys_days thursday{};  // 1970-01-01
    constexpr sys_days monday = thursday + days{4};
    const auto today = zone.day_of(now);
    switch (period.unit) {
        case Length::never:
            return {};
        case Length::second:
            return of_seconds(now, seconds{period.count}, zone);
        case Length::minute:
            return of_seconds(now, minutes{period.count}, zone);
        case Length::hour:
            return of_seconds(now, hours{period.count}, zone);
        case Length::day:
            if (period.count == a_month)
                return whole_months(today, 1, zone);
            return whole_days(today, period.count == a_week ? monday : thursday, period.count,
                              zone);
        case Length::week:
            return whole_days(today, monday, period.count * a_week, zone);
        case Length::month:
            return whole_months(today, period.count, zone);
    }
    return {};
}

ScopeCaps proxy_caps(const Config& config)
{
    auto caps = config.budgets.proxy;
    const auto& pair = config.general.budget.most ? config.general.budget : config.router.budget;
    if (pair.most)
        caps.windows.insert(caps.windows.begin(), pair);
    const auto& more = config.general.budget_limits.windows;
    caps.windows.insert(caps.windows.end(), more.begin(), more.end());
    if (!caps.soft)
        caps.soft = config.general.soft_budget;
    return caps;
}

bool read(const Node& node, BudgetPeriod& out, const Reading& reading)
{
    const auto period =
        node.kind == Node::Kind::scalar ? parse_budget_period(node.text) : std::nullopt;
    if (!period)
        return reading.expected(node, type_name(out, reading.traits));
    out = *period;
    return true;
}

std::string type_name(const BudgetPeriod&, const Traits&)
{
    return "a duration like 30s, 30m, 24h, 30d, 1w or 1mo";
}

std::string shown(const BudgetPeriod& value, const Traits&)
{
    return text_of(value);
}

}  // namespace spillway::config
