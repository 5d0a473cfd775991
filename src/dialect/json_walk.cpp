#include "spillway/dialect/json_walk.hpp"

#include <algorithm>

#include "escape_scan.hpp"
#include "json_scalar.hpp"

namespace spillway::dialect {

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

void JsonWalker::find_escape(std::size_t from) noexcept
{
    next_escape_ = std::min(text_.find('\\', from), text_.size());
}

bool JsonWalker::check_escapes(JsonString& string)
{
    const auto scan = scan_escapes(text_, next_escape_, end_ - 1);
    if (scan.fault != EscapeScan::no_fault) {
        return fail(JsonFault::bad_escape, scan.fault);
    }
    string.decoded_size -= scan.saved;
    find_escape(end_);
    return true;
}

bool JsonWalker::take_unusual_key(JsonKey& out)
{
    JsonString string;
    out.offset = offset();
    if (!take_string(string)) {
        return false;
    }
    out.text = string.raw;
    out.escaped = string.escaped();
    if (out.escaped) {
        key_text_ = unescaped(string.raw);
        out.text = key_text_;
    }
    return take(':');
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

std::optional<std::int64_t> JsonWalker::plain_number()
{
    constexpr std::size_t safe_digits = 18;
    const char first = peek();
    if (!is_digit(first)) {
        return std::nullopt;
    }
    const char* begin = text_.data() + *next_;
    const char* digit = begin;
    std::int64_t value = 0;
    for (; is_digit(*digit); ++digit) {
        if (static_cast<std::size_t>(digit - begin) == safe_digits) {
            return std::nullopt;
        }
        value = value * 10 + (*digit - '0');
    }
    const auto end = static_cast<std::size_t>(digit - text_.data());
    // What has no blank behind it is whole; the rest is for `number` to judge.
    if (end != next_[1] || (first == '0' && digit - begin > 1)) {
        return std::nullopt;
    }
    end_ = end;
    ++next_;
    return value;
}

bool JsonWalker::skip()
{
    const char first = peek();
    return first == '{' || first == '[' ? skip_container() : take_scalar();
}

/// Behind a complete value: reads the comma (and key) before the next one, or closes containers
/// down to `floor`.
bool JsonWalker::next_in_container(unsigned floor)
{
    while (depth_ > floor) {
        if (peek() == ',') {
            JsonKey ignored;
            return take_comma() && (!in_object() || take_key(ignored));
        }
        if (!take(in_object() ? '}' : ']')) {
            return false;
        }
        leave();
    }
    return true;
}

bool JsonWalker::skip_container()
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
        // One bit sets braces apart from brackets.
        const int either = text_[*next_] | 0x20;
        if (either == '{') {
            ++open;
        } else if (either == '}' && --open == 0) {
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
