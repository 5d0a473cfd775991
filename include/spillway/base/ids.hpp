#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"

namespace spillway {

/// Names one request for ever: 48 bits of milliseconds, 16 bits of instance, 64 random bits.
/// Sorts by time of creation; the printed form is 26 characters of Crockford base 32.
struct RequestId {
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    friend auto operator<=>(const RequestId&, const RequestId&) = default;

    using Digits = std::array<char, 26>;
    [[nodiscard]] Digits digits() const;
    [[nodiscard]] std::string text() const;
};

/// Makes ids; one per shard, so no lock. Two makers seeded at random share an id with a
/// chance of about 2^-80 per millisecond and pair.
class RequestIdMaker {
public:
    /// @param seed  Random bits of this maker, from the operating system.
    explicit RequestIdMaker(std::uint64_t seed) : state_(seed), instance_(seed >> 48U) {}

    [[nodiscard]] RequestId next(WallTime now);

    /// A uniform random number, for strategies and jitter.
    [[nodiscard]] std::uint64_t draw();

private:
    std::uint64_t state_;
    std::uint64_t instance_;  ///< 16 bits.
};

/// 64 random bits from the operating system.
[[nodiscard]] std::uint64_t random_seed();

}  // namespace spillway
