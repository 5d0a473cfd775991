#pragma once

#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Looking at the bytes of heads 16 at a time: they are most of what is read of a small request.
namespace spillway::net {

/// What may not stand in a field's value: a control byte other than HTAB, or DEL.
[[nodiscard]] inline bool is_control(char c) noexcept
{
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && byte != '\t') || byte == 0x7f;
}

#if defined(__SSE2__)
[[nodiscard]] inline __m128i load_16(const char* from) noexcept
{
    __m128i bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return bytes;
}

/// All ones in each byte that is at most `most`, unsigned.
[[nodiscard]] inline __m128i at_most(__m128i bytes, char most) noexcept
{
    return _mm_cmpeq_epi8(_mm_min_epu8(bytes, _mm_set1_epi8(most)), bytes);
}

/// Bit i is set where byte i is a control (see `is_control`).
[[nodiscard]] inline unsigned controls_16(const char* from) noexcept
{
    const __m128i bytes = load_16(from);
    const __m128i tab = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\t'));
    const __m128i del = _mm_cmpeq_epi8(bytes, _mm_set1_epi8(0x7f));
    const __m128i low = _mm_andnot_si128(tab, at_most(bytes, 0x1f));
    return static_cast<unsigned>(_mm_movemask_epi8(_mm_or_si128(low, del)));
}

/// Bit i is set where byte i is a letter, a digit or '-': what almost all field names are made of.
[[nodiscard]] inline unsigned plain_16(const char* from) noexcept
{
    const __m128i bytes = load_16(from);
    const __m128i folded = _mm_or_si128(bytes, _mm_set1_epi8(0x20));
    const __m128i letter = at_most(_mm_sub_epi8(folded, _mm_set1_epi8('a')), 25);
    const __m128i digit = at_most(_mm_sub_epi8(bytes, _mm_set1_epi8('0')), 9);
    const __m128i hyphen = _mm_cmpeq_epi8(bytes, _mm_set1_epi8('-'));
    const __m128i plain = _mm_or_si128(_mm_or_si128(letter, digit), hyphen);
    return static_cast<unsigned>(_mm_movemask_epi8(plain));
}
#endif

/// How many bytes at the front are letters, digits or '-'. May stop early: the rest is for a closer
/// look.
[[nodiscard]] inline std::size_t plain_prefix(std::string_view text) noexcept
{
    std::size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= text.size(); i += 16)
        if (const unsigned others = ~plain_16(text.data() + i) & 0xffffU; others != 0)
            return i + static_cast<std::size_t>(std::countr_zero(others));
#endif
    return i;
}

/// Where the first control byte lies, or the end.
[[nodiscard]] inline std::size_t control_in(std::string_view text) noexcept
{
    std::size_t i = 0;
#if defined(__SSE2__)
    for (; i + 16 <= text.size(); i += 16)
        if (const unsigned found = controls_16(text.data() + i); found != 0)
            return i + static_cast<std::size_t>(std::countr_zero(found));
#endif
    while (i < text.size() && !is_control(text[i]))
        ++i;
    return i;
}

/// True when any byte is a control.
[[nodiscard]] inline bool has_control(std::string_view text) noexcept
{
#if defined(__SSE2__)
    if (text.size() >= 16) {
        unsigned found = controls_16(text.data() + text.size() - 16);
        for (std::size_t i = 0; i + 16 < text.size(); i += 16)
            found |= controls_16(text.data() + i);
        return found != 0;
    }
#endif
    return control_in(text) != text.size();
}

}  // namespace spillway::net
