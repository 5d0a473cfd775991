#include "request_scan.hpp"

#include <algorithm>
#include <limits>

#include "json_scalar.hpp"

namespace spillway::dialect {
namespace {

/// Up to this many keys are compared pair by pair, which beats sorting.
constexpr std::size_t few_keys = 16;

}  // namespace

std::string_view KeyLedger::find_twice(std::size_t from)
{
    const auto first = keys_.begin() + static_cast<std::ptrdiff_t>(from);
    if (keys_.size() - from <= few_keys) {
        for (auto key = first; key != keys_.end(); ++key) {
            if (std::find(first, key, *key) != key) {
                return *key;
            }
        }
        return {};
    }
    std::sort(first, keys_.end());
    const auto pair = std::adjacent_find(first, keys_.end());
    return pair == keys_.end() ? std::string_view() : *pair;
}

void KeyLedger::clear()
{
    constexpr std::size_t keep = 4096;
    keys_.clear();
    seen_ = 0;
    doubtful_ = false;
    if (keys_.capacity() > keep) {
        keys_.shrink_to_fit();
    }
    if (!unescaped_.empty()) {
        unescaped_.clear();
        unescaped_.shrink_to_fit();
    }
}

void RequestScan::refuse(Error why)
{
    if (json.ok()) {
        error = std::move(why);
        json.stop();
    }
}

void RequestScan::refuse_type(std::string_view param, std::string_view expected)
{
    refuse_type(param, expected, type_of_next(json));
}

void RequestScan::refuse_type(std::string_view param, std::string_view expected,
                              std::string_view got)
{
    std::string message = "Invalid type for '";
    message.append(param).append("': expected ").append(expected).append(", but got ");
    message.append(got).append(" instead.");
    refuse(Error{Errc::invalid_request, std::move(message)}.about(std::string(param)));
}

std::string_view type_of_next(const JsonWalker& json)
{
    switch (json.peek()) {
        case '{':
            return "an object";
        case '[':
            return "an array";
        case '"':
            return "a string";
        case 't':
        case 'f':
            return "a boolean";
        case 'n':
            return "null";
        default:
            break;
    }
    auto probe = json;
    const auto number = probe.number();
    return number && number->find_first_of(".eE") != std::string_view::npos ? "a decimal number"
                                                                            : "an integer";
}

std::optional<std::string> read_text(RequestScan& scan, std::string_view param)
{
    if (scan.json.peek() == 'n') {
        scan.json.skip();
        return std::nullopt;
    }
    if (scan.json.peek() != '"') {
        scan.refuse_type(param, "a string");
        return std::nullopt;
    }
    const auto value = scan.json.string();
    return value ? std::optional(value->text()) : std::nullopt;
}

std::optional<bool> read_flag(RequestScan& scan, std::string_view param)
{
    const char first = scan.json.peek();
    if (first != 't' && first != 'f' && first != 'n') {
        scan.refuse_type(param, "a boolean");
        return std::nullopt;
    }
    if (!scan.json.skip() || first == 'n') {
        return std::nullopt;
    }
    return first == 't';
}

std::optional<std::int64_t> read_whole(RequestScan& scan, std::string_view param)
{
    if (const auto plain = scan.json.plain_number()) {
        return plain;
    }
    const char first = scan.json.peek();
    if (first == 'n') {
        scan.json.skip();
        return std::nullopt;
    }
    if (first != '-' && !is_digit(first)) {
        scan.refuse_type(param, "an integer");
        return std::nullopt;
    }
    const auto number = scan.json.number();
    if (!number) {
        return std::nullopt;  // The walker reports the malformed number as such.
    }
    if (!std::all_of(number->begin() + 1, number->end(), is_digit)) {
        scan.refuse_type(param, "an integer", "a decimal number");
        return std::nullopt;
    }
    // Too long for 64 bits is still a whole number; nothing sensible lies beyond the limits.
    const auto limit = std::numeric_limits<std::int64_t>::max();
    return whole_number(*number).value_or(first == '-' ? -limit : limit);
}

void check_number(RequestScan& scan, std::string_view param)
{
    const char first = scan.json.peek();
    if (first != 'n' && first != '-' && !is_digit(first)) {
        scan.refuse_type(param, "a decimal");
        return;
    }
    scan.json.skip();
}

}  // namespace spillway::dialect
