#include <algorithm>
#include <array>

#include "group_gap.hpp"
#include "number_forms.hpp"
#include "pass.hpp"

namespace spillway::privacy {

namespace {

struct Country {
    std::string_view code;
    std::uint8_t length;
};

/// The registry's countries and the length of their account numbers.
constexpr std::array countries{
    Country{"AD", 24}, Country{"AE", 23}, Country{"AL", 28}, Country{"AT", 20}, Country{"AZ", 28},
    Country{"BA", 20}, Country{"BE", 16}, Country{"BG", 22}, Country{"BH", 22}, Country{"BI", 27},
    Country{"BR", 29}, Country{"BY", 28}, Country{"CH", 21}, Country{"CR", 22}, Country{"CY", 28},
    Country{"CZ", 24}, Country{"DE", 22}, Country{"DJ", 27}, Country{"DK", 18}, Country{"DO", 28},
    Country{"EE", 20}, Country{"EG", 29}, Country{"ES", 24}, Country{"FI", 18}, Country{"FK", 18},
    Country{"FO", 18}, Country{"FR", 27}, Country{"GB", 22}, Country{"GE", 22}, Country{"GI", 23},
    Country{"GL", 18}, Country{"GR", 27}, Country{"GT", 28}, Country{"HR", 21}, Country{"HU", 28},
    Country{"IE", 22}, Country{"IL", 23}, Country{"IQ", 23}, Country{"IS", 26}, Country{"IT", 27},
    Country{"JO", 30}, Country{"KW", 30}, Country{"KZ", 20}, Country{"LB", 28}, Country{"LC", 32},
    Country{"LI", 21}, Country{"LT", 20}, Country{"LU", 20}, Country{"LV", 21}, Country{"LY", 25},
    Country{"MC", 27}, Country{"MD", 24}, Country{"ME", 22}, Country{"MK", 19}, Country{"MN", 20},
    Country{"MR", 27}, Country{"MT", 31}, Country{"MU", 30}, Country{"NI", 28}, Country{"NL", 18},
    Country{"NO", 15}, Country{"OM", 23}, Country{"PK", 24}, Country{"PL", 28}, Country{"PS", 29},
    Country{"PT", 25}, Country{"QA", 29}, Country{"RO", 24}, Country{"RS", 22}, Country{"RU", 33},
    Country{"SA", 24}, Country{"SC", 31}, Country{"SD", 18}, Country{"SE", 24}, Country{"SI", 19},
    Country{"SK", 24}, Country{"SM", 27}, Country{"SO", 23}, Country{"ST", 25}, Country{"SV", 28},
    Country{"TL", 23}, Country{"TN", 24}, Country{"TR", 26}, Country{"UA", 29}, Country{"VA", 22},
    Country{"VG", 24}, Country{"XK", 20}, Country{"YE", 30},
};

constexpr char upper(char c)
{
    return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c;
}

constexpr std::size_t place(char first, char second)
{
    return static_cast<std::size_t>(upper(first) - 'A') * 26 +
           static_cast<std::size_t>(upper(second) - 'A');
}

/// By both letters of the country; 0 where there is none.
constexpr auto lengths = [] {
    std::array<std::uint8_t, std::size_t{26} * 26> table{};
    for (const auto& country : countries) {
        table[place(country.code[0], country.code[1])] = country.length;
    }
    return table;
}();

std::uint8_t value_of(char c)
{
    return static_cast<std::uint8_t>(is_digit(c) ? c - '0' : upper(c) - 'A' + 10);
}

constexpr std::size_t longest = 34;

struct Account {
    std::array<std::uint8_t, longest> characters{};
    std::size_t count = 0;
    std::size_t end = 0;
    bool parted = false;   ///< Some gap is wider than one blank or hyphen: columns, a line's end.
    bool in_fours = true;  ///< All gaps stand between groups of four.
    bool small = false;    ///< Has small letters.
};

/// Reads up to `length` letters and digits, gaps between groups skipped.
Account read_account(std::string_view text, std::size_t begin, std::size_t length)
{
    Account account;
    account.end = begin;
    while (account.end < text.size() && account.count < length) {
        const char c = text[account.end];
        if (is_alnum(c)) {
            account.characters[account.count++] = value_of(c);
            account.small = account.small || (is_letter(c) && !is_upper(c));
            ++account.end;
            continue;
        }
        const auto next = c == '-' ? account.end + 1 : gap_end(text, account.end);
        if (next == account.end || next == text.size() || !is_alnum(text[next])) {
            break;
        }
        account.parted = account.parted || (c != '-' && (c != ' ' || next != account.end + 1));
        account.in_fours = account.in_fours && account.count % 4 == 0;
        account.end = next;
    }
    return account;
}

}  // namespace

/// Two letters of a country before the two check digits at `at`; the rest with or without blanks or
/// hyphens between groups. Words over several lines could be read as one as well, so what is parted
/// by more than a blank has to be in capitals and in groups of four.
void read_iban(Pass& pass, std::size_t at, std::size_t run)
{
    const auto text = pass.text();
    if (at < 2 || run < 2 || !is_letter(text[at - 2]) || !starts_clean(text, at - 2)) {
        return;
    }
    const auto begin = at - 2;
    const std::size_t length = lengths[place(text[begin], text[begin + 1])];
    if (length == 0) {
        return;
    }
    auto account = read_account(text, begin, length);
    if (account.count != length || (account.end < text.size() && is_alnum(text[account.end])) ||
        (account.parted && (account.small || !account.in_fours))) {
        return;
    }
    auto& characters = account.characters;
    std::rotate(characters.begin(), characters.begin() + 4,
                characters.begin() + static_cast<std::ptrdiff_t>(length));
    if (mod97(Digits(characters).first(length)) == 1) {
        pass.report(ClassId::iban, text.substr(begin, account.end - begin));
    }
}

}  // namespace spillway::privacy
