#pragma once

#include <cstddef>
#include <string_view>

namespace spillway {

/// Is this how `sha256_hex` names something: 64 digits, the letters small?
[[nodiscard]] constexpr bool is_sha256_hex(std::string_view text)
{
    constexpr std::size_t length = 64;
    return text.size() == length &&
           text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace spillway
