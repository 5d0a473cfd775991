#include "spillway/dialect/json_walk.hpp"

#include "backslash_scan.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

namespace spillway::dialect {
namespace {

constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

constexpr int hex_value(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    const char small = static_cast<char>(c | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/// The value of four hex digits at `at`; -1 when they are not there.
constexpr int hex4(std::string_view text, std::size_t at)
{
    if (at + 4 > text.size()) {
        return -1;
    }
    int value = 0;
    for (std::size_t i = at; i < at + 4; ++i) {
        const int digit = hex_value(text[i]);
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/// What a one-letter escape stands for; NUL when there is no such escape.
constexpr char plain_escape(char c)
{
    switch (c) {
        case '"':
        case '\\':
        case '/':
            return c;
        case 'b':
            return '\b';
        case 'f':
            return '\f';
        case 'n':
            return '\n';
        case 'r':
            return '\r';
        case 't':
            return '\t';
        default:
            return '\0';
    }
}

constexpr bool is_high_surrogate(int unit)
{
    return unit >= 0xD800 && unit <= 0xDBFF;
}

constexpr bool is_low_surrogate(int unit)
{
    return unit >= 0xDC00 && unit <= 0xDFFF;
}

/// UTF-8 bytes of one \uXXXX; each half of a surrogate pair counts for two of its four.
constexpr std::size_t utf8_share(int unit)
{
    if (unit < 0x80) {
        return 1;
    }
    return unit < 0x800 || is_high_surrogate(unit) || is_low_surrogate(unit) ? 2 : 3;
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
    const int unit = hex4(raw, at + 2);
    if (is_high_surrogate(unit) && raw.substr(at + 6, 2) == "\\u") {
        const int low = hex4(raw, at + 8);
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

/// Length of the run of digits at `at`.
constexpr std::size_t digits(std::string_view text, std::size_t at)
{
    const auto begin = at;
    while (at < text.size() && is_digit(text[at])) {
        ++at;
    }
    return at - begin;
}

/// RFC 8259, section 6: the number as a whole, nothing before or behind it.
constexpr bool is_number(std::string_view text)
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

}  // namespace

std::string_view describe(JsonFault fault) noexcept
{
    switch (fault) {
        case JsonFault::none:
            return "";
        case JsonFault::stopped:
            return "reading was given up";
        case JsonFault::empty:
            return "it is empty";
        case JsonFault::not_utf8:
            return "it is not UTF-8";
        case JsonFault::raw_control:
            return "a control character in a string is not escaped";
        case JsonFault::unclosed_string:
            return "a string is not closed";
        case JsonFault::bad_escape:
            return "a string has an escape that does not exist";
        case JsonFault::bad_number:
            return "a number is malformed";
        case JsonFault::bad_token:
            return "unexpected character";
        case JsonFault::unexpected_end:
            return "it ends too early";
        case JsonFault::too_deep:
            return "it is nested deeper than 64 levels";
        case JsonFault::trailing:
            return "something follows the value";
        case JsonFault::too_large:
            return "it is too large";
    }
    return "";
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
    const auto point = number.find('.');
    if (point != std::string_view::npos) {
        if (number.find_first_not_of('0', point + 1) != std::string_view::npos) {
            return std::nullopt;
        }
        number = number.substr(0, point);
    }
    const bool negative = !number.empty() && number[0] == '-';
    number.remove_prefix(negative ? 1 : 0);
    constexpr std::size_t safe_digits = 18;
    if (number.empty() || number.size() > safe_digits || digits(number, 0) != number.size()) {
        return std::nullopt;
    }
    std::int64_t value = 0;
    for (const char c : number) {
        value = value * 10 + (c - '0');
    }
    return negative ? -value : value;
}

bool JsonWalker::fail(JsonFault fault, std::size_t offset)
{
    if (fault_ == JsonFault::none) {
        fault_ = fault;
        fault_offset_ = offset;
    }
    next_ = last_;
    return false;
}

bool JsonWalker::fail_wanting()
{
    const bool at_end = next_ == last_;
    return fail(at_end ? JsonFault::unexpected_end : JsonFault::bad_token, offset());
}

void JsonWalker::unescape_key(JsonKey& key)
{
    key_text_ = unescaped(key.text);
    key.text = key_text_;
}

void JsonWalker::find_escape(std::size_t from) noexcept
{
    next_escape_ = std::min(text_.find('\\', from), text_.size());
}

bool JsonWalker::check_escapes(JsonString& string)
{
    const auto end = end_ - 1;
    auto at = next_escape_;
    while (at < end) {
        // Escapes come in clusters (\n, \t, \"), so they are looked for 64 bytes at a time.
        const auto block = at;
        auto marks = backslashes(text_, block);
        while (marks != 0) {
            at = block + static_cast<std::size_t>(std::countr_zero(marks));
            if (at >= end) {
                next_escape_ = at;
                return true;
            }
            const auto length = take_escape(at, end, string);
            if (length == 0) {
                return fail(JsonFault::bad_escape, at);
            }
            at += length;
            const auto done = at - block;
            marks = done < block_size ? marks & (~std::uint64_t{0} << done) : 0;
        }
        at = std::max(at, block + block_size);
    }
    find_escape(std::min(at, text_.size()));
    return true;
}

std::size_t JsonWalker::take_escape(std::size_t at, std::size_t end, JsonString& string) const
{
    const char letter = text_[at + 1];
    if (letter != 'u') {
        string.decoded_size -= 1;
        return plain_escape(letter) != '\0' ? 2 : 0;
    }
    const int unit = hex4(text_.substr(0, end), at + 2);
    if (unit < 0) {
        return 0;
    }
    string.decoded_size -= 6 - utf8_share(unit);
    return 6;
}

bool JsonWalker::take_scalar()
{
    const std::size_t begin = offset();
    const char first = peek();
    if (first == '"') {
        JsonString ignored;
        return take_string(ignored);
    }
    if (next_ == last_) {
        return fail(JsonFault::unexpected_end, begin);
    }
    const auto end = token_end();
    const auto token = text_.substr(begin, end - begin);
    if (first == '-' || is_digit(first)) {
        if (!is_number(token)) {
            return fail(JsonFault::bad_number, begin);
        }
    } else if (!is(token, "null") && !is(token, "true") && !is(token, "false")) {
        return fail(JsonFault::bad_token, begin);
    }
    end_ = end;
    ++next_;
    return true;
}

std::optional<JsonString> JsonWalker::string()
{
    JsonString string;
    if (!take_string(string)) {
        return std::nullopt;
    }
    return string;
}

std::optional<std::string_view> JsonWalker::number()
{
    const char first = peek();
    if (first != '-' && !is_digit(first)) {
        fail(JsonFault::bad_token, offset());
        return std::nullopt;
    }
    const auto begin = offset();
    if (!take_scalar()) {
        return std::nullopt;
    }
    return since(begin);
}

/// Behind a complete value: reads the comma (and key) before the next one, or closes containers
/// down to `floor`.
bool JsonWalker::next_in_container(unsigned floor)
{
    while (depth_ > floor) {
        if (peek() == ',') {
            JsonKey ignored;
            return take(',') && (!in_object() || take_key(ignored));
        }
        if (!take(in_object() ? '}' : ']')) {
            return false;
        }
        leave();
    }
    return true;
}

bool JsonWalker::skip()
{
    const unsigned floor = depth_;
    do {
        const char first = peek();
        if (first == '{' || first == '[') {
            if (!enter(first)) {
                return false;
            }
            if (peek() != (first == '{' ? '}' : ']')) {
                JsonKey ignored;
                if (first == '{' && !take_key(ignored)) {
                    return false;
                }
                continue;
            }
        } else if (!take_scalar()) {
            return false;
        }
        if (!next_in_container(floor)) {
            return false;
        }
    } while (depth_ > floor);
    return true;
}

bool JsonWalker::skip_bulk()
{
    const char first = peek();
    if (first != '{' && first != '[') {
        return skip();
    }
    std::size_t open = 0;
    const auto begin = offset();
    for (; next_ != last_; ++next_) {
        const char c = text_[*next_];
        open += c == '{' || c == '[' ? 1 : 0;
        open -= c == '}' || c == ']' ? 1 : 0;
        if (open == 0) {
            end_ = *next_ + std::size_t{1};
            ++next_;
            return true;
        }
    }
    return fail(JsonFault::unexpected_end, begin);
}

bool JsonWalker::finish()
{
    if (ok() && next_ != last_) {
        return fail(JsonFault::trailing, offset());
    }
    return ok();
}

}  // namespace spillway::dialect
