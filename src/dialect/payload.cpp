#include "payload.hpp"

#include <cstdint>

namespace spillway::dialect {
namespace {

/// Shorter ones may be links, names, ids.
constexpr std::size_t shortest_bare = 4096;
/// A type, its parameters.
constexpr std::size_t longest_data_head = 256;
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
    for (int padding = 0; padding < 2 && bytes.ends_with('='); ++padding)
        bytes.remove_suffix(1);
    constexpr std::uint8_t mixed = kind::capital | kind::small | kind::digit;
    return (kinds_in(bytes) & (mixed | kind::foreign)) == mixed;
}

}  // namespace spillway::dialect
