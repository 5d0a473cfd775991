#include <algorithm>
#include <array>
#include <string_view>

#include "number_rules.hpp"

namespace spillway::privacy::rules {

namespace {

using Weights = std::span<const std::uint8_t>;

constexpr std::uint8_t letter(char c)
{
    return static_cast<std::uint8_t>(c - 'A' + 10);
}

/// Position of a digit or letter in an alphabet of check characters.
bool is_check(std::string_view alphabet, std::uint64_t rest, std::uint8_t found)
{
    const char wanted = alphabet[rest];
    return found == (wanted >= 'A' ? letter(wanted) : static_cast<std::uint8_t>(wanted - '0'));
}

/// 11 minus the remainder of a weighted sum; 11 counts 0, 10 is no digit.
bool mod11_check(Digits digits, Weights weights, std::uint8_t found)
{
    const auto check = (11 - weighted(digits, weights) % 11) % 11;
    return check == found;
}

bool is_date(Digits digits, std::size_t month_at, std::size_t day_at)
{
    return is_month_day(number(digits, month_at, 2), number(digits, day_at, 2));
}

}  // namespace

bool uk_nino(Digits digits)
{
    constexpr std::string_view never_first = "DFIQUV";
    constexpr std::string_view never_second = "DFIOQUV";
    constexpr std::array<std::string_view, 7> never{"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"};
    const std::array<char, 2> prefix{static_cast<char>(digits[0] - 10 + 'A'),
                                     static_cast<char>(digits[1] - 10 + 'A')};
    const std::string_view both(prefix.data(), prefix.size());
    return never_first.find(both[0]) == std::string_view::npos &&
           never_second.find(both[1]) == std::string_view::npos &&
           std::find(never.begin(), never.end(), both) == never.end() &&
           digits.back() <= letter('D') && !all_same(digits.subspan(2, 6));
}

bool uk_nhs(Digits digits)
{
    constexpr std::array<std::uint8_t, 9> weights{10, 9, 8, 7, 6, 5, 4, 3, 2};
    return mod11_check(digits, weights, digits[9]) && !all_same(digits);
}

bool de_steuer_id(Digits digits)
{
    std::array<unsigned, 10> times{};
    for (const auto digit : digits.first(10)) {
        ++times[digit];
    }
    // Of the first ten digits one occurs twice (since 2016: or three times), the others once or
    // never.
    const auto repeated = std::count_if(times.begin(), times.end(), [](auto n) { return n > 1; });
    const auto most = *std::max_element(times.begin(), times.end());
    return digits[0] != 0 && repeated == 1 && most <= 3 && iso7064_mod11_10(digits);
}

bool fr_nir(Digits digits)
{
    auto body = number(digits, 0, 13);
    if (digits[6] >= 10) {
        // Corsica: 2A counts 19, 2B counts 18.
        if (digits[5] != 2 || digits[6] > letter('B')) {
            return false;
        }
        const auto department = digits[6] == letter('A') ? 19U : 18U;
        body = (number(digits, 0, 5) * 100 + department) * 1'000'000 + number(digits, 7, 6);
    }
    const auto sex = digits[0];
    const auto month = number(digits, 3, 2);
    // 20 to 42 and 50 to 99 stand for a month that nobody knew.
    const bool month_fits =
        (month >= 1 && month <= 12) || (month >= 20 && month <= 42) || month >= 50;
    return (sex <= 4 || sex == 7 || sex == 8) && sex != 0 && month_fits &&
           97 - body % 97 == number(digits, 13, 2);
}

bool es_dni(Digits digits)
{
    constexpr std::string_view letters = "TRWAGMYFPDXBNJZSQVHLCKE";
    const bool foreigner = digits[0] >= 10;
    if (foreigner && (digits[0] < letter('X') || digits[0] > letter('Z'))) {
        return false;
    }
    const auto body = foreigner ? (digits[0] - letter('X')) * 10'000'000ULL + number(digits, 1, 7)
                                : number(digits, 0, 8);
    return is_check(letters, body % letters.size(), digits[8]);
}

bool it_codice_fiscale(Digits digits)
{
    constexpr std::string_view months = "ABCDEHLMPRST";
    constexpr std::array<std::uint8_t, 26> odd{1,  0,  5, 7, 9, 13, 15, 17, 19, 21, 2,  4,  18,
                                               20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23};
    const auto month = months.find(static_cast<char>(digits[8] - 10 + 'A'));
    const auto day = number(digits, 9, 2) % 40;  // Women's days count from 41.
    unsigned sum = 0;
    for (std::size_t i = 0; i < 15; ++i) {
        const auto value = digits[i] >= 10 ? digits[i] - 10U : digits[i];
        sum += i % 2 == 0 ? odd[value] : value;
    }
    return month != std::string_view::npos && day >= 1 && day <= 31 && sum % 26 == digits[15] - 10U;
}

bool nl_bsn(Digits digits)
{
    constexpr std::array<std::uint8_t, 8> weights{9, 8, 7, 6, 5, 4, 3, 2};
    return weighted(digits, weights) % 11 == digits[8] && !all_same(digits);
}

bool be_nn(Digits digits)
{
    const auto month = number(digits, 2, 2) % 20;  // 20 and 40 are added in register bis.
    const auto day = number(digits, 4, 2);
    const auto body = number(digits, 0, 9);
    const auto check = number(digits, 9, 2);
    const bool born_before_2000 = 97 - body % 97 == check;
    const bool born_later = 97 - (2'000'000'000 + body) % 97 == check;
    return (is_month_day(month, day) || (month == 0 && day == 0)) &&
           (born_before_2000 || born_later);
}

bool ch_ahv(Digits digits)
{
    return number(digits, 0, 3) == 756 && ean13(digits);
}

bool pl_pesel(Digits digits)
{
    constexpr std::array<std::uint8_t, 10> weights{1, 3, 7, 9, 1, 3, 7, 9, 1, 3};
    return is_month_day(number(digits, 2, 2) % 20, number(digits, 4, 2)) &&
           (10 - weighted(digits, weights) % 10) % 10 == digits[10];
}

bool se_personnummer(Digits digits)
{
    if (digits.size() == 12) {
        const auto century = number(digits, 0, 2);
        if (century < 18 || century > 20) {
            return false;
        }
        digits = digits.last(10);
    }
    const auto day = number(digits, 4, 2);  // Coordination numbers add 60.
    return is_month_day(number(digits, 2, 2), day > 60 ? day - 60 : day) && luhn(digits);
}

bool no_fnr(Digits digits)
{
    constexpr std::array<std::uint8_t, 9> first{3, 7, 6, 1, 8, 9, 4, 5, 2};
    constexpr std::array<std::uint8_t, 10> second{5, 4, 3, 2, 7, 6, 5, 4, 3, 2};
    const auto day = number(digits, 0, 2);  // D numbers add 40.
    return is_month_day(number(digits, 2, 2), day > 40 ? day - 40 : day) &&
           mod11_check(digits, first, digits[9]) && mod11_check(digits, second, digits[10]);
}

bool dk_cpr(Digits digits)
{
    return is_date(digits, 2, 0);
}

bool fi_hetu(Digits digits)
{
    constexpr std::string_view check = "0123456789ABCDEFHJKLMNPRSTUVWXY";
    // Ten characters with a sign between, eleven with the century's letter there.
    const bool lettered = digits.size() == 11;
    const auto body = number(digits, 0, 6) * 1000 + number(digits, lettered ? 7 : 6, 3);
    return is_date(digits, 2, 0) && is_check(check, body % check.size(), digits.back());
}

}  // namespace spillway::privacy::rules
