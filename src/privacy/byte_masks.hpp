#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace spillway::privacy {

inline constexpr std::size_t block_size = 64;

/// What the 64 bytes of a block are: bit i speaks of byte i.
struct ByteMasks {
    std::uint64_t letters = 0;  ///< ASCII
    std::uint64_t digits = 0;
    std::uint64_t leads = 0;  ///< First bytes of characters beyond ASCII.
    std::uint64_t signs = 0;  ///< '@' ':' '=' '\' '%'
};

[[nodiscard]] constexpr bool is_letter(char c)
{
    const auto small = static_cast<unsigned char>(c) | 0x20U;
    return small >= 'a' && small <= 'z';
}
[[nodiscard]] constexpr bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}
[[nodiscard]] constexpr bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}
[[nodiscard]] constexpr bool is_alnum(char c)
{
    return is_letter(c) || is_digit(c);
}
[[nodiscard]] constexpr bool is_sign(char c)
{
    return c == '@' || c == ':' || c == '=' || c == '\\' || c == '%';
}
[[nodiscard]] constexpr bool is_lead(char c)
{
    return static_cast<unsigned char>(c) >= 0xC0;
}

#if defined(__SSE2__)
namespace sse2 {

/// 0xFF where the byte is one of the `count` from `first` on; right for bytes below 0x80 only and
/// false above.
inline __m128i in_range(__m128i bytes, char first, char count)
{
    const auto shift = static_cast<char>(127 - (first + count - 1));
    return _mm_cmpgt_epi8(_mm_add_epi8(bytes, _mm_set1_epi8(shift)),
                          _mm_set1_epi8(static_cast<char>(127 - count)));
}

inline std::uint64_t bits(__m128i marks, std::size_t at)
{
    return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(marks))) << at;
}

inline void classify(const char* from, std::size_t at, ByteMasks& masks)
{
    __m128i bytes;
    std::memcpy(&bytes, from + at, sizeof bytes);
    const auto is = [&bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
    masks.letters |= bits(in_range(_mm_or_si128(bytes, _mm_set1_epi8(0x20)), 'a', 26), at);
    masks.digits |= bits(in_range(bytes, '0', 10), at);
    const auto above_continuation = _mm_cmpgt_epi8(bytes, _mm_set1_epi8(-65));
    masks.leads |= bits(_mm_and_si128(above_continuation, bytes), at);
    const auto some = _mm_or_si128(is('@'), _mm_or_si128(is(':'), is('=')));
    masks.signs |= bits(_mm_or_si128(some, _mm_or_si128(is('\\'), is('%'))), at);
}

}  // namespace sse2
#endif

/// The masks of 64 readable bytes.
[[nodiscard]] inline ByteMasks classify_block(const char* from)
{
    ByteMasks masks;
#if defined(__SSE2__)
    for (std::size_t at = 0; at < block_size; at += 16) {
        sse2::classify(from, at, masks);
    }
#else
    for (std::size_t at = 0; at < block_size; ++at) {
        const auto bit = std::uint64_t{1} << at;
        masks.letters |= is_letter(from[at]) ? bit : 0;
        masks.digits |= is_digit(from[at]) ? bit : 0;
        masks.leads |= is_lead(from[at]) ? bit : 0;
        masks.signs |= is_sign(from[at]) ? bit : 0;
    }
#endif
    return masks;
}

/// The masks of the bytes at `at`; what is beyond the end of the text is nothing.
[[nodiscard]] inline ByteMasks masks_at(std::string_view text, std::size_t at)
{
    if (at + block_size <= text.size()) {
        return classify_block(text.data() + at);
    }
    std::array<char, block_size> last{};
    std::copy(text.begin() + static_cast<std::ptrdiff_t>(at), text.end(), last.begin());
    return classify_block(last.data());
}

}  // namespace spillway::privacy
