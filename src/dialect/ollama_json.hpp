#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/dialect/json_walk.hpp"

/// JSON cut out to the letter.
namespace spillway::dialect {

/// The inside of the string that comes next, escapes and all; empty when it is no string.
[[nodiscard]] inline std::string_view raw_string(JsonWalker& json)
{
    const auto text = json.peek() == '"' ? json.string() : std::nullopt;
    return text ? text->raw : std::string_view();
}

/// The text of the string that comes next; empty for anything else, which is left.
[[nodiscard]] inline std::string text_at(JsonWalker& json)
{
    const auto text = json.peek() == '"' ? json.string() : std::nullopt;
    return text ? text->text() : std::string();
}

/// The value that comes next; empty when it is none.
[[nodiscard]] inline std::string_view raw_value(JsonWalker& json)
{
    const auto begin = json.offset();
    return json.skip() ? json.since(begin) : std::string_view();
}

/// The count or duration that comes next; empty, and nothing is read, where it is no number, and
/// empty for one that is negative or not whole.
[[nodiscard]] inline std::optional<std::int64_t> count_at(JsonWalker& json)
{
    const char first = json.peek();
    if (first != '-' && (first < '0' || first > '9')) {
        return std::nullopt;
    }
    const auto number = json.number();
    const auto value = number ? whole_number(*number) : std::nullopt;
    return value && *value >= 0 ? value : std::nullopt;
}

/// Goes through the object `json`: `member(name, value)`, views that last as long as the call. Does
/// nothing when it is no object.
template <class Member>
void for_each_member(std::string_view json, Member&& member)
{
    JsonIndex index;
    const auto text = index.copy(json);
    if (index.scan(text) != JsonFault::none || text[index.tokens().front()] != '{') {
        return;
    }
    JsonWalker walker(text, index.tokens());
    walker.object([&](const JsonKey& key) {
        const std::string name(key.text);
        const auto value = raw_value(walker);
        if (!value.empty()) {
            member(std::string_view(name), value);
        }
    });
}

}  // namespace spillway::dialect
