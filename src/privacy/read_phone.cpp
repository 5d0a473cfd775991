#include <algorithm>
#include <array>
#include <optional>

#include "number_forms.hpp"
#include "number_rules.hpp"
#include "pass.hpp"

namespace spillway::privacy {

namespace {

constexpr std::size_t most_phone_digits = 15;

/// Calling codes by their number of digits: every one or two digit code, else three digits.
std::size_t calling_code_length(Digits digits)
{
    if (digits[0] == 1 || digits[0] == 7) {
        return 1;
    }
    constexpr std::array<std::uint8_t, 44> two{
        20, 27, 30, 31, 32, 33, 34, 36, 39, 40, 41, 43, 44, 45, 46, 47, 48, 49, 51, 52, 53, 54,
        55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66, 81, 82, 84, 86, 90, 91, 92, 93, 94, 95, 98};
    const auto code = number(digits, 0, 2);
    if (std::find(two.begin(), two.end(), code) != two.end()) {
        return 2;
    }
    // Three digits: 21x to 26x, 29x, 35x, 37x, 38x, 42x, 50x, 59x, 67x to 69x, 85x, 88x, 96x, 97x,
    // 99x.
    constexpr std::array<std::uint8_t, 20> three{21, 22, 23, 24, 25, 26, 29, 35, 37, 38,
                                                 42, 50, 59, 67, 68, 69, 85, 88, 96, 97};
    return std::find(three.begin(), three.end(), code) != three.end() || code == 99 ? 3 : 0;
}

/// Digits from `at` on, with at most two marks between groups, up to the end of the group that
/// makes them `enough`.
ReadNumber read_grouped(std::string_view text, std::size_t at, std::size_t enough)
{
    ReadNumber read;
    read.end = at;
    std::size_t marks = 0;
    while (at < text.size() && read.count < most_digits && marks <= 2) {
        if (is_digit(text[at])) {
            read.digits[read.count++] = static_cast<std::uint8_t>(text[at] - '0');
            read.end = ++at;
            marks = 0;
        } else if (read.count >= enough) {
            break;
        } else if (std::string_view(" -./()").find(text[at]) != std::string_view::npos) {
            ++at;
            ++marks;
        } else {
            break;
        }
    }
    return read;
}

bool is_international(Digits digits)
{
    if (digits.size() < 8 || digits.size() > most_phone_digits || digits[0] == 0) {
        return false;
    }
    const auto code = calling_code_length(digits);
    if (code == 0 || all_same(digits)) {
        return false;
    }
    return digits[0] != 1 || (digits.size() == 11 && rules::nanp_phone(digits));
}

void read_international(Pass& pass, std::size_t at)
{
    const auto text = pass.text();
    const auto read = read_grouped(text, at, text[at] == '1' ? 11 : 8);
    if (is_international(read.all()) && ends_clean(text, read.end)) {
        pass.report(ClassId::phone, text.substr(at, read.end - at));
    }
}

/// "(212) 555-0143", "(030) 1234567", "(11) 91234-5678": an area in brackets.
void read_bracketed(Pass& pass, std::size_t at, std::size_t run)
{
    const auto text = pass.text();
    if (run < 2 || run > 5 || at + run >= text.size() || text[at + run] != ')') {
        return;
    }
    auto rest = at + run + 1;
    rest += rest < text.size() && (text[rest] == ' ' || text[rest] == '-') ? 1U : 0U;
    constexpr std::array<std::string_view, 5> american{"3-4", "3 4", "3.4", "5-4", "4-4"};
    const auto area = read_grouped(text, at, run);
    for (const auto shape : american) {
        const auto read = read_shape(text, rest, shape);
        if (read && ends_clean(text, read->end)) {
            const bool north =
                run == 3 && shape[0] == '3' && area.digits[0] >= 2 && read->digits[0] >= 2;
            const bool brazil = run == 2 && shape[0] != '3' && area.digits[0] >= 1;
            if (north || brazil) {
                pass.report(ClassId::phone, text.substr(at, read->end - at));
                return;
            }
        }
    }
    const auto read = read_grouped(text, rest, 5);
    if (area.digits[0] == 0 && read.count >= 5 && read.count <= 8 && ends_clean(text, read.end)) {
        pass.report(ClassId::phone, text.substr(at, read.end - at));
    }
}

}  // namespace

void read_phone(Pass& pass, std::size_t at, std::size_t run)
{
    const auto text = pass.text();
    const char before = text[at - 1];
    if (before == '+' && (at == 1 || starts_clean(text, at - 1))) {
        read_international(pass, at);
    } else if (before == '(') {
        // "(030)", or "(+49) 30 ..." which the plus sign announces by itself.
        read_bracketed(pass, at, run);
    }
}

}  // namespace spillway::privacy
