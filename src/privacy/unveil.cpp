#include "unveil.hpp"

#include <array>
#include <cstdint>

#include "byte_masks.hpp"

namespace spillway::privacy {

namespace {

/// What a disguise stands for: at most four bytes, none for what is invisible.
struct Unveiled {
    std::size_t veil = 0;
    std::array<char, 4> bytes{};
    std::size_t size = 0;
};

Unveiled as_byte(std::size_t veil, char byte)
{
    return {veil, {byte}, 1};
}

Unveiled as_nothing(std::size_t veil)
{
    return {veil, {}, 0};
}

constexpr auto hex_values = [] {
    std::array<signed char, 256> table{};
    for (std::size_t byte = 0; byte < table.size(); ++byte) {
        const auto c = static_cast<char>(byte);
        const int letter = (c | 0x20) - 'a';
        const bool is_hex_letter = is_letter(c) && letter < 6;
        table[byte] = static_cast<signed char>(is_digit(c)     ? c - '0'
                                               : is_hex_letter ? letter + 10
                                                               : -1);
    }
    return table;
}();

/// The number that `count` hexadecimal digits at `at` spell; -1 when they are none.
int hex_number(std::string_view text, std::size_t at, std::size_t count)
{
    if (at + count > text.size()) {
        return -1;
    }
    int value = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const int digit = hex_values[static_cast<unsigned char>(text[at + i])];
        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

/// What stands for a code point of the basic plane; not a disguise (0) when it stands for itself.
Unveiled plain_form(std::uint32_t c, std::size_t veil)
{
    if (c >= 0xFF01 && c <= 0xFF5E) {
        return as_byte(veil, static_cast<char>(c - 0xFF01 + '!'));
    }
    constexpr std::array<std::uint32_t, 6> zeros{0x660, 0x6F0, 0x966, 0x9E6, 0xE50, 0x7C0};
    for (const auto zero : zeros) {
        if (c >= zero && c <= zero + 9) {
            return as_byte(veil, static_cast<char>(c - zero + '0'));
        }
    }
    const bool invisible = c == 0xAD || (c >= 0x200B && c <= 0x200F) ||
                           (c >= 0x202A && c <= 0x202E) || (c >= 0x2060 && c <= 0x2069) ||
                           c == 0xFEFF || c == 0x180E || (c >= 0xFE00 && c <= 0xFE0F) || c == 0x34F;
    if (invisible) {
        return as_nothing(veil);
    }
    if (c == 0xA0 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x202F || c == 0x205F ||
        c == 0x3000) {
        return as_byte(veil, ' ');
    }
    if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0xFE63) {
        return as_byte(veil, '-');
    }
    return {};
}

Unveiled encoded(std::uint32_t c, std::size_t veil)
{
    if (const auto plain = plain_form(c, veil); plain.veil != 0) {
        return plain;
    }
    if (c < 0x80) {
        return as_byte(veil, c < 0x20 || c == 0x7F ? ' ' : static_cast<char>(c));
    }
    if (c < 0x800) {
        return {veil,
                {static_cast<char>(0xC0U | (c >> 6U)), static_cast<char>(0x80U | (c & 0x3FU))},
                2};
    }
    if (c >= 0xD800 && c <= 0xDFFF) {
        return as_byte(veil, ' ');
    }
    return {veil,
            {static_cast<char>(0xE0U | (c >> 12U)), static_cast<char>(0x80U | ((c >> 6U) & 0x3FU)),
             static_cast<char>(0x80U | (c & 0x3FU))},
            3};
}

Unveiled read_escape(std::string_view text, std::size_t at)
{
    if (at + 1 >= text.size()) {
        return {};
    }
    // Escaped twice: the first backslash goes, the rest is an escape.
    if (text[at + 1] == '\\' && at + 2 < text.size() && text[at + 2] == 'u' &&
        hex_number(text, at + 3, 4) >= 0) {
        return as_nothing(1);
    }
    switch (text[at + 1]) {
        case 'n':
        case 'r':
        case 't':
        case 'b':
        case 'f':
            return as_byte(2, text[at + 1] == 'n' ? '\n' : ' ');
        case '"':
        case '/':
        case '\\':
            return as_byte(2, text[at + 1]);
        case 'u': {
            const int value = hex_number(text, at + 2, 4);
            return value < 0 ? Unveiled{} : encoded(static_cast<std::uint32_t>(value), 6);
        }
        case 'x': {
            const int value = hex_number(text, at + 2, 2);
            return value < 0x20 || value > 0x7E ? Unveiled{} : as_byte(4, static_cast<char>(value));
        }
        default:
            return {};
    }
}

Unveiled read_wide(std::string_view text, std::size_t at)
{
    const auto byte = [&](std::size_t i) -> std::uint32_t {
        const auto value =
            at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : std::uint8_t{0};
        return i == 0 || (value & 0xC0U) == 0x80U ? value : 0U;
    };
    const auto first = byte(0);
    if (first < 0xE0) {
        return byte(1) == 0 ? Unveiled{}
                            : plain_form(((first & 0x1FU) << 6U) | (byte(1) & 0x3FU), 2);
    }
    if (first < 0xF0) {
        const bool whole = byte(1) != 0 && byte(2) != 0;
        const auto c = ((first & 0xFU) << 12U) | ((byte(1) & 0x3FU) << 6U) | (byte(2) & 0x3FU);
        return whole ? plain_form(c, 3) : Unveiled{};
    }
    // Mathematical digits: F0 9D 9F 8E to F0 9D 9F BF, five alphabets of ten.
    if (first == 0xF0 && byte(1) == 0x9D && byte(2) == 0x9F && byte(3) >= 0x8E) {
        return as_byte(4, static_cast<char>('0' + (byte(3) - 0x8E) % 10));
    }
    return {};
}

Unveiled read_veil(std::string_view text, std::size_t at)
{
    const char c = text[at];
    if (c == '\\') {
        return read_escape(text, at);
    }
    if (c == '%') {
        const int value = hex_number(text, at + 1, 2);
        return value < 0x20 || value > 0x7E ? Unveiled{} : as_byte(3, static_cast<char>(value));
    }
    return is_lead(c) ? read_wide(text, at) : Unveiled{};
}

constexpr auto opens_veil = [] {
    std::array<bool, 256> table{};
    table['\\'] = true;
    table['%'] = true;
    for (std::size_t lead = 0xC2; lead < table.size(); ++lead) {
        table[lead] = true;
    }
    return table;
}();

}  // namespace

bool hides_something(std::string_view text, std::size_t at)
{
    const auto read = read_veil(text, at);
    if (read.veil == 0 || read.size == 0) {
        return read.veil != 0;
    }
    const char plain = read.bytes[0];
    const char before = at == 0 ? ' ' : text[at - 1];
    const char after = at + read.veil < text.size() ? text[at + read.veil] : ' ';
    if (!is_lead(text[at])) {
        // `\n` hides the start of a word behind it; at the end of a string it hides nothing.
        const bool is_blank = read.veil == 2 && (plain == ' ' || plain == '\n');
        return is_blank ? is_alnum(after) : plain != '\\';
    }
    if (plain == '-') {
        return is_digit(before) && is_digit(after);
    }
    // A number with full-width blanks has full-width digits, too.
    return plain == ' ' ? is_alnum(before) && is_alnum(after) : is_alnum(plain) || plain == '@';
}

std::size_t unveil(std::string_view text, std::span<char> out)
{
    std::size_t size = 0;
    for (std::size_t at = 0; at < text.size();) {
        if (!opens_veil[static_cast<unsigned char>(text[at])]) {
            out[size++] = text[at++];
            continue;
        }
        const auto read = read_veil(text, at);
        if (read.veil == 0) {
            out[size++] = text[at++];
            continue;
        }
        for (std::size_t i = 0; i < read.size; ++i) {
            out[size++] = read.bytes[i];
        }
        at += read.veil;
    }
    return size;
}

}  // namespace spillway::privacy
