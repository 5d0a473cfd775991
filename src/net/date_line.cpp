#include "spillway/net/date_line.hpp"

#include <chrono>

namespace spillway::net {

namespace {

constexpr std::string_view pattern = "Date: ddd, 00 mmm 0000 00:00:00 GMT\r\n";
constexpr std::string_view days = "SunMonTueWedThuFriSat";
constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// `number` in decimal, so that its last digit is at `last`.
void write_digits(char* last, unsigned number, int count) noexcept
{
    for (; count > 0; --count, number /= 10)
        *last-- = static_cast<char>('0' + number % 10);
}

}  // namespace

std::string_view DateLine::at(std::time_t now) noexcept
{
    if (now == written_for_)
        return {text_.data(), text_.size()};
    written_for_ = now;
    const std::chrono::sys_seconds moment{std::chrono::seconds{now}};
    const auto midnight = std::chrono::floor<std::chrono::days>(moment);
    const std::chrono::year_month_day date{midnight};
    const std::chrono::hh_mm_ss time{moment - midnight};
    char* const text = text_.data();
    pattern.copy(text, pattern.size());
    days.copy(text + 6, 3, 3 * std::chrono::weekday{midnight}.c_encoding());
    write_digits(text + 12, unsigned{date.day()}, 2);
    months.copy(text + 14, 3, 3 * (unsigned{date.month()} - 1));
    write_digits(text + 21, static_cast<unsigned>(int{date.year()}), 4);
    write_digits(text + 24, static_cast<unsigned>(time.hours().count()), 2);
    write_digits(text + 27, static_cast<unsigned>(time.minutes().count()), 2);
    write_digits(text + 30, static_cast<unsigned>(time.seconds().count()), 2);
    return {text_.data(), text_.size()};
}

}  // namespace spillway::net
