#include "payload.hpp"

#include <algorithm>
#include <cstdint>

namespace spillway::dialect {
namespace {

/// Shorter ones may be links, names, ids.
constexpr std::size_t shortest_bare = 4096;
/// A type, its parameters.
constexpr std::size_t longest_data_head = 256;
/// Lines of base64: 64 characters in PEM, 76 in MIME and Python's `encodebytes`. Shorter ones could
/// be a list of numbers or names.
constexpr std::size_t shortest_line = 60;
constexpr std::size_t longest_line = 128;
/// What kinds of characters a text holds, as bits.
namespace kind {
constexpr std::uint8_t capital = 1;
constexpr std::uint8_t small = 2;
constexpr std::uint8_t digit = 4;
constexpr std::uint8_t sign = 8;  ///< Of base64, the one for URLs included.
constexpr std::uint8_t foreign = 16;
}  // namespace kind

/// Without branches, so that the compiler takes many bytes at once.
constexpr std::uint8_t kind_of(unsigned char c)
{
    const auto is_in = [c](unsigned char from, unsigned char to, std::uint8_t bit) {
        return static_cast<unsigned char>(c - from) <= to - from ? bit : std::uint8_t{0};
    };
    const auto is_one = [c](unsigned char of, std::uint8_t bit) {
        return c == of ? bit : std::uint8_t{0};
    };
    const auto known = static_cast<std::uint8_t>(
        is_in('A', 'Z', kind::capital) | is_in('a', 'z', kind::small) |
        is_in('0', '9', kind::digit) | is_one('+', kind::sign) | is_one('/', kind::sign) |
        is_one('-', kind::sign) | is_one('_', kind::sign));
    return known != 0 ? known : kind::foreign;
}

/// Stops soon behind the first foreign character.
std::uint8_t kinds_in(std::string_view text)
{
    constexpr std::size_t block = 64;
    std::uint8_t kinds = 0;
    while (text.size() >= block && (kinds & kind::foreign) == 0) {
        for (std::size_t i = 0; i < block; ++i)
            kinds |= kind_of(static_cast<unsigned char>(text[i]));
        text.remove_prefix(block);
    }
    if ((kinds & kind::foreign) == 0)
        for (const char c : text)
            kinds |= kind_of(static_cast<unsigned char>(c));
    return kinds;
}

/// Takes the first line off the front of `text`, and the break behind it.
std::string_view take_line(std::string_view& text)
{
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r'))
        line.remove_suffix(1);
    return line;
}

/// The same of all lines of base64; foreign when they are not broken as base64 is.
std::uint8_t kinds_in_lines(std::string_view text)
{
    const auto first = text.find('\n');
    if (first == std::string_view::npos)
        return kinds_in(text);
    // Of long texts without an early break nothing more needs to be looked at.
    if (first > longest_line + 1)
        return kind::foreign;
    auto line = take_line(text);
    const auto length = line.size();
    if (length < shortest_line || length > longest_line || length % 4 != 0)
        return kind::foreign;
    std::uint8_t kinds = kinds_in(line);
    while (!text.empty() && (kinds & kind::foreign) == 0) {
        line = take_line(text);
        const bool last = text.empty();
        kinds |= line.size() == length || (last && line.size() < length) ? kinds_in(line)
                                                                         : kind::foreign;
    }
    return kinds;
}

/// What stands behind `data:...;base64,`; all of it when it is no such URL.
std::string_view behind_data_head(std::string_view text)
{
    constexpr std::string_view mark = ";base64,";
    if (!text.starts_with("data:"))
        return text;
    const auto at = text.substr(0, longest_data_head).find(mark);
    return at == std::string_view::npos ? text : text.substr(at + mark.size());
}

}  // namespace

bool is_payload(std::string_view text, Standing standing)
{
    auto bytes = behind_data_head(text);
    if (standing == Standing::among_names && bytes.size() == text.size() &&
        bytes.size() <= shortest_bare)
        return false;
    for (int end = 0; end < 2 && (bytes.ends_with('\n') || bytes.ends_with('\r')); ++end)
        bytes.remove_suffix(1);
    for (int padding = 0; padding < 2 && bytes.ends_with('='); ++padding)
        bytes.remove_suffix(1);
    constexpr std::uint8_t mixed = kind::capital | kind::small | kind::digit;
    return (kinds_in_lines(bytes) & (mixed | kind::foreign)) == mixed;
}

}  // namespace spillway::dialect
