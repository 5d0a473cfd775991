#include "spillway/base/ids.hpp"

#include <random>

namespace spillway {
namespace {

constexpr std::string_view crockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

}  // namespace

RequestId::Digits RequestId::digits() const
{
    // 128 bits in 26 digits of 5, from the end: 12 digits of `low`, one that holds its last 4 bits
    // and the first of `high`, and 13 of `high`, of which the foremost holds the top 3 bits.
    Digits out{};
    std::size_t place = out.size();
    std::uint64_t bits = low;
    while (place > 14) {
        out[--place] = crockford[bits & 31U];
        bits >>= 5U;
    }
    out[--place] = crockford[bits | (high & 1U) << 4U];
    bits = high >> 1U;
    while (place > 0) {
        out[--place] = crockford[bits & 31U];
        bits >>= 5U;
    }
    return out;
}

std::string RequestId::text() const
{
    const Digits all = digits();
    return {all.data(), all.size()};
}

RequestId RequestIdMaker::next(WallTime now)
{
    const auto since_epoch = std::chrono::duration_cast<Millis>(now.time_since_epoch()).count();
    const auto millis = static_cast<std::uint64_t>(since_epoch) & 0xFFFF'FFFF'FFFFU;
    return RequestId{(millis << 16U) | instance_, draw()};
}

std::uint64_t RequestIdMaker::draw()
{
    // splitmix64: a counter run through a bijection, so one maker repeats nothing for 2^64 draws.
    state_ += 0x9E37'79B9'7F4A'7C15U;
    std::uint64_t bits = state_;
    bits = (bits ^ (bits >> 30U)) * 0xBF58'476D'1CE4'E5B9U;
    bits = (bits ^ (bits >> 27U)) * 0x94D0'49BB'1331'11EBU;
    return bits ^ (bits >> 31U);
}

std::uint64_t random_seed()
{
    std::random_device source;
    return (static_cast<std::uint64_t>(source()) << 32U) | source();
}

}  // namespace spillway
