#include "keep_alive.hpp"

#include <charconv>
#include <chrono>
#include <optional>

#include "spillway/dialect/go_duration.hpp"

namespace spillway::dialect {
namespace {

constexpr double least = 60;
constexpr double most = 3600;
constexpr std::string_view least_words = R"("1m")";
constexpr std::string_view most_words = R"("1h")";

/// Seconds; negative is for ever, empty is what nobody can read.
std::optional<double> seconds_of(std::string_view json)
{
    if (json.size() >= 2 && json.front() == '"') {
        const auto length =
            read_go_duration(json.substr(1, json.size() - 2), DurationSign::allowed);
        return length ? std::optional(std::chrono::duration<double>(*length).count())
                      : std::nullopt;
    }
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
