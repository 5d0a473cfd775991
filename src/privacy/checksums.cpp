#include "checksums.hpp"

#include <algorithm>
#include <array>

namespace spillway::privacy {

bool luhn(Digits digits)
{
    unsigned sum = 0;
    bool twice = false;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
        const unsigned value = twice ? *digit * 2U : *digit;
        sum += value > 9 ? value - 9 : value;
        twice = !twice;
    }
    return sum % 10 == 0;
}

bool verhoeff(Digits digits)
{
    using Row = std::array<std::uint8_t, 10>;
    constexpr std::array<Row, 10> product{{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                           {1, 2, 3, 4, 0, 6, 7, 8, 9, 5},
                                           {2, 3, 4, 0, 1, 7, 8, 9, 5, 6},
                                           {3, 4, 0, 1, 2, 8, 9, 5, 6, 7},
                                           {4, 0, 1, 2, 3, 9, 5, 6, 7, 8},
                                           {5, 9, 8, 7, 6, 0, 4, 3, 2, 1},
                                           {6, 5, 9, 8, 7, 1, 0, 4, 3, 2},
                                           {7, 6, 5, 9, 8, 2, 1, 0, 4, 3},
                                           {8, 7, 6, 5, 9, 3, 2, 1, 0, 4},
                                           {9, 8, 7, 6, 5, 4, 3, 2, 1, 0}}};
    constexpr std::array<Row, 8> permutation{{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9},
                                              {1, 5, 7, 6, 2, 8, 3, 0, 9, 4},
                                              {5, 8, 0, 3, 7, 9, 6, 1, 4, 2},
                                              {8, 9, 1, 6, 0, 4, 3, 5, 2, 7},
                                              {9, 4, 5, 3, 1, 2, 6, 8, 7, 0},
                                              {4, 2, 8, 6, 5, 7, 3, 9, 0, 1},
                                              {2, 7, 9, 3, 8, 0, 6, 4, 1, 5},
                                              {7, 0, 4, 6, 9, 1, 3, 2, 5, 8}}};
    std::uint8_t check = 0;
    std::size_t place = 0;
    for (auto digit = digits.rbegin(); digit != digits.rend(); ++digit) {
        check = product[check][permutation[place % 8][*digit]];
        ++place;
    }
    return check == 0;
}

bool iso7064_mod11_10(Digits digits)
{
    unsigned product = 10;
    for (const auto digit : digits.first(digits.size() - 1)) {
        const unsigned sum = (digit + product) % 10;
        product = (sum == 0 ? 10 : sum) * 2 % 11;
    }
    return (11 - product) % 10 == digits.back();
}

unsigned mod97(Digits digits)
{
    unsigned rest = 0;
    for (const auto digit : digits) {
        rest = (digit > 9 ? rest * 100 + digit : rest * 10 + digit) % 97;
    }
    return rest;
}

bool ean13(Digits digits)
{
    constexpr std::array<std::uint8_t, 13> weights{1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1};
    return weighted(digits, weights) % 10 == 0;
}

bool icao(std::string_view field, char check)
{
    constexpr std::array<unsigned, 3> weights{7, 3, 1};
    unsigned sum = 0;
    for (std::size_t i = 0; i < field.size(); ++i) {
        const char c = field[i];
        const auto value = c >= '0' && c <= '9'   ? static_cast<unsigned>(c - '0')
                           : c >= 'A' && c <= 'Z' ? static_cast<unsigned>(c - 'A' + 10)
                                                  : 0U;
        sum += value * weights[i % weights.size()];
    }
    return check >= '0' && check <= '9' && sum % 10 == static_cast<unsigned>(check - '0');
}

unsigned weighted(Digits digits, std::span<const std::uint8_t> weights)
{
    unsigned sum = 0;
    for (std::size_t i = 0; i < weights.size() && i < digits.size(); ++i) {
        sum += static_cast<unsigned>(digits[i]) * weights[i];
    }
    return sum;
}

std::uint64_t number(Digits digits, std::size_t first, std::size_t count)
{
    std::uint64_t value = 0;
    for (const auto digit : digits.subspan(first, count)) {
        value = value * 10 + digit;
    }
    return value;
}

bool is_month_day(std::uint64_t month, std::uint64_t day)
{
    constexpr std::array<std::uint8_t, 13> days{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return month >= 1 && month <= 12 && day >= 1 && day <= days[month];
}

bool all_same(Digits digits)
{
    return std::all_of(digits.begin(), digits.end(),
                       [&digits](auto digit) { return digit == digits.front(); });
}

}  // namespace spillway::privacy
