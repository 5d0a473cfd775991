#include <algorithm>
#include <charconv>
#include <cmath>
#include <ctime>
#include <string>

#include "spillway/base/text.hpp"
#include "spillway/dialect/stream_meter.hpp"

namespace spillway::dialect {
namespace {

constexpr double longest_wait_s = 7.0 * 24 * 3600;

std::optional<double> parse_number(std::string_view text)
{
    // from_chars would also take "inf" and "nan".
    if (text.empty() || text[0] < '0' || text[0] > '9') {
        return std::nullopt;
    }
    double value = 0;
    const auto* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (parsed.ec != std::errc{} || parsed.ptr != end) {
        return std::nullopt;
    }
    return value;
}

Millis wait_of(double seconds)
{
    return Millis{static_cast<std::int64_t>(std::ceil(std::min(seconds, longest_wait_s) * 1000))};
}

/// "Sun, 06 Nov 1994 08:49:37 GMT", the only form that servers may still send (RFC 9110, 5.6.7).
std::optional<WallTime> parse_http_date(std::string_view text)
{
    const std::string date(text);
    std::tm fields{};
    const char* rest = ::strptime(date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &fields);
    if (rest == nullptr || *rest != '\0') {
        return std::nullopt;
    }
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::from_time_t(::timegm(&fields)));
}

}  // namespace

std::optional<Millis> parse_retry_after(std::string_view retry_after,
                                        std::string_view retry_after_ms, WallTime now)
{
    if (const auto milliseconds = parse_number(trimmed(retry_after_ms))) {
        return wait_of(*milliseconds / 1000);
    }
    const auto text = trimmed(retry_after);
    if (const auto seconds = parse_number(text)) {
        return wait_of(*seconds);
    }
    const auto date = parse_http_date(text);
    if (!date) {
        return std::nullopt;
    }
    const auto wait = std::chrono::duration<double>(*date - now).count();
    return wait_of(std::max(wait, 0.0));
}

Tokens estimate_tokens(std::size_t text_bytes)
{
    constexpr std::size_t bytes_per_token = 4;
    return Tokens{static_cast<std::int64_t>((text_bytes + bytes_per_token - 1) / bytes_per_token)};
}

}  // namespace spillway::dialect
