#include "spillway/dialect/quota_headers.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <string>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/dialect/go_duration.hpp"

namespace spillway::dialect {
namespace {

constexpr double longest_reset_s = 7.0 * 24 * 3600;
constexpr Millis usual_window{60'000};
/// A bare number this large is a date; above the second one it counts milliseconds.
constexpr double first_date_s = 1e9;
constexpr double first_date_ms = 1e12;

/// Rounded up, but not for the dust of binary fractions.
Millis reset_of(double seconds)
{
    const double bounded = std::clamp(seconds, 0.0, longest_reset_s);
    return Millis{static_cast<std::int64_t>(std::ceil(bounded * 1000 - 1e-6))};
}

double seconds_since_1970(WallTime time)
{
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// Takes a number without a sign off the front of `text`.
std::optional<double> take_number(std::string_view& text)
{
    // from_chars would also take "inf" and "nan".
    if (text.empty() || text[0] < '0' || text[0] > '9')
        return std::nullopt;
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(parsed.ptr - text.data()));
    return value;
}

/// "+02:00" as seconds east of Greenwich.
std::optional<int> parse_offset(std::string_view text)
{
    if (text == "Z" || text == "z")
        return 0;
    const auto digit = [&](std::size_t at) { return text[at] - '0'; };
    const bool shaped = text.size() == 6 && (text[0] == '+' || text[0] == '-') && text[3] == ':';
    if (!shaped)
        return std::nullopt;
    for (const std::size_t at : {1U, 2U, 4U, 5U}) {
        if (digit(at) < 0 || digit(at) > 9)
            return std::nullopt;
    }
    const int seconds = ((digit(1) * 10 + digit(2)) * 60 + digit(4) * 10 + digit(5)) * 60;
    return text[0] == '-' ? -seconds : seconds;
}

/// "2026-11-21T10:00:00Z"; fractions of a second are passed over.
std::optional<double> parse_date(std::string_view text)
{
    const std::string date(text);
    std::tm fields{};
    const char* const rest = ::strptime(date.c_str(), "%Y-%m-%dT%H:%M:%S", &fields);
    if (rest == nullptr)
        return std::nullopt;
    std::string_view zone(rest);
    if (zone.starts_with('.'))
        zone.remove_prefix(std::min(zone.size(), zone.find_first_not_of("0123456789", 1)));
    const auto offset = parse_offset(zone);
    if (!offset)
        return std::nullopt;
    return static_cast<double>(::timegm(&fields) - *offset);
}

std::optional<std::int64_t> parse_count(std::string_view text)
{
    text = trimmed(text);
    const auto number = take_number(text);
    if (!number || !text.empty())
        return std::nullopt;
    return static_cast<std::int64_t>(std::min(*number, 1e15));
}

/// Takes `prefix` off the front of `text`, whatever its case.
bool take_prefix(std::string_view& text, std::string_view prefix)
{
    if (text.size() < prefix.size() || !iequals(text.substr(0, prefix.size()), prefix))
        return false;
    text.remove_prefix(prefix.size());
    return true;
}

}  // namespace

std::optional<Millis> parse_reset(std::string_view text, WallTime now)
{
    text = trimmed(text);
    auto rest = text;
    if (const auto number = take_number(rest); number && rest.empty()) {
        if (*number < first_date_s)
            return reset_of(*number);
        const double date = *number < first_date_ms ? *number : *number / 1000;
        return reset_of(date - seconds_since_1970(now));
    }
    if (const auto length = read_go_duration(text, DurationSign::refused))
        return reset_of(std::chrono::duration<double>(*length).count());
    if (const auto date = parse_date(text))
        return reset_of(*date - seconds_since_1970(now));
    return std::nullopt;
}

void QuotaReader::see(std::string_view name, std::string_view value)
{
    if (name.empty())
        return;
    const char first = name[0];
    if (first == 'x' || first == 'X') {
        if (!take_prefix(name, "x-ratelimit-"))
            return;
        // "remaining-tokens"
        const auto dash = std::min(name.find('-'), name.size());
        note(name.substr(0, dash), name.substr(std::min(name.size(), dash + 1)), value);
    } else if (first == 'a' || first == 'A') {
        if (!take_prefix(name, "anthropic-ratelimit-"))
            return;
        // "input-tokens-remaining"
        const auto dash = name.rfind('-');
        if (dash != std::string_view::npos)
            note(name.substr(dash + 1), name.substr(0, dash), value);
    } else if (first == 'r' || first == 'R') {
        if (take_prefix(name, "ratelimit-"))
            note(name, {}, value);
    }
}

/// Takes the window off the end of "requests-day".
QuotaReader::Window QuotaReader::take_window(std::string_view& what)
{
    constexpr std::pair<std::string_view, Window> ends[] = {{"-minute", Window::minute},
                                                            {"-hour", Window::hour},
                                                            {"-day", Window::day},
                                                            {"-month", Window::month}};
    if (what.empty())
        return Window::bare;
    for (const auto& [end, window] : ends) {
        if (what.size() <= end.size() || !iequals(what.substr(what.size() - end.size()), end))
            continue;
        what.remove_suffix(end.size());
        return window;
    }
    return Window::unsaid;
}

void QuotaReader::note(std::string_view field, std::string_view what, std::string_view value)
{
    constexpr std::pair<std::string_view, What> words[] = {{"requests", What::requests},
                                                           {"tokens", What::tokens},
                                                           {"input-tokens", What::input_tokens},
                                                           {"output-tokens", What::output_tokens},
                                                           {"req", What::requests},
                                                           {"", What::requests}};
    const auto window = take_window(what);
    for (const auto& [word, known] : words) {
        if (!iequals(what, word))
            continue;
        Limit& limit = limits_[static_cast<std::size_t>(known)][static_cast<std::size_t>(window)];
        if (iequals(field, "remaining"))
            limit.left = parse_count(value);
        else if (iequals(field, "reset"))
            limit.reset = parse_reset(value, now_);
    }
}

std::optional<chat::Allowance> QuotaReader::tightest(What what) const
{
    std::optional<chat::Allowance> found;
    for (const Limit& limit : limits_[static_cast<std::size_t>(what)]) {
        if (!limit.left)
            continue;
        const chat::Allowance each{*limit.left, limit.reset.value_or(usual_window)};
        if (!found || each.left < found->left ||
            (each.left == found->left && each.reset > found->reset))
            found = each;
    }
    return found;
}

chat::Quota QuotaReader::quota() const
{
    chat::Quota quota;
    quota.requests = tightest(What::requests);
    for (const What what : {What::tokens, What::input_tokens, What::output_tokens}) {
        const auto limit = tightest(what);
        // What is left for answers says nothing about a prompt, unless it is nothing.
        const bool counts = limit && (what != What::output_tokens || limit->left == 0);
        if (counts && (!quota.tokens || limit->left < quota.tokens->left))
            quota.tokens = limit;
    }
    return quota;
}

}  // namespace spillway::dialect
