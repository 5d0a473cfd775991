#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace spillway::tokens {

/// The value of each character of the base64 alphabet; -1 for all others.
inline constexpr std::array<std::int8_t, 256> base64_values = [] {
    std::array<std::int8_t, 256> values{};
    values.fill(-1);
    constexpr std::string_view alphabet =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (std::size_t i = 0; i < alphabet.size(); ++i)
        values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
    return values;
}();

/// Appends what the front of `base64` decodes to, until something is not base64 or `bytes` has
/// `most`; returns how many characters were used.
template <class String>
std::size_t append_decoded(String& bytes, std::string_view base64, std::size_t most)
{
    std::uint32_t bits = 0;
    int filled = 0;
    std::size_t used = 0;
    for (; used < base64.size() && bytes.size() < most; ++used) {
        const std::int8_t value = base64_values[static_cast<unsigned char>(base64[used])];
        if (value < 0)
            break;
        bits = bits << 6 | static_cast<std::uint32_t>(value);
        filled += 6;
        if (filled >= 8) {
            filled -= 8;
            bytes += static_cast<char>(bits >> filled & 0xff);
        }
    }
    return used;
}

}  // namespace spillway::tokens
