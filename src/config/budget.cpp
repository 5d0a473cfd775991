#include "spillway/config/budget.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <utility>

#include "spillway/config/config.hpp"
#include "spillway/config/values.hpp"

namespace spillway::config {

namespace {

using Length = BudgetPeriod::Unit;

constexpr std::array<std::pair<std::string_view, Length>, 6> units{{
    {"s", Length::second},
    {"m", Length::minute},
    {"h", Length::hour},
    {"d", Length::day},
    {"w", Length::week},
    {"mo", Length::month},
}};
constexpr int most_units = 100'000;

/// The last whole multiple of `length` after `from`.
WallTime floored(WallTime now, WallTime from, std::chrono::seconds length)
{
    const auto since = now - from;
    auto periods = since / length;
    if (since < WallTime::duration{0} && since % length != WallTime::duration{0})
        --periods;
    return from + periods * length;
}

WallTime month_began(WallTime now, int months)
{
    using namespace std::chrono;
    const year_month_day today{floor<days>(now)};
    const int index = static_cast<int>(today.year()) * 12 +
                      static_cast<int>(static_cast<unsigned>(today.month())) - 1;
    const int first = index - index % months;
    const year_month_day begin{year{first / 12}, month{static_cast<unsigned>(first % 12 + 1)},
                               day{1}};
    return sys_days{begin};
}

WallTime days_began(WallTime now, int count)
{
    using namespace std::chrono;
    constexpr sys_days thursday{};  // 1970-01-01
    if (count == 30)
        return month_began(now, 1);
    return floored(now, count == 7 ? thursday + days{4} : thursday, count * days{1});
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

WallTime began(const BudgetPeriod& period, WallTime now)
{
    using namespace std::chrono;
    switch (period.unit) {
        case Length::never:
            return WallTime{};
        case Length::second:
            return floored(now, WallTime{}, seconds{period.count});
        case Length::minute:
            return floored(now, WallTime{}, minutes{period.count});
        case Length::hour:
            return floored(now, WallTime{}, hours{period.count});
        case Length::day:
            return days_began(now, period.count);
        case Length::week:
            return floored(now, sys_days{days{4}}, period.count * weeks{1});
        case Length::month:
            return month_began(now, period.count);
    }
    return WallTime{};
}

const Budget& proxy_budget(const Config& config)
{
    return config.general.budget.most ? config.general.budget : config.router.budget;
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
