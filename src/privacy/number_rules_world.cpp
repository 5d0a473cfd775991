#include <array>

#include "number_rules.hpp"

namespace spillway::privacy::rules {

namespace {

constexpr std::uint8_t letter(char c)
{
    return static_cast<std::uint8_t>(c - 'A' + 10);
}

bool is_year_date(Digits digits, std::size_t at)
{
    const auto year = number(digits, at, 4);
    return year >= 1900 && year <= 2099 &&
           is_month_day(number(digits, at + 4, 2), number(digits, at + 6, 2));
}

}  // namespace

bool payment_card(Digits digits)
{
    const auto two = number(digits, 0, 2);
    const auto three = number(digits, 0, 3);
    const auto four = number(digits, 0, 4);
    const auto length = digits.size();
    const bool visa = digits[0] == 4 && (length == 13 || length == 16 || length == 19);
    const bool mastercard =
        length == 16 && ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720));
    const bool amex = length == 15 && (two == 34 || two == 37);
    const bool diners =
        length == 14 && ((three >= 300 && three <= 305) || two == 36 || two >= 38) && two <= 39;
    const bool discover =
        length >= 16 && (four == 6011 || (three >= 644 && three <= 649) || two == 65);
    const bool jcb = length >= 16 && four >= 3528 && four <= 3589;
    const bool maestro = (length == 13 || length >= 16) &&
                         (two == 50 || (two >= 56 && two <= 58) || two == 63 || two == 67);
    const bool mir = length >= 16 && four >= 2200 && four <= 2204;
    return (visa || mastercard || amex || diners || discover || jcb || maestro || mir ||
            (length >= 16 && two == 62)) &&
           luhn(digits);
}

bool union_pay(Digits digits)
{
    return number(digits, 0, 2) == 62 && luhn(digits);
}

bool us_ssn(Digits digits)
{
    const auto area = number(digits, 0, 3);
    return area != 0 && area != 666 && area < 900 && number(digits, 3, 2) != 0 &&
           number(digits, 5, 4) != 0 && !all_same(digits);
}

bool br_cpf(Digits digits)
{
    constexpr std::array<std::uint8_t, 10> weights{11, 10, 9, 8, 7, 6, 5, 4, 3, 2};
    const auto check = [&digits, &weights](std::size_t count) {
        const auto sum = weighted(digits.first(count), std::span(weights).last(count));
        return sum * 10 % 11 % 10 == digits[count];
    };
    return !all_same(digits) && check(9) && check(10);
}

bool mx_curp(Digits digits)
{
    constexpr std::size_t length = 18;
    const auto sex = digits[10];
    unsigned sum = 0;
    for (std::size_t i = 0; i + 1 < length; ++i) {
        // The alphabet has Ñ after N.
        const unsigned value = digits[i] > letter('N') ? digits[i] + 1U : digits[i];
        sum += value * static_cast<unsigned>(length - i);
    }
    return is_month_day(number(digits, 6, 2), number(digits, 8, 2)) &&
           (sex == letter('H') || sex == letter('M') || sex == letter('X')) &&
           (10 - sum % 10) % 10 == digits[length - 1];
}

bool ca_sin(Digits digits)
{
    return digits[0] != 0 && digits[0] != 8 && luhn(digits) && !all_same(digits);
}

bool au_tfn(Digits digits)
{
    constexpr std::array<std::uint8_t, 9> weights{1, 4, 3, 7, 5, 8, 6, 9, 10};
    return weighted(digits, weights) % 11 == 0 && !all_same(digits);
}

bool in_aadhaar(Digits digits)
{
    return digits[0] >= 2 && verhoeff(digits) && !all_same(digits);
}

bool cn_resident_id(Digits digits)
{
    constexpr std::array<std::uint8_t, 17> weights{7, 9, 10, 5,  8, 4, 2, 1, 6,
                                                   3, 7, 9,  10, 5, 8, 4, 2};
    constexpr std::array<std::uint8_t, 11> check{1, 0, letter('X'), 9, 8, 7, 6, 5, 4, 3, 2};
    const auto province = number(digits, 0, 2);
    return province >= 11 && province <= 91 && is_year_date(digits, 6) &&
           check[weighted(digits, weights) % 11] == digits[17];
}

bool jp_my_number(Digits digits)
{
    constexpr std::array<std::uint8_t, 11> weights{6, 5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    const auto rest = weighted(digits, weights) % 11;
    return (rest <= 1 ? 0 : 11 - rest) == digits[11] && !all_same(digits);
}

bool kr_rrn(Digits digits)
{
    // Numbers given since October 2020 have no checksum: date and the digit for sex and century.
    return is_month_day(number(digits, 2, 2), number(digits, 4, 2)) && digits[6] >= 1 &&
           digits[6] <= 8;
}

bool sg_nric(Digits digits)
{
    constexpr std::array<std::uint8_t, 7> weights{2, 7, 6, 5, 4, 3, 2};
    constexpr std::string_view citizens = "JZIHGFEDCBA";
    constexpr std::string_view foreigners = "XWUTRQPNMLK";
    constexpr std::string_view foreigners_since_2022 = "KLJNPQRTUWX";
    const char series = static_cast<char>(digits[0] - 10 + 'A');
    const char found = static_cast<char>(digits[8] - 10 + 'A');
    const auto sum = weighted(digits.subspan(1), weights);
    switch (series) {
        case 'S':
            return citizens[sum % 11] == found;
        case 'T':
            return citizens[(sum + 4) % 11] == found;
        case 'F':
            return foreigners[sum % 11] == found;
        case 'G':
            return foreigners[(sum + 4) % 11] == found;
        case 'M':
            return foreigners_since_2022[10 - (sum + 3) % 11] == found;
        default:
            return false;
    }
}

bool nanp_phone(Digits digits)
{
    if (digits.size() == 11) {
        if (digits[0] != 1) {
            return false;
        }
        digits = digits.last(10);
    }
    // x11 are services, not areas.
    return digits[0] >= 2 && digits[3] >= 2 && !(digits[1] == 1 && digits[2] == 1);
}

bool trunk_phone(Digits digits)
{
    return digits[0] == 0 && digits[1] != 0 && !all_same(digits.subspan(1));
}

bool east_asian_phone(Digits digits)
{
    return trunk_phone(digits) || (digits[0] == 1 && digits[1] >= 3);
}

bool some_phone(Digits digits)
{
    return !all_same(digits);
}

}  // namespace spillway::privacy::rules
