#include "spillway/base/text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <numeric>
#include <vector>

namespace spillway {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

constexpr unsigned byte_at(std::string_view text, std::size_t i)
{
    return static_cast<unsigned char>(text[i]);
}

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

constexpr char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    const char small = lower(c);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// Length of the UTF-8 sequence that starts at `i`; 0 when there is none (RFC 3629, table 3-7).
std::size_t sequence_length(std::string_view text, std::size_t i)
{
    const unsigned first = byte_at(text, i);
    if (first < 0x80U) {
        return 1;
    }
    const std::size_t length = first >= 0xF0U ? 4 : first >= 0xE0U ? 3 : 2;
    if (first < 0xC2U || first > 0xF4U || i + length > text.size()) {
        return 0;
    }
    // The second byte's range excludes overlong forms, surrogates and what is above U+10FFFF.
    const unsigned lowest = first == 0xE0U ? 0xA0U : first == 0xF0U ? 0x90U : 0x80U;
    const unsigned highest = first == 0xEDU ? 0x9FU : first == 0xF4U ? 0x8FU : 0xBFU;
    if (byte_at(text, i + 1) < lowest || byte_at(text, i + 1) > highest) {
        return 0;
    }
    for (std::size_t k = 2; k < length; ++k) {
        if ((byte_at(text, i + k) & 0xC0U) != 0x80U) {
            return 0;
        }
    }
    return length;
}

/// Visible ASCII or a blank: as good in a log line as it came.
constexpr bool is_visible(char c)
{
    return c >= 0x20 && c < 0x7F;
}

/// How much of `text` needs no escape in JSON and cannot be half of a sequence.
std::size_t plain_run(std::string_view text)
{
    const auto special = std::find_if(
        text.begin(), text.end(), [](char c) { return !is_visible(c) || c == '"' || c == '\\'; });
    return static_cast<std::size_t>(special - text.begin());
}

void append_escaped(std::string& out, char c)
{
    switch (c) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20U || byte == 0x7FU) {
        out += "\\u00";
        out += hex_digits[byte >> 4U];
        out += hex_digits[byte & 0xFU];
        return;
    }
    out += c;
}

std::size_t edit_distance(std::string_view a, std::string_view b)
{
    // Optimal string alignment: a swap of neighbours ("moedl") is one edit, as people count it.
    std::vector<std::size_t> before_last(b.size() + 1);
    std::vector<std::size_t> last(b.size() + 1);
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
            row[j] = std::min({replace, last[j] + 1, row[j - 1] + 1});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before_last[j - 2] + 1);
            }
        }
        before_last.swap(last);
        last.swap(row);
    }
    return last[b.size()];
}

/// A decimal number taken apart: `digits` times 10^`exponent`.
struct Decimal {
    std::string digits;  ///< Without leading zeros; empty for zero.
    std::int64_t exponent = 0;
};

constexpr std::int64_t exponent_limit = 100'000;

std::optional<std::int64_t> parse_exponent(std::string_view text)
{
    const bool negative = !text.empty() && text.front() == '-';
    if (negative || (!text.empty() && text.front() == '+')) {
        text.remove_prefix(1);
    }
    if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : text) {
        // Saturates: any exponent this large is out of range, or rounds up to one.
        value = std::min(value * 10 + (c - '0'), exponent_limit);
    }
    return negative ? -value : value;
}

std::optional<Decimal> parse_decimal(std::string_view text)
{
    if (!text.empty() && text.front() == '+') {
        text.remove_prefix(1);
    }
    Decimal out;
    const std::size_t mark = std::min(text.find_first_of("eE"), text.size());
    if (mark < text.size()) {
        const auto exponent = parse_exponent(text.substr(mark + 1));
        if (!exponent) {
            return std::nullopt;
        }
        out.exponent = *exponent;
    }
    bool after_point = false;
    bool any_digit = false;
    for (const char c : text.substr(0, mark)) {
        if (c == '.' && !after_point) {
            after_point = true;
            continue;
        }
        if (!is_digit(c)) {
            return std::nullopt;
        }
        any_digit = true;
        out.exponent -= after_point ? 1 : 0;
        if (c != '0' || !out.digits.empty()) {
            out.digits += c;
        }
    }
    return any_digit ? std::optional{std::move(out)} : std::nullopt;
}

}  // namespace

std::string json_quoted(std::string_view text)
{
    std::string out;
    out.reserve(text.size() + 2);
    out += '"';
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t plain = plain_run(text.substr(i));
        out.append(text, i, plain);
        i += plain;
        if (i == text.size()) {
            break;
        }
        const std::size_t length = sequence_length(text, i);
        if (length == 1) {
            append_escaped(out, text[i]);
        } else if (length == 0) {
            out += "\xEF\xBF\xBD";
        } else {
            out += text.substr(i, length);
        }
        i += std::max<std::size_t>(length, 1);
    }
    out += '"';
    return out;
}

