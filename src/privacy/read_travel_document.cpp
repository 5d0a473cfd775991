#include <algorithm>

#include "checksums.hpp"
#include "pass.hpp"

namespace spillway::privacy {

namespace {

/// Birth (with check), sex, expiry (with check) of a machine readable zone; birth begins at `at`.
/// Two check digits and two dates: this does not happen by chance.
bool is_machine_readable(std::string_view text, std::size_t at)
{
    constexpr std::size_t length = 15;
    if (at + length > text.size()) {
        return false;
    }
    const auto zone = text.substr(at, length);
    const auto is_date = [&zone](std::size_t from) {
        const auto two = [&zone](std::size_t i) {
            return static_cast<std::uint64_t>((zone[i] - '0') * 10 + (zone[i + 1] - '0'));
        };
        return is_month_day(two(from + 2), two(from + 4));
    };
    const bool digits = std::all_of(zone.begin(), zone.begin() + 7, is_digit) &&
                        std::all_of(zone.begin() + 8, zone.end(), is_digit);
    const char sex = zone[7];
    return digits && (sex == 'M' || sex == 'F' || sex == 'X' || sex == '<') && is_date(0) &&
           is_date(8) && icao(zone.substr(0, 6), zone[6]) && icao(zone.substr(8, 6), zone[14]);
}

}  // namespace

/// A machine readable zone, or what a word calls a passport number: 8 or 9 capitals and digits.
void read_travel_document(Pass& pass, std::size_t at, std::size_t run)
{
    const auto text = pass.text();
    // In a passport's second line letters (or '<') for the country stand before the birth date; in
    // the line of a smaller document it comes first.
    if (run == 7 && is_machine_readable(text, at)) {
        pass.report(ClassId::passport, text.substr(at, 15));
        return;
    }
    constexpr std::size_t longest = 9;
    // At most two of at least eight characters stand before the digits.
    const auto sixth = at + 5 < text.size() ? text[at + 5] : ' ';
    if (!is_upper(sixth) && !is_digit(sixth)) {
        return;
    }
    auto begin = at;
    while (begin > 0 && at - begin < longest && is_upper(text[begin - 1])) {
        --begin;
    }
    if (at - begin > 2 || !starts_clean(text, begin)) {
        return;
    }
    auto end = begin;
    std::size_t digits = 0;
    while (end < text.size() && end - begin <= longest &&
           (is_upper(text[end]) || is_digit(text[end]))) {
        digits += is_digit(text[end]) ? 1U : 0U;
        ++end;
    }
    const auto length = end - begin;
    if (length >= 8 && length <= longest && digits >= 4 && ends_clean(text, end)) {
        pass.report_cued(ClassId::passport, begin, end);
    }
}

}  // namespace spillway::privacy
