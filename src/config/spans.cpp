// Intervals of numbers, of tiers and of the week, as rules write them.
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "spillway/base/text.hpp"
#include "spillway/config/conditions.hpp"

namespace spillway::config {

namespace {

constexpr int minutes_per_day = 24 * 60;
constexpr int minutes_per_week = 7 * minutes_per_day;
constexpr std::array<std::string_view, 7> day_names{"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};

bool take(std::string_view& text, std::string_view prefix)
{
    if (!text.starts_with(prefix))
        return false;
    text = trimmed(text.substr(prefix.size()));
    return true;
}

std::optional<double> parse_number(std::string_view text, std::string_view unit)
{
    text = trimmed(text);
    if (unit == "USD" && take(text, "$"))
        unit = {};
    if (!unit.empty() && text.size() >= unit.size() &&
        iequals(text.substr(text.size() - unit.size()), unit))
        text = trimmed(text.substr(0, text.size() - unit.size()));
    double scale = 1;
    if (text.ends_with('k') || text.ends_with('K'))
        scale = 1e3;
    else if (text.ends_with('M'))
        scale = 1e6;
    if (scale != 1)
        text.remove_suffix(1);
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value))
        return std::nullopt;
    return value * scale;
}

std::optional<int> parse_day(std::string_view text)
{
    for (std::size_t day = 0; day < day_names.size(); ++day)
        if (iequals(trimmed(text), day_names[day]))
            return static_cast<int>(day);
    return std::nullopt;
}

std::optional<int> parse_clock(std::string_view text)
{
    text = trimmed(text);
    const auto colon = text.find(':');
    if (colon == std::string_view::npos || colon == 0 || colon > 2 || text.size() - colon != 3)
        return std::nullopt;
    int hour = 0;
    int minute = 0;
    const auto* end = text.data() + text.size();
    const auto [hour_end, hour_error] = std::from_chars(text.data(), text.data() + colon, hour);
    const auto [minute_end, minute_error] = std::from_chars(text.data() + colon + 1, end, minute);
    const bool read = hour_error == std::errc() && hour_end == text.data() + colon &&
                      minute_error == std::errc() && minute_end == end;
    if (!read || hour > 24 || minute > 59 || (hour == 24 && minute != 0))
        return std::nullopt;
    return hour * 60 + minute;
}

/// "mon-fri", "sat,sun" as one flag per day.
std::optional<std::array<bool, 7>> parse_days(std::string_view text)
{
    std::array<bool, 7> days{};
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        const auto part = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        const auto dash = part.find('-');
        const auto from = parse_day(part.substr(0, dash));
        const auto to = dash == std::string_view::npos ? from : parse_day(part.substr(dash + 1));
        if (!from || !to)
            return std::nullopt;
        for (int day = *from;; day = (day + 1) % 7) {
            days[static_cast<std::size_t>(day)] = true;
            if (day == *to)
                break;
        }
    }
    return days;
}

struct Hours {
    int from = 0;
    int to = minutes_per_day;
};

std::optional<Hours> parse_hours(std::string_view text)
{
    const auto dash = text.find('-');
    if (dash == std::string_view::npos)
        return std::nullopt;
    const auto from = parse_clock(text.substr(0, dash));
    const auto to = parse_clock(text.substr(dash + 1));
    if (!from || !to || *from == *to || *from == minutes_per_day)
        return std::nullopt;
    return Hours{*from, *to};
}

std::optional<score::Tier> parse_tier(std::string_view word)
{
    for (const auto tier :
         {score::Tier::trivial, score::Tier::moderate, score::Tier::complex, score::Tier::premium})
        if (word == score::name(tier))
            return tier;
    return std::nullopt;
}

}  // namespace

std::optional<Span> parse_span(std::string_view text, std::string_view unit)
{
    text = trimmed(text);
    Span span;
    if (const auto dots = text.find(".."); dots != std::string_view::npos) {
        span.low = parse_number(text.substr(0, dots), unit);
        span.high = parse_number(text.substr(dots + 2), unit);
        return span.low && span.high ? std::optional(span) : std::nullopt;
    }
    const bool low = take(text, ">");
    if (!low && !take(text, "<"))
        return std::nullopt;
    const bool open = !take(text, "=");
    const auto end = parse_number(text, unit);
    if (!end)
        return std::nullopt;
    (low ? span.low : span.high) = end;
    (low ? span.low_end : span.high_end) = open ? Span::End::open : Span::End::closed;
    return span;
}

