#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace spillway::tokens {

/// Up to 32 bytes as four words: with the length they are the piece itself, so comparing them is
/// comparing pieces. Unused words are zero.
struct PieceKey {
    std::uint64_t words[4]{};
    [[nodiscard]] bool operator==(const PieceKey&) const = default;
};

constexpr std::size_t longest_key = sizeof(PieceKey);

template <class Word>
[[nodiscard]] inline std::uint64_t word_at(const char* at)
{
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

/// The key of `piece`, which has 1 to 32 bytes. Words overlap rather than run past its end.
[[nodiscard]] inline PieceKey key_of(std::string_view piece)
{
    const char* const at = piece.data();
    const std::size_t size = piece.size();
    if (size > 16)
        return {{word_at<std::uint64_t>(at), word_at<std::uint64_t>(at + 8),
                 word_at<std::uint64_t>(at + size - 16), word_at<std::uint64_t>(at + size - 8)}};
    if (size >= 8)
        return {{word_at<std::uint64_t>(at), word_at<std::uint64_t>(at + size - 8)}};
    if (size >= 4)
        return {{word_at<std::uint32_t>(at) | word_at<std::uint32_t>(at + size - 4) << 32}};
    return {{word_at<std::uint8_t>(at) | word_at<std::uint8_t>(at + size / 2) << 8 |
             word_at<std::uint8_t>(at + size - 1) << 16}};
}

[[nodiscard]] inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b)
{
    a = (a ^ b) * 0x9e3779b97f4a7c15U;
    return a ^ a >> 29;
}

[[nodiscard]] inline std::uint64_t hash_of(const PieceKey& key, std::size_t size)
{
    std::uint64_t hash = mixed(mixed(size, key.words[0]), key.words[1]);
    if (size > 16)
        hash = mixed(mixed(hash, key.words[2]), key.words[3]);
    return hash;
}

/// The hash of a piece of any length; agrees with the one above up to 32 bytes.
[[nodiscard]] inline std::uint64_t hash_of(std::string_view piece)
{
    if (piece.size() <= longest_key)
        return hash_of(key_of(piece), piece.size());
    std::uint64_t hash = piece.size();
    std::size_t at = 0;
    for (; at + 8 <= piece.size(); at += 8)
        hash = mixed(hash, word_at<std::uint64_t>(piece.data() + at));
    return mixed(hash, word_at<std::uint64_t>(piece.data() + piece.size() - 8));
}

}  // namespace spillway::tokens
