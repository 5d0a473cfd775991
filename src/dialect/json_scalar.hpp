#pragma once

#include <string_view>

namespace spillway::dialect {

[[nodiscard]] constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/// RFC 8259, section 6: the number as a whole, nothing before or behind it.
[[nodiscard]] bool is_number(std::string_view text);

}  // namespace spillway::dialect
