// What the strings and numbers of a JSON text stand for.
#include "json_scalar.hpp"

#include <algorithm>

#include "escape_scan.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {
namespace {

/// Length of the run of digits at `at`.
constexpr std::size_t digits(std::string_view text, std::size_t at)
{
    const auto begin = at;
    while (at < text.size() && is_digit(text[at])) {
        ++at;
    }
    return at - begin;
}

/// The code unit of the \u escape at `at`; negative when its digits are not there.
int unit_at(std::string_view raw, std::size_t at)
{
    return at + 6 <= raw.size() ? hex4(raw.data() + at + 2) : -1;
}

void append_utf8(std::string& out, unsigned point)
{
    const auto put = [&out](unsigned byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
        put(point);
    } else if (point < 0x800) {
        put(0xC0U | (point >> 6U));
        put(0x80U | (point & 0x3FU));
    } else if (point < 0x10000) {
        put(0xE0U | (point >> 12U));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    } else {
        put(0xF0U | (point >> 18U));
        put(0x80U | ((point >> 12U) & 0x3FU));
        put(0x80U | ((point >> 6U) & 0x3FU));
        put(0x80U | (point & 0x3FU));
    }
}

/// Appends the character of the \u escape at `at`; returns the offset behind it.
std::size_t append_unicode(std::string& out, std::string_view raw, std::size_t at)
{
    constexpr unsigned replacement = 0xFFFD;
    const int unit = unit_at(raw, at);
    if (is_high_surrogate(unit) && raw.substr(at + 6, 2) == "\\u") {
        const int low = unit_at(raw, at + 6);
        if (is_low_surrogate(low)) {
            append_utf8(out, 0x10000U + ((static_cast<unsigned>(unit) - 0xD800U) << 10U) +
                                 (static_cast<unsigned>(low) - 0xDC00U));
            return at + 12;
        }
    }
    const bool lone = unit < 0 || is_high_surrogate(unit) || is_low_surrogate(unit);
    append_utf8(out, lone ? replacement : static_cast<unsigned>(unit));
    return std::min(at + 6, raw.size());
}

}  // namespace

bool is_number(std::string_view text)
{
    std::size_t at = !text.empty() && text[0] == '-' ? 1 : 0;
    const auto whole = digits(text, at);
    if (whole == 0 || (whole > 1 && text[at] == '0')) {
        return false;
    }
    at += whole;
    if (at < text.size() && text[at] == '.') {
        const auto fraction = digits(text, at + 1);
        if (fraction == 0) {
            return false;
        }
        at += 1 + fraction;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        at += at < text.size() && (text[at] == '+' || text[at] == '-') ? 1 : 0;
        const auto exponent = digits(text, at);
        if (exponent == 0) {
            return false;
        }
        at += exponent;
    }
    return at == text.size();
}

std::string JsonString::text() const
{
    return escaped() ? unescaped(raw) : std::string(raw);
}

std::string unescaped(std::string_view raw)
{
    std::string out;
    out.reserve(raw.size());
    for (std::size_t at = 0; at < raw.size();) {
        const auto slash = std::min(raw.find('\\', at), raw.size());
        out.append(raw.substr(at, slash - at));
        at = slash;
        if (at + 1 >= raw.size()) {
            break;
        }
        if (raw[at + 1] == 'u') {
            at = append_unicode(out, raw, at);
        } else {
            out += plain_escape(raw[at + 1]);
            at += 2;
        }
    }
    return out;
}

std::optional<std::int64_t> whole_number(std::string_view number)
{
    const bool negative = !number.empty() && number[0] == '-';
    number.remove_prefix(negative ? 1 : 0);
    constexpr std::size_t safe_digits = 18;
    const auto size = digits(number, 0);
    if (size == 0 || size > safe_digits) {
        return std::nullopt;
    }
    // Behind a point only zeros leave it whole.
    if (size != number.size() && (number[size] != '.' || number.find_first_not_of('0', size + 1) !=
                                                             std::string_view::npos)) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : number.substr(0, size)) {
        value = value * 10 + (c - '0');
    }
    return negative ? -value : value;
}

}  // namespace spillway::dialect
