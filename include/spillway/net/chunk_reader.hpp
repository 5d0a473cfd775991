#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

/// Chunked bodies, strictly: a pure state machine over bytes cut anywhere.
namespace spillway::net {

/// Takes the framing off a chunked body. Sizes have 1 to 16 hex digits, every line ends in CRLF, an
/// extension has at most 256 bytes (16 KB in all), trailers at most 8 KB, checked and dropped.
class ChunkReader {
public:
    enum class State : std::uint8_t { more, done, bad };

    /// Removes the framing inside `bytes`: the payload is moved together at the front of the range.
    struct Step {
        std::size_t payload = 0;   ///< Bytes of payload now at the front.
        std::size_t consumed = 0;  ///< Bytes taken, framing included. All of them unless `done`.
        State state = State::more;
    };
    [[nodiscard]] Step strip(char* bytes, std::size_t size) noexcept;

    [[nodiscard]] State state() const noexcept;

private:
    enum class At : std::uint8_t {
        size,
        extension,
        size_lf,
        payload,
        payload_cr,
        payload_lf,
        trailer_start,
        trailer_name,
        trailer_value,
        trailer_lf,
        last_lf,
        done,
        bad,
    };
    [[nodiscard]] At after(char c) noexcept;
    [[nodiscard]] At after_size(char c) noexcept;
    [[nodiscard]] At after_trailer(char c) noexcept;

    std::uint64_t left_ = 0;  ///< Payload left in this chunk; while reading a size, its value.
    std::uint32_t extensions_ = 0;
    std::uint32_t trailers_ = 0;
    std::uint16_t extension_ = 0;
    std::uint8_t digits_ = 0;
    At at_ = At::size;
};

}  // namespace spillway::net
