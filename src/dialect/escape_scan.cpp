#include "escape_scan.hpp"

#include <algorithm>
#include <bit>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace spillway::dialect {
namespace {

/// Bytes that the escape at the backslash `at` gets shorter by; 0 when there is no such escape.
std::size_t saved_by(std::string_view text, std::size_t at)
{
    const char letter = text[at + 1];
    if (letter != 'u') {
        return plain_escape(letter) != '\0' ? 1 : 0;
    }
    const int unit = hex4(text.data() + at + 2);
    if (unit < 0x80) {
        return unit < 0 ? 0 : 5;
    }
    // Each half of a surrogate pair counts for two of its four bytes of UTF-8.
    return unit < 0x800 || is_high_surrogate(unit) || is_low_surrogate(unit) ? 4 : 3;
}

#if defined(__x86_64__)

/// One bit per byte of a block of 64.
struct Marks {
    std::uint64_t backslash = 0;
    std::uint64_t letter = 0;  ///< What is an escape of one letter behind a backslash.
};

/// `letters[low nibble] & rows[high nibble]` is not zero for the eight letters:
/// " (22) / (2F) \ (5C) b f n (62 66 6E) r t (72 74).
alignas(16) constexpr std::array<std::uint8_t, 16> letters{0, 0, 1 | 4 | 8, 0, 8, 0, 4, 0,
                                                           0, 0, 0,         0, 2, 0, 4, 1};
alignas(16) constexpr std::array<std::uint8_t, 16> rows{0, 0, 1, 0, 0, 2, 4, 8,
                                                        0, 0, 0, 0, 0, 0, 0, 0};

__attribute__((target("avx2"))) inline __m256i twice(const std::array<std::uint8_t, 16>& table)
{
    return _mm256_broadcastsi128_si256(
        _mm_load_si128(reinterpret_cast<const __m128i*>(table.data())));
}

__attribute__((target("avx2"))) inline std::uint64_t bits(__m256i matches)
{
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(matches));
}

/// The marks of 32 bytes.
__attribute__((target("avx2"))) inline Marks half_marks(const char* half)
{
    const __m256i bytes = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(half));
    // The shuffle gives zero for a byte whose top bit is set.
    const __m256i row = _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(0x0F));
    const __m256i found = _mm256_and_si256(_mm256_shuffle_epi8(twice(letters), bytes),
                                           _mm256_shuffle_epi8(twice(rows), row));
    return {bits(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\'))),
            bits(_mm256_cmpgt_epi8(found, _mm256_setzero_si256()))};
}

__attribute__((target("avx2"))) inline Marks marks_of(const char* block)
{
    const auto low = half_marks(block);
    const auto high = half_marks(block + 32);
    return {low.backslash | high.backslash << 32U, low.letter | high.letter << 32U};
}

/// The backslashes in `marked` that begin an escape: in a run of them, every other one.
inline std::uint64_t beginning(std::uint64_t marked)
{
    if ((marked & marked << 1U) == 0) {
        return marked;
    }
    std::uint64_t begins = 0;
    for (auto rest = marked; rest != 0;) {
        const auto first = rest & (~rest + 1);
        begins |= first;
        rest &= ~(first | first << 1U);
    }
    return begins;
}

__attribute__((target("avx2,popcnt"))) EscapeScan scan_escapes_avx2(std::string_view text,
                                                                    std::size_t from,
                                                                    std::size_t end)
{
    EscapeScan scan;
    std::uint64_t carry = 0;  // 1 when the block's first byte is escaped.
    for (std::size_t block = from; block < end; block += 64) {
        const auto marks = marks_of(text.data() + block);
        const std::uint64_t inside =
            end - block < 64 ? (std::uint64_t{1} << (end - block)) - 1 : ~std::uint64_t{0};
        const std::uint64_t begins = beginning(marks.backslash & inside & ~carry);
        const std::uint64_t escaped = begins << 1U | carry;
        carry = begins >> 63U;
        scan.saved += static_cast<std::size_t>(__builtin_popcountll(escaped));
        for (auto longer = escaped & ~marks.letter; longer != 0; longer &= longer - 1) {
            const auto at = block + static_cast<std::size_t>(std::countr_zero(longer)) - 1;
            const auto saved = saved_by(text, at);
            if (saved == 0) {
                scan.fault = at;
                return scan;
            }
            scan.saved += saved - 1;
        }
    }
    return scan;
}

#endif

}  // namespace

EscapeScan scan_escapes_one_by_one(std::string_view text, std::size_t from, std::size_t end)
{
    EscapeScan scan;
    const auto inside = text.substr(0, end);
    for (auto at = inside.find('\\', from); at < end; at = inside.find('\\', at)) {
        const auto saved = saved_by(text, at);
        if (saved == 0) {
            scan.fault = at;
            return scan;
        }
        scan.saved += saved;
        at += 2;  // The hex digits behind a `u` are no backslashes.
    }
    return scan;
}

EscapeScan scan_escapes(std::string_view text, std::size_t from, std::size_t end)
{
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        return scan_escapes_avx2(text, from, end);
    }
#endif
    return scan_escapes_one_by_one(text, from, end);
}

}  // namespace spillway::dialect
