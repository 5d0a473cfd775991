#include "spillway/app/side_by_side.hpp"

#include <algorithm>

#include "spillway/base/text.hpp"

namespace spillway::app {

namespace {

constexpr std::size_t narrowest = 40;
constexpr std::string_view gap = " | ";

bool continues(char c)
{
    return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::size_t length_of(std::string_view text)
{
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

/// Bytes of the first `most` characters.
std::size_t bytes_of(std::string_view text, std::size_t most)
{
    std::size_t at = 0;
    for (std::size_t seen = 0; at < text.size(); ++at)
        if (!continues(text[at]) && seen++ == most)
            break;
    return at;
}

void wrap_line(std::string_view line, std::size_t width, std::vector<std::string>& out)
{
    do {
        auto end = bytes_of(line, width);
        if (end < line.size())
            if (const auto blank = line.substr(0, end + 1).rfind(' ');
                blank != std::string_view::npos && blank > 0)
                end = blank;
        out.emplace_back(line.substr(0, end));
        line.remove_prefix(end);
        if (!line.empty() && line.front() == ' ')
            line.remove_prefix(1);
    } while (!line.empty());
}

}  // namespace

std::vector<std::string> wrapped(std::string_view text, std::size_t width)
{
    width = std::max<std::size_t>(width, 1);
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        std::string line(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
        if (line.ends_with('\r'))
            line.pop_back();
        std::replace(line.begin(), line.end(), '\t', ' ');
        wrap_line(printable(line, line.size()), width, lines);
    }
    return lines;
}

std::vector<std::string> side_by_side(std::string_view left_title, std::string_view left,
                                      std::string_view right_title, std::string_view right,
                                      std::size_t columns)
{
    std::vector<std::string> out;
    if (columns < narrowest) {
        for (const auto& [title, text] : {std::pair{left_title, left}, {right_title, right}}) {
            out.push_back("--- " + std::string(title));
            const auto lines = wrapped(text, columns);
            out.insert(out.end(), lines.begin(), lines.end());
        }
        return out;
    }
    const auto width = (columns - gap.size()) / 2;
    auto one = wrapped(left, width);
    auto other = wrapped(right, width);
    one.insert(one.begin(), {std::string(left_title), std::string(width, '-')});
    other.insert(other.begin(), {std::string(right_title), std::string(width, '-')});
    for (std::size_t i = 0; i < std::max(one.size(), other.size()); ++i) {
        auto line = i < one.size() ? one[i] : std::string();
        const auto length = length_of(line);
        line.append(width - std::min(width, length), ' ').append(gap);
        line += i < other.size() ? other[i] : std::string();
        out.push_back(line.substr(0, line.find_last_not_of(' ') + 1));
    }
    return out;
}

}  // namespace spillway::app
