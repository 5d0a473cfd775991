#include "spillway/net/chunk_reader.hpp"

#include <algorithm>
#include <cstring>

namespace spillway::net {

namespace {

constexpr std::uint8_t max_digits = 16;
constexpr std::uint16_t max_extension = 256;
/// Many small chunks, each with an extension, would make a little payload cost much reading.
constexpr std::uint32_t max_extensions = 16 * 1024;
constexpr std::uint32_t max_trailers = 8 * 1024;

int hex_value(char c) noexcept
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool is_visible(char c) noexcept
{
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

bool is_name(char c) noexcept
{
    return c > 0x20 && c < 0x7f &&
           std::string_view{"\"(),/:;<=>?@[\\]{}"}.find(c) == std::string_view::npos;
}

}  // namespace

ChunkReader::State ChunkReader::state() const noexcept
{
    if (at_ == At::done)
        return State::done;
    return at_ == At::bad ? State::bad : State::more;
}

ChunkReader::At ChunkReader::after_size(char c) noexcept
{
    const int digit = hex_value(c);
    if (digit >= 0) {
        if (++digits_ > max_digits)
            return At::bad;
        left_ = left_ * 16 + static_cast<std::uint64_t>(digit);
        return At::size;
    }
    // A chunk beyond 2^62 is a lie, and sums of such sizes would wrap.
    if (digits_ == 0 || left_ > (std::uint64_t{1} << 62))
        return At::bad;
    if (c == '\r')
        return At::size_lf;
    extension_ = 0;
    return c == ';' ? At::extension : At::bad;
}

ChunkReader::At ChunkReader::after_trailer(char c) noexcept
{
    if (++trailers_ > max_trailers)
        return At::bad;
    if (at_ == At::trailer_start) {
        if (c == '\r')
            return At::last_lf;
        return is_name(c) ? At::trailer_name : At::bad;
    }
    if (at_ == At::trailer_name) {
        if (c == ':')
            return At::trailer_value;
        return is_name(c) ? At::trailer_name : At::bad;
    }
    if (c == '\r')
        return At::trailer_lf;
    return is_visible(c) ? At::trailer_value : At::bad;
}

ChunkReader::At ChunkReader::after(char c) noexcept
{
    switch (at_) {
        case At::size:
            return after_size(c);
        case At::extension:
            if (c == '\r')
                return At::size_lf;
            if (!is_visible(c) || ++extension_ > max_extension || ++extensions_ > max_extensions)
                return At::bad;
            return At::extension;
        case At::size_lf:
            digits_ = 0;
            if (c != '\n')
                return At::bad;
            return left_ == 0 ? At::trailer_start : At::payload;
        case At::payload_cr:
            return c == '\r' ? At::payload_lf : At::bad;
        case At::payload_lf:
            return c == '\n' ? At::size : At::bad;
        case At::trailer_start:
        case At::trailer_name:
        case At::trailer_value:
            return after_trailer(c);
        case At::trailer_lf:
            return c == '\n' ? At::trailer_start : At::bad;
        case At::last_lf:
            return c == '\n' ? At::done : At::bad;
        case At::payload:
        case At::done:
        case At::bad:
            break;
    }
    return At::bad;
}

ChunkReader::Step ChunkReader::strip(char* bytes, std::size_t size) noexcept
{
    Step step;
    while (step.consumed < size && at_ != At::done && at_ != At::bad) {
        if (at_ != At::payload) {
            at_ = after(bytes[step.consumed++]);
            continue;
        }
        const auto run =
            static_cast<std::size_t>(std::min<std::uint64_t>(left_, size - step.consumed));
        if (step.payload != step.consumed)
            std::memmove(bytes + step.payload, bytes + step.consumed, run);
        step.payload += run;
        step.consumed += run;
        left_ -= run;
        if (left_ == 0)
            at_ = At::payload_cr;
    }
    step.state = state();
    return step;
}

}  // namespace spillway::net
