#pragma once

#include <concepts>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "spillway/config/fields.hpp"
#include "spillway/config/yaml_tree.hpp"

/// How each type of setting is read, named and printed: three overloads per type.
///
///     bool read(const Node&, T& out, const Reading&)   false after reporting what is wrong
///     std::string type_name(const T&, const Traits&)   "whole number from 0 to 65535"
///     std::string shown(const T&, const Traits&)       the value in the manual's words
namespace spillway::config {

/// The place of one value in the file, for messages.
struct Reading {
    Findings& findings;
    const Traits& traits;
    std::string path;  ///< "server.port"

    /// Reports "path: expected X, found Y". Always false, so that it can be returned.
    bool expected(const Node& node, std::string_view what) const;
    /// Reports "path: message". Always false.
    bool wrong(Position at, std::string_view message) const;
};

/// A whole number within the traits' range and these bounds.
[[nodiscard]] std::optional<std::int64_t> read_integer(const Node& node, std::int64_t low,
                                                       std::int64_t high, const Reading& reading);
[[nodiscard]] std::string integer_type(std::int64_t low, std::int64_t high, const Traits& traits);
[[nodiscard]] std::string integer_text(std::int64_t value, const Traits& traits);

bool read(const Node& node, std::string& out, const Reading& reading);
bool read(const Node& node, bool& out, const Reading& reading);
bool read(const Node& node, double& out, const Reading& reading);
bool read(const Node& node, Millis& out, const Reading& reading);
bool read(const Node& node, Secret& out, const Reading& reading);
bool read(const Node& node, PicoUsdPerToken& out, const Reading& reading);
bool read(const Node& node, std::vector<std::string>& out, const Reading& reading);
bool read(const Node& node, std::vector<Header>& out, const Reading& reading);
bool read(const Node& node, std::vector<FallbackRule>& out, const Reading& reading);
bool read(const Node& node, RetryPolicy& out, const Reading& reading);
bool read(const Node& node, BudgetPeriod& out, const Reading& reading);
bool read(const Node& node, std::map<std::string, Alias>& out, const Reading& reading);
bool read(const Node& node, std::map<std::string, GroupRetryPolicy>& out, const Reading& reading);
bool read(const Node& node, std::map<std::string, ModelRates>& out, const Reading& reading);

[[nodiscard]] std::string type_name(const std::string&, const Traits&);
[[nodiscard]] std::string type_name(const bool&, const Traits&);
[[nodiscard]] std::string type_name(const double&, const Traits&);
[[nodiscard]] std::string type_name(const Millis&, const Traits&);
[[nodiscard]] std::string type_name(const Secret&, const Traits&);
[[nodiscard]] std::string type_name(const PicoUsdPerToken&, const Traits&);
[[nodiscard]] std::string type_name(const std::vector<std::string>&, const Traits&);
[[nodiscard]] std::string type_name(const std::vector<Header>&, const Traits&);
[[nodiscard]] std::string type_name(const std::vector<FallbackRule>&, const Traits&);
[[nodiscard]] std::string type_name(const RetryPolicy&, const Traits&);
[[nodiscard]] std::string type_name(const BudgetPeriod&, const Traits&);
[[nodiscard]] std::string type_name(const std::map<std::string, Alias>&, const Traits&);
[[nodiscard]] std::string type_name(const std::map<std::string, GroupRetryPolicy>&, const Traits&);
[[nodiscard]] std::string type_name(const std::map<std::string, ModelRates>&, const Traits&);

[[nodiscard]] std::string shown(const std::string& value, const Traits&);
[[nodiscard]] std::string shown(const bool& value, const Traits&);
[[nodiscard]] std::string shown(const double& value, const Traits&);
[[nodiscard]] std::string shown(const Millis& value, const Traits&);
[[nodiscard]] std::string shown(const Secret& value, const Traits&);
[[nodiscard]] std::string shown(const PicoUsdPerToken& value, const Traits&);
[[nodiscard]] std::string shown(const std::vector<std::string>& value, const Traits&);
/// Compound values have no default but "none", and only whether they are empty is shown.
template <class T>
    requires requires(const T& value) { value.begin(); }
[[nodiscard]] std::string shown(const T&, const Traits&)
{
    return {};
}
[[nodiscard]] std::string shown(const RetryPolicy& value, const Traits&);
[[nodiscard]] std::string shown(const BudgetPeriod& value, const Traits&);

/// The words of an enumeration; several may mean the same value, the first is printed.
[[nodiscard]] std::span<const std::pair<std::string_view, Strategy>> words_of(Strategy);
[[nodiscard]] std::span<const std::pair<std::string_view, Mode>> words_of(Mode);
[[nodiscard]] std::span<const std::pair<std::string_view, Durability>> words_of(Durability);
[[nodiscard]] std::span<const std::pair<std::string_view, TokenRateType>> words_of(TokenRateType);
[[nodiscard]] std::span<const std::pair<std::string_view, OnFailure>> words_of(OnFailure);

/// The place of the scalar's text among `words`; reports a word that is not there.
[[nodiscard]] std::optional<std::size_t> read_word(const Node& node,
                                                   const std::vector<std::string_view>& words,
                                                   const Reading& reading);

template <class T>
concept Worded = std::is_enum_v<T> && requires(T value) { words_of(value); };

template <Worded T>
[[nodiscard]] std::vector<std::string_view> word_list(T value)
{
    std::vector<std::string_view> words;
    for (const auto& [word, meaning] : words_of(value))
        words.push_back(word);
    return words;
}

template <Worded T>
bool read(const Node& node, T& out, const Reading& reading)
{
    const auto index = read_word(node, word_list(out), reading);
    if (index)
        out = words_of(out)[*index].second;
    return index.has_value();
}

template <Worded T>
[[nodiscard]] std::string type_name(const T& value, const Traits&)
{
    std::string text;
    for (const auto word : word_list(value))
        text += (text.empty() ? "" : ", ") + std::string(word);
    return "one of " + text;
}

template <Worded T>
[[nodiscard]] std::string shown(const T& value, const Traits&)
{
    for (const auto& [word, meaning] : words_of(value))
        if (meaning == value)
            return std::string(word);
    return {};
}

template <class T>
concept Counted = std::integral<T> && !std::same_as<T, bool>;

template <Counted T>
[[nodiscard]] constexpr std::int64_t lowest()
{
    return std::is_signed_v<T> ? static_cast<std::int64_t>(std::numeric_limits<T>::min()) : 0;
}

template <Counted T>
[[nodiscard]] constexpr std::int64_t highest()
{
    constexpr auto top = std::numeric_limits<std::int64_t>::max();
    return std::numeric_limits<T>::max() > static_cast<std::make_unsigned_t<std::int64_t>>(top)
               ? top
               : static_cast<std::int64_t>(std::numeric_limits<T>::max());
}

template <Counted T>
bool read(const Node& node, T& out, const Reading& reading)
{
    const auto value = read_integer(node, lowest<T>(), highest<T>(), reading);
    if (value)
        out = static_cast<T>(*value);
    return value.has_value();
}

template <Counted T>
[[nodiscard]] std::string type_name(const T&, const Traits& traits)
{
    return integer_type(lowest<T>(), highest<T>(), traits);
}

template <Counted T>
[[nodiscard]] std::string shown(const T& value, const Traits& traits)
{
    return integer_text(static_cast<std::int64_t>(value), traits);
}

inline bool read(const Node& node, Tokens& out, const Reading& reading)
{
    const auto value = read_integer(node, 0, highest<std::int64_t>(), reading);
    if (value)
        out = Tokens{*value};
    return value.has_value();
}
[[nodiscard]] inline std::string type_name(const Tokens&, const Traits&)
{
    return "tokens";
}
[[nodiscard]] inline std::string shown(const Tokens& value, const Traits&)
{
    return std::to_string(count(value));
}

template <class T>
bool read(const Node& node, std::optional<T>& out, const Reading& reading)
{
    T value{};
    if (!read(node, value, reading))
        return false;
    out = std::move(value);
    return true;
}

template <class T>
[[nodiscard]] std::string type_name(const std::optional<T>&, const Traits& traits)
{
    return type_name(T{}, traits);
}

template <class T>
[[nodiscard]] std::string shown(const std::optional<T>& value, const Traits& traits)
{
    return value ? shown(*value, traits) : std::string();
}

}  // namespace spillway::config
