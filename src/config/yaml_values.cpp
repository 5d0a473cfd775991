#include <algorithm>

#include "spillway/base/text.hpp"
#include "spillway/config/yaml_tree.hpp"

/// What the scalars of a tree mean, and the tree as JSON.
namespace spillway::config {

namespace {

bool one_of(std::string_view text, std::initializer_list<std::string_view> words)
{
    return std::find(words.begin(), words.end(), text) != words.end();
}

std::size_t digits(std::string_view text, std::size_t from)
{
    auto end = from;
    while (end < text.size() && text[end] >= '0' && text[end] <= '9')
        ++end;
    return end - from;
}

/// A decimal number, with or without fraction and exponent; "007" is not one.
bool is_number(std::string_view text)
{
    std::size_t at = !text.empty() && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    const auto whole = digits(text, at);
    if (whole > 1 && text[at] == '0')
        return false;
    at += whole;
    std::size_t fraction = 0;
    if (at < text.size() && text[at] == '.') {
        fraction = digits(text, at + 1);
        at += 1 + fraction;
    }
    if (whole + fraction == 0)
        return false;
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        ++at;
        if (at < text.size() && (text[at] == '-' || text[at] == '+'))
            ++at;
        const auto exponent = digits(text, at);
        if (exponent == 0)
            return false;
        at += exponent;
    }
    return at == text.size();
}

/// The same number as JSON allows it: no plus sign, digits on both sides of the point.
std::string json_number(std::string_view text)
{
    if (text[0] == '+')
        text.remove_prefix(1);
    std::string number(text);
    const auto point = number.find('.');
    if (point == std::string::npos)
        return number;
    if (point + 1 == number.size() || number[point + 1] < '0' || number[point + 1] > '9')
        number.insert(point + 1, "0");
    if (point == 0 || number[point - 1] == '-')
        number.insert(point, "0");
    return number;
}

}  // namespace

ScalarType scalar_type(const Node& scalar)
{
    if (scalar.style != Node::Style::plain)
        return ScalarType::text;
    // YAML 1.1, as PyYAML resolves it: LiteLLM's users write `yes` and mean it.
    if (one_of(scalar.text, {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"}) ||
        one_of(scalar.text, {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"}))
        return ScalarType::boolean;
    return is_number(scalar.text) ? ScalarType::number : ScalarType::text;
}

bool truth(std::string_view text)
{
    return one_of(lower(text), {"true", "yes", "on"});
}

std::string to_json(const Node& node)
{
    switch (node.kind) {
        case Node::Kind::null:
            return "null";
        case Node::Kind::scalar:
            switch (scalar_type(node)) {
                case ScalarType::boolean:
                    return truth(node.text) ? "true" : "false";
                case ScalarType::number:
                    return json_number(node.text);
                case ScalarType::text:
                    return json_quoted(node.text);
            }
            break;
        case Node::Kind::sequence: {
            std::string json = "[";
            for (const auto& item : node.items)
                json += (json.size() > 1 ? "," : "") + to_json(item);
            return json + "]";
        }
        case Node::Kind::map: {
            std::string json = "{";
            for (const auto& entry : node.entries)
                json += (json.size() > 1 ? "," : "") + json_quoted(entry.key) + ":" +
                        to_json(entry.value);
            return json + "}";
        }
    }
    return "null";
}

std::string_view kind_name(const Node& node)
{
    switch (node.kind) {
        case Node::Kind::null:
            return "nothing";
        case Node::Kind::sequence:
            return "a list";
        case Node::Kind::map:
            return "a map";
        case Node::Kind::scalar:
            break;
    }
    switch (scalar_type(node)) {
        case ScalarType::boolean:
            return "true or false";
        case ScalarType::number:
            return "a number";
        case ScalarType::text:
            break;
    }
    return "text";
}

}  // namespace spillway::config