bool read_complexity(const Node& node, Condition& out, const Reading& reading)
{
    constexpr auto lowest = score::Tier::trivial;
    constexpr auto highest = score::Tier::premium;
    if (node.kind != Node::Kind::scalar)
        return reading.expected(node, "a tier such as \">=complex\", or a score such as \">0.6\"");
    std::string_view text = node.text;
    const auto dots = text.find("..");
    const auto sign = text.find_first_not_of("<>= ");
    const auto mark = trimmed(text.substr(0, std::min(sign, text.size())));
    const auto word = sign == std::string_view::npos ? std::string_view() : text.substr(sign);
    constexpr std::array<std::string_view, 5> marks{"", ">", ">=", "<", "<="};
    const bool known = std::find(marks.begin(), marks.end(), mark) != marks.end();
    if (const auto tier = known ? parse_tier(word) : std::nullopt) {
        const auto place = static_cast<int>(*tier);
        int low = place;
        int high = place;
        if (mark.starts_with('>')) {
            low += mark.starts_with(">=") ? 0 : 1;
            high = static_cast<int>(highest);
        } else if (mark.starts_with('<')) {
            high -= mark.starts_with("<=") ? 0 : 1;
            low = static_cast<int>(lowest);
        }
        if (low > static_cast<int>(highest) || high < static_cast<int>(lowest))
            return reading.wrong(node.at, "no tier is there, so this never holds");
        out.test = TierIs{static_cast<score::Tier>(low), static_cast<score::Tier>(high)};
        return true;
    }
    if (dots != std::string_view::npos) {
        const auto low = parse_tier(text.substr(0, dots));
        const auto high = parse_tier(text.substr(dots + 2));
        if (low && high && *low <= *high) {
            out.test = TierIs{*low, *high};
            return true;
        }
    }
    NumberIs number{Measure::score, {}};
    const auto span = parse_span(text, "");
    if (!span)
        return reading.expected(node,
                                "trivial, moderate, complex or premium, with or without >= and "
                                "<=, or a score such as \">0.6\"");
    number.span = *span;
    const bool below =
        span->high && (*span->high < 0 || (*span->high == 0 && span->high_end == Span::End::open));
    if (span->empty() || (span->low && *span->low >= 1) || below)
        return reading.wrong(node.at, "scores lie between 0 and 1, so this never holds");
    out.test = std::move(number);
    return true;
}

std::optional<std::vector<TimeIs::Window>> parse_windows(std::string_view text)
{
    text = trimmed(text);
    const auto digit = text.find_first_of("0123456789");
    const auto days_text = trimmed(text.substr(0, digit));
    std::array<bool, 7> every{true, true, true, true, true, true, true};
    const auto days = days_text.empty() ? std::optional(every) : parse_days(days_text);
    const auto hours =
        digit == std::string_view::npos ? std::optional(Hours{}) : parse_hours(text.substr(digit));
    if (text.empty() || !days || !hours)
        return std::nullopt;
    std::vector<TimeIs::Window> windows;
    for (int day = 0; day < 7; ++day) {
        if (!(*days)[static_cast<std::size_t>(day)])
            continue;
        const int start = day * minutes_per_day;
        // "22:00-06:00" runs into the next day, Sunday's into Monday.
        const int length = hours->to > hours->from ? hours->to - hours->from
                                                   : hours->to + minutes_per_day - hours->from;
        const int from = start + hours->from;
        windows.push_back({from, std::min(from + length, minutes_per_week)});
        if (from + length > minutes_per_week)
            windows.push_back({0, from + length - minutes_per_week});
    }
    return windows;
}

std::string window_fault(std::string_view text)
{
    text = trimmed(text);
    const std::string quoted = "\"" + printable(text, 60) + "\"";
    const auto digit = text.find_first_of("0123456789");
    const auto days = trimmed(text.substr(0, digit));
    if (!text.empty() && !days.empty() && !parse_days(days))
        return quoted + ": \"" + printable(days, 40) + "\" names no days; write mon to sun";
    const auto hours = digit == std::string_view::npos ? std::string_view() : text.substr(digit);
    const auto dash = hours.find('-');
    if (dash != std::string_view::npos) {
        for (const auto clock : {hours.substr(0, dash), hours.substr(dash + 1)})
            if (!parse_clock(clock))
                return quoted + ": \"" + printable(trimmed(clock), 40) +
                       "\" is no time of day between 00:00 and 24:00";
        if (*parse_clock(hours.substr(0, dash)) == *parse_clock(hours.substr(dash + 1)))
            return quoted + " ends when it begins; a whole day is written without hours";
        return quoted + " begins when the day ends";
    }
    return quoted +
           " is no window of the week; expected one such as \"mon-fri 09:00-18:00\", \"sat,sun\" "
           "or \"22:00-06:00\"";
}

}  // namespace spillway::config