std::string printable(std::string_view text, std::size_t limit)
{
    if (text.size() <= limit && std::all_of(text.begin(), text.end(), is_visible)) {
        return std::string(text);
    }
    std::string out;
    out.reserve(std::min(text.size(), limit));
    for (std::size_t i = 0; i < text.size();) {
        const std::size_t length = std::max<std::size_t>(sequence_length(text, i), 1);
        if (out.size() + length > limit) {
            break;
        }
        const unsigned first = byte_at(text, i);
        const bool c1_control = length == 2 && first == 0xC2U && byte_at(text, i + 1) < 0xA0U;
        const bool lone = length == 1 && (first < 0x20U || first >= 0x7FU);
        if (lone || c1_control) {
            out += '?';
        } else {
            out += text.substr(i, length);
        }
        i += length;
    }
    return out;
}

std::optional<std::string_view> nearest(std::string_view word,
                                        std::span<const std::string_view> known)
{
    constexpr std::size_t longest_word = 100;
    if (word.empty() || word.size() > longest_word) {
        return std::nullopt;
    }
    // A third of the word may be wrong, three letters at most; a near miss, not a guess.
    const std::size_t allowed = std::clamp<std::size_t>(word.size() / 3, 1, 3);
    std::optional<std::string_view> best;
    std::size_t best_distance = allowed + 1;
    const std::string small = lower(word);
    for (const std::string_view candidate : known) {
        if (candidate.size() > word.size() + allowed || word.size() > candidate.size() + allowed) {
            continue;
        }
        const std::size_t distance = edit_distance(small, lower(candidate));
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

Result<std::int64_t> scaled_decimal(std::string_view text, int digits)
{
    const auto parsed = parse_decimal(text);
    if (!parsed) {
        return fail(Errc::invalid_request,
                    "'" + printable(text, 40) + "' is not a decimal number of zero or more");
    }
    if (parsed->digits.empty()) {
        return 0;
    }
    const std::int64_t shift = parsed->exponent + digits;
    const auto written = static_cast<std::int64_t>(parsed->digits.size());
    const std::int64_t kept = std::max<std::int64_t>(0, written + shift);
    if (kept > std::numeric_limits<std::int64_t>::digits10 + 1) {
        return fail(Errc::invalid_request, "'" + printable(text, 40) + "' is too large");
    }
    std::uint64_t value = 0;  // At most 19 digits: below 10^19, which 64 unsigned bits hold.
    for (std::int64_t i = 0; i < kept; ++i) {
        const char c = i < written ? parsed->digits[static_cast<std::size_t>(i)] : '0';
        value = value * 10 + static_cast<std::uint64_t>(c - '0');
    }
    const auto cut = static_cast<std::size_t>(std::min(kept, written));
    const bool remainder = parsed->digits.find_first_not_of('0', cut) != std::string::npos;
    value += remainder ? 1 : 0;
    if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return fail(Errc::invalid_request, "'" + printable(text, 40) + "' is too large");
    }
    return static_cast<std::int64_t>(value);
}

bool iequals(const char* a, const char* b, std::size_t size) noexcept
{
    constexpr std::uint64_t case_bits = 0x2020'2020'2020'2020U;
    const auto same = [](char x, char y) { return lower(x) == lower(y); };
    while (size >= sizeof(case_bits)) {
        std::uint64_t x = 0;
        std::uint64_t y = 0;
        std::memcpy(&x, a, sizeof(x));
        std::memcpy(&y, b, sizeof(y));
        // Equal bytes need no folding, and what differs in more than the case bits never matches.
        const std::uint64_t difference = x ^ y;
        if ((difference & ~case_bits) != 0 ||
            (difference != 0 && !std::equal(a, a + sizeof(x), b, same))) {
            return false;
        }
        a += sizeof(x);
        b += sizeof(x);
        size -= sizeof(x);
    }
    return std::equal(a, a + size, b, same);
}

std::optional<bool> yes_or_no(std::string_view text) noexcept
{
    if (text == "1" || iequals(text, "true"))
        return true;
    if (text.empty() || text == "0" || iequals(text, "false"))
        return false;
    return std::nullopt;
}

std::string lower(std::string_view text)
{
    std::string out(text);
    std::transform(out.begin(), out.end(), out.begin(), [](char c) { return lower(c); });
    return out;
}

std::string_view trimmed(std::string_view text) noexcept
{
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) {
        return {};
    }
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string rfc3339(WallTime time)
{
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{time - day};
    return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                       clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                       clock.subseconds().count());
}

std::optional<std::string> percent_decoded(std::string_view text)
{
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out += text[i];
            continue;
        }
        if (i + 2 >= text.size()) {
            return std::nullopt;
        }
        const int high = hex_value(text[i + 1]);
        const int low = hex_value(text[i + 2]);
        if (high < 0 || low < 0 || (high == 0 && low == 0)) {
            return std::nullopt;
        }
        out += static_cast<char>(high * 16 + low);
        i += 2;
    }
    return out;
}

}  // namespace spillway
