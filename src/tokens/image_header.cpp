#include <algorithm>
#include <string>

#include "base64.hpp"
#include "spillway/tokens/images.hpp"

namespace spillway::tokens {
namespace {

constexpr std::size_t most_base64 = 256 * 1024;

std::string decoded(std::string_view base64, std::size_t most)
{
    std::string bytes;
    append_decoded(bytes, base64, most);
    return bytes;
}

std::uint32_t byte_at(std::string_view bytes, std::size_t at)
{
    return static_cast<unsigned char>(bytes[at]);
}

std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t length)
{
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < length; ++i)
        value = value << 8 | byte_at(bytes, at + i);
    return value;
}

std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t length)
{
    std::uint32_t value = 0;
    for (std::size_t i = length; i > 0; --i)
        value = value << 8 | byte_at(bytes, at + i - 1);
    return value;
}

std::optional<Pixels> webp_pixels(std::string_view bytes)
{
    const std::string_view chunk = bytes.substr(12, 4);
    if (chunk == "VP8X")
        return Pixels{little_endian(bytes, 24, 3) + 1, little_endian(bytes, 27, 3) + 1};
    if (chunk == "VP8 ")
        return Pixels{little_endian(bytes, 26, 2) & 0x3fff, little_endian(bytes, 28, 2) & 0x3fff};
    if (chunk == "VP8L") {
        const std::uint32_t packed = little_endian(bytes, 21, 4);
        return Pixels{(packed & 0x3fff) + 1, (packed >> 14 & 0x3fff) + 1};
    }
    return std::nullopt;
}

/// Walks the segments up to the first frame header.
std::optional<Pixels> jpeg_pixels(std::string_view bytes)
{
    std::size_t at = 2;
    while (at + 9 < bytes.size() && byte_at(bytes, at) == 0xff) {
        const std::uint32_t marker = byte_at(bytes, at + 1);
        const bool frame =
            marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
        if (frame)
            return Pixels{big_endian(bytes, at + 7, 2), big_endian(bytes, at + 5, 2)};
        // A fill byte or a marker without a length moves on by itself.
        const bool bare = marker == 0xff || marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
        at += bare ? (marker == 0xff ? 1 : 2) : 2 + std::max(2U, big_endian(bytes, at + 2, 2));
    }
    return std::nullopt;
}

}  // namespace

std::optional<Pixels> pixels_of(std::string_view base64)
{
    base64 = base64.substr(0, most_base64);
    const std::string head = decoded(base64, 32);
    if (head.size() < 32)
        return std::nullopt;
    const std::string_view bytes = head;
    if (bytes.starts_with("\x89PNG\r\n\x1a\n"))
        return Pixels{big_endian(bytes, 16, 4), big_endian(bytes, 20, 4)};
    if (bytes.starts_with("GIF8"))
        return Pixels{little_endian(bytes, 6, 2), little_endian(bytes, 8, 2)};
    if (bytes.starts_with("RIFF") && bytes.substr(8, 4) == "WEBP")
        return webp_pixels(bytes);
    if (bytes.starts_with("\xff\xd8\xff"))
        return jpeg_pixels(decoded(base64, base64.size()));
    return std::nullopt;
}

}  // namespace spillway::tokens
