#include "spillway/config/values.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "spillway/base/text.hpp"
#include "spillway/config/files.hpp"

namespace spillway::config {

namespace {

constexpr double longest_duration = 366.0 * 24 * 3600;  // seconds

std::string number_text(double value)
{
    constexpr double exactly_whole = 1e15;
    if (value == std::floor(value) && std::abs(value) < exactly_whole)
        return std::to_string(static_cast<std::int64_t>(value));
    std::array<char, 64> buffer{};
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
    return {buffer.data(), end};
}

template <class T>
std::optional<T> number(std::string_view text)
{
    T value{};
    const auto* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    if (error != std::errc{} || stop != end || text.empty())
        return std::nullopt;
    return value;
}

/// 33554432, or with a unit: 32MiB, 32MB, 512KiB. Decimal units are powers of a thousand.
std::optional<std::int64_t> byte_count(std::string_view text)
{
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 6> units{{
        {"kib", 1024},
        {"mib", 1024 * 1024},
        {"gib", 1024 * 1024 * 1024},
        {"kb", 1000},
        {"mb", 1000 * 1000},
        {"gb", 1000 * 1000 * 1000},
    }};
    const auto small = lower(text);
    for (const auto& [unit, factor] : units) {
        if (!small.ends_with(unit))
            continue;
        const auto digits = trimmed(text.substr(0, text.size() - unit.size()));
        const auto value = number<std::int64_t>(digits);
        if (!value || *value < 0 || *value > highest<std::int64_t>() / factor)
            return std::nullopt;
        return *value * factor;
    }
    return number<std::int64_t>(text);
}

std::string range_text(double low, double high, double lowest_useful, double highest_useful)
{
    const bool from = low > lowest_useful;
    const bool to = high < highest_useful;
    if (from && to)
        return " from " + number_text(low) + " to " + number_text(high);
    if (from)
        return ", " + number_text(low) + " or more";
    return to ? ", " + number_text(high) + " or less" : std::string();
}

bool is_scalar(const Node& node)
{
    return node.kind == Node::Kind::scalar;
}

bool has_control_character(std::string_view text)
{
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

}  // namespace

bool Reading::expected(const Node& node, std::string_view what) const
{
    return wrong(node.at,
                 "expected " + std::string(what) + ", found " + std::string(kind_name(node)));
}

bool Reading::wrong(Position at, std::string_view message) const
{
    findings.error(at, path + ": " + std::string(message));
    return false;
}

std::optional<std::int64_t> read_integer(const Node& node, std::int64_t low, std::int64_t high,
                                         const Reading& reading)
{
    std::optional<std::int64_t> value;
    if (is_scalar(node))
        value = reading.traits.unit == Unit::bytes ? byte_count(node.text)
                                                   : number<std::int64_t>(node.text);
    const auto& range = reading.traits.range;
    if (value && *value >= low && *value <= high &&
        (!range ||
         (static_cast<double>(*value) >= range->low && static_cast<double>(*value) <= range->high)))
        return value;
    const auto what = integer_type(low, high, reading.traits);
    if (value)
        reading.wrong(node.at, "expected " + what);
    else
        reading.expected(node, what);
    return std::nullopt;
}

std::string integer_type(std::int64_t low, std::int64_t high, const Traits& traits)
{
    if (traits.unit == Unit::bytes)
        return "bytes, like 33554432 or 32MiB";
    const auto bottom = traits.range ? traits.range->low : static_cast<double>(low);
    const auto top = traits.range ? traits.range->high : static_cast<double>(high);
    constexpr double huge = 2e9;
    return "whole number" + range_text(bottom, top, -huge, huge);
}

std::string integer_text(std::int64_t value, const Traits& traits)
{
    constexpr std::int64_t mebibyte = 1024 * 1024;
    if (traits.unit == Unit::bytes && value % mebibyte == 0)
        return std::to_string(value / mebibyte) + "MiB";
    return std::to_string(value);
}

bool read(const Node& node, std::string& out, const Reading& reading)
{
    if (!is_scalar(node) || scalar_type(node) == ScalarType::boolean)
        return reading.expected(node, "text");
    if (has_control_character(node.text))
        return reading.wrong(node.at, "holds a control character");
    out = node.text;
    return true;
}

bool read(const Node& node, bool& out, const Reading& reading)
{
    if (is_scalar(node)) {
        const auto word = lower(node.text);
        // Environment variables and quoted words cannot be anything but text.
        if (scalar_type(node) == ScalarType::boolean || word == "true" || word == "false") {
            out = truth(word);
            return true;
        }
        if (node.style == Node::Style::environment && (word == "1" || word == "0")) {
            out = word == "1";
            return true;
        }
    }
    return reading.expected(node, "true or false");
}

bool read(const Node& node, double& out, const Reading& reading)
{
    const auto value = is_scalar(node) ? number<double>(node.text) : std::nullopt;
    const auto what = type_name(out, reading.traits);
    if (!value || !std::isfinite(*value))
        return reading.expected(node, what);
    const auto& range = reading.traits.range;
    if (range && (*value < range->low || *value > range->high))
        return reading.wrong(node.at, "expected " + what);
    out = *value;
    return true;
}

bool read(const Node& node, Millis& out, const Reading& reading)
{
    const auto range = reading.traits.range.value_or(Range{0, longest_duration});
    const auto value = is_scalar(node) ? number<double>(node.text) : std::nullopt;
    if (!value || !std::isfinite(*value))
        return reading.expected(node, "seconds, like 30 or 0.5");
    if (*value < range.low || *value > range.high)
        return reading.wrong(node.at, "expected seconds" + range_text(range.low, range.high, -1,
                                                                      longest_duration * 2));
    const auto millis = scaled_decimal(node.text, 3);
    if (!millis)
        return reading.expected(node, "seconds, like 30 or 0.5");
    out = Millis{*millis};
    return true;
}

bool read(const Node& node, Secret& out, const Reading& reading)
{
    if (!is_scalar(node))
        return reading.expected(node, "text");
    std::string text = node.text;
    constexpr std::string_view scheme = "file:";
    if (node.style != Node::Style::environment && text.starts_with(scheme)) {
        constexpr std::size_t largest_secret = 64 * 1024;
        auto read = read_whole_file(text.substr(scheme.size()), largest_secret);
        if (!read)
            return reading.wrong(node.at, read.error().message());
        text = *std::move(read);
    }
    // Editors and `echo` leave a newline behind; no credential ends in one.
    const auto last = text.find_last_not_of(" \t\r\n");
    text.erase(last == std::string::npos ? 0 : last + 1);
    text.erase(0, std::min(text.find_first_not_of(" \t\r\n"), text.size()));
    if (has_control_character(text))
        return reading.wrong(node.at, "the secret holds a control character");
    out = Secret(std::move(text));
    return true;
}

bool read(const Node& node, PicoUsdPerToken& out, const Reading& reading)
{
    const int digits = reading.traits.unit == Unit::usd_per_million ? 6 : 12;
    if (!is_scalar(node) || node.text.empty())
        return reading.expected(node, type_name(out, reading.traits));
    const auto price = scaled_decimal(node.text, digits);
    if (!price)
        return reading.expected(node, type_name(out, reading.traits));
    out = PicoUsdPerToken{*price};
    return true;
}

bool read(const Node& node, std::vector<std::string>& out, const Reading& reading)
{
    std::vector<std::string> texts;
    // One text where a list is meant is unambiguous, and people write it.
    if (is_scalar(node)) {
        texts.emplace_back();
        if (!read(node, texts.back(), reading))
            return false;
    } else if (node.kind == Node::Kind::sequence) {
        for (const auto& item : node.items) {
            texts.emplace_back();
            if (!read(item, texts.back(), reading))
                return false;
        }
    } else {
        return reading.expected(node, "a list of texts");
    }
    out = std::move(texts);
    return true;
}

std::optional<std::size_t> read_word(const Node& node, const std::vector<std::string_view>& words,
                                     const Reading& reading)
{
    if (!is_scalar(node)) {
        reading.expected(node, "one word");
        return std::nullopt;
    }
    const auto found = std::find(words.begin(), words.end(), node.text);
    if (found != words.end())
        return static_cast<std::size_t>(found - words.begin());
    std::string message = "expected one of ";
    for (const auto word : words)
        message += (word == words.front() ? "" : ", ") + std::string(word);
    // What came from the environment may be a secret in the wrong place.
    if (node.style != Node::Style::environment)
        message += "; found \"" + printable(node.text, 60) + "\"" + suggestion(node.text, words);
    reading.wrong(node.at, message);
    return std::nullopt;
}

std::string type_name(const std::string&, const Traits&)
{
    return "text";
}
std::string type_name(const bool&, const Traits&)
{
    return "true or false";
}
std::string type_name(const double&, const Traits& traits)
{
    constexpr double huge = 1e300;
    const auto range = traits.range.value_or(Range{-huge, huge});
    return "number" + range_text(range.low, range.high, -huge, huge);
}
std::string type_name(const Millis&, const Traits&)
{
    return "seconds";
}
std::string type_name(const Secret&, const Traits&)
{
    return "secret";
}
std::string type_name(const PicoUsdPerToken&, const Traits& traits)
{
    return traits.unit == Unit::usd_per_million ? "USD per million tokens" : "USD per token";
}
std::string type_name(const std::vector<std::string>&, const Traits&)
{
    return "list of texts";
}
std::string type_name(const std::vector<Header>&, const Traits&)
{
    return "map of headers";
}

std::string shown(const std::string& value, const Traits&)
{
    return value;
}
std::string shown(const bool& value, const Traits&)
{
    return value ? "true" : "false";
}
std::string shown(const double& value, const Traits&)
{
    return number_text(value);
}
std::string shown(const Millis& value, const Traits&)
{
    return number_text(static_cast<double>(value.count()) / 1000.0);
}
// Only ever compared or printed as a default: never the bytes.
std::string shown(const Secret& value, const Traits&)
{
    return value.empty() ? std::string() : "sha256:" + sha256_hex(value.reveal());
}
std::string shown(const PicoUsdPerToken& value, const Traits&)
{
    return std::to_string(count(value)) + "e-12";
}
std::string shown(const std::vector<std::string>& value, const Traits&)
{
    std::string text;
    for (const auto& item : value)
        text += (text.empty() ? "" : ", ") + item;
    return text;
}

}  // namespace spillway::config
