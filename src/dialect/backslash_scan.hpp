#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace spillway::dialect {

/// Bytes looked at in one step.
inline constexpr std::size_t block_size = 64;

/// Bit i is set where `text[at + i]` is a backslash, for the 64 bytes at `at` or what is left.
inline std::uint64_t backslashes(std::string_view text, std::size_t at)
{
    std::uint64_t marks = 0;
#if defined(__SSE2__)
    if (at + block_size <= text.size()) {
        const __m128i wanted = _mm_set1_epi8('\\');
        for (std::size_t i = 0; i < block_size; i += 16) {
            __m128i bytes;
            std::memcpy(&bytes, text.data() + at + i, sizeof bytes);
            const int found = _mm_movemask_epi8(_mm_cmpeq_epi8(bytes, wanted));
            marks |= static_cast<std::uint64_t>(static_cast<unsigned>(found)) << i;
        }
        return marks;
    }
#endif
    const auto length = std::min(block_size, text.size() - at);
    for (std::size_t i = 0; i < length; ++i) {
        marks |= static_cast<std::uint64_t>(text[at + i] == '\\') << i;
    }
    return marks;
}

}  // namespace spillway::dialect
