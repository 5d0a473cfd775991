#include "keep_alive.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace spillway::dialect {
namespace {

constexpr double least = 60;
constexpr double most = 3600;
constexpr std::string_view least_words = R"("1m")";
constexpr std::string_view most_words = R"("1h")";

struct Unit {
    std::string_view name;
    double seconds;
};
/// The longer names first where one begins like another.
constexpr std::array units{Unit{"ns", 1e-9}, Unit{"us", 1e-6}, Unit{"ms", 1e-3},
                           Unit{"h", 3600},  Unit{"m", 60},    Unit{"s", 1}};

/// Takes the number that `text` begins with.
std::optional<double> take_number(std::string_view& text)
{
    double value = 0;
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
    if (error != std::errc{})
        return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    return value;
}

/// "1h30m" in seconds, as Go reads it.
std::optional<double> seconds_of_words(std::string_view text)
{
    const bool negative = text.starts_with('-');
    if (negative || text.starts_with('+'))
        text.remove_prefix(1);
    if (text == "0")
        return 0;
    if (text.empty() || text.front() == '-')
        return std::nullopt;
    double sum = 0;
    while (!text.empty()) {
        const auto number = take_number(text);
        const auto* const unit = std::find_if(units.begin(), units.end(), [&](const Unit& each) {
            return text.starts_with(each.name);
        });
        if (!number || unit == units.end())
            return std::nullopt;
        text.remove_prefix(unit->name.size());
        sum += *number * unit->seconds;
    }
    return negative ? -sum : sum;
}

/// Seconds; negative is for ever, empty is what nobody can read.
std::optional<double> seconds_of(std::string_view json)
{
    if (json.size() >= 2 && json.front() == '"')
        return seconds_of_words(json.substr(1, json.size() - 2));
    double value = 0;
    const auto* const end = json.data() + json.size();
    const auto read = std::from_chars(json.data(), end, value);
    return read.ec == std::errc{} && read.ptr == end ? std::optional(value) : std::nullopt;
}

}  // namespace

std::string_view bounded_keep_alive(std::string_view asked, std::string_view files)
{
    const auto wanted = seconds_of(asked);
    if (!wanted || !(*wanted > 0))
        return files;
    const auto file = files.empty() ? std::nullopt : seconds_of(files);
    const bool file_is_longer = file && (*file < 0 || *file > most);
    if (file_is_longer && *file >= 0 && *wanted > *file)
        return files;
    if (!file_is_longer && *wanted > most)
        return most_words;
    return *wanted < least ? least_words : asked;
}

}  // namespace spillway::dialect
