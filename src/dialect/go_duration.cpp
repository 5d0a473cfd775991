#include "spillway/dialect/go_duration.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace spillway::dialect {
namespace {

constexpr std::int64_t longest = std::numeric_limits<std::int64_t>::max();

struct Unit {
    std::string_view name;
    std::int64_t nanoseconds;
};
constexpr std::array units{Unit{"ns", 1},
                           Unit{"us", 1'000},
                           Unit{"\u00B5s", 1'000},  // Micro sign
                           Unit{"\u03BCs", 1'000},  // Greek letter mu
                           Unit{"ms", 1'000'000},
                           Unit{"s", 1'000'000'000},
                           Unit{"m", 60'000'000'000},
                           Unit{"h", 3'600'000'000'000}};

bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// Takes what stands before the first character that is `ends`.
template <class Ends>
std::string_view take_until(std::string_view& text, Ends&& ends)
{
    const auto* const end = std::find_if(text.begin(), text.end(), ends);
    const auto taken = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(taken.size());
    return taken;
}

std::string_view take_digits(std::string_view& text)
{
    return take_until(text, [](char c) { return !is_digit(c); });
}

/// `digits` times `unit`, unless that is too much.
std::optional<std::int64_t> times(std::string_view digits, std::int64_t unit)
{
    const auto most = longest / unit;
    std::int64_t value = 0;
    for (const char c : digits) {
        const auto digit = std::int64_t{c - '0'};
        if (value > (most - digit) / 10)
            return std::nullopt;
        value = value * 10 + digit;
    }
    return value * unit;
}

/// The part of `unit` behind the point, without what is shorter than a nanosecond.
std::int64_t part_of(std::string_view digits, std::int64_t unit)
{
    // More digits than a nanosecond in an hour needs change nothing.
    constexpr std::size_t enough = 13;
    long double part = 0;
    long double scale = 1;
    for (const char c : digits.substr(0, enough)) {
        part = part * 10 + (c - '0');
        scale *= 10;
    }
    return static_cast<std::int64_t>(part * static_cast<long double>(unit) / scale);
}

/// Takes one number with its unit.
std::optional<std::int64_t> take_term(std::string_view& text)
{
    const auto whole = take_digits(text);
    std::string_view part;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        part = take_digits(text);
    }
    if (whole.empty() && part.empty())
        return std::nullopt;
    const auto name = take_until(text, [](char c) { return c == '.' || is_digit(c); });
    const auto* const unit = std::find_if(units.begin(), units.end(),
                                          [&](const Unit& each) { return each.name == name; });
    if (unit == units.end())
        return std::nullopt;
    const auto begun = times(whole, unit->nanoseconds);
    const auto rest = part_of(part, unit->nanoseconds);
    return begun && *begun <= longest - rest ? std::optional(*begun + rest) : std::nullopt;
}

}  // namespace

std::optional<std::chrono::nanoseconds> read_go_duration(std::string_view text, DurationSign sign)
{
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+')) {
        if (sign == DurationSign::refused)
            return std::nullopt;
        text.remove_prefix(1);
    }
    if (text == "0")
        return std::chrono::nanoseconds{0};
    if (text.empty())
        return std::nullopt;
    std::int64_t sum = 0;
    while (!text.empty()) {
        const auto term = take_term(text);
        if (!term || *term > longest - sum)
            return std::nullopt;
        sum += *term;
    }
    return std::chrono::nanoseconds{negative ? -sum : sum};
}

}  // namespace spillway::dialect
