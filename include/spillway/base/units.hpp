#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace spillway {

using Millis = std::chrono::milliseconds;
/// Monotonic time: deadlines, durations, breakers.
using TimePoint = std::chrono::steady_clock::time_point;
/// Calendar time: records, budgets, prices.
using WallTime = std::chrono::time_point<std::chrono::system_clock, std::chrono::microseconds>;

/// Money in 1e-9 US dollars. 2^63 of them are nine billion dollars.
enum class NanoUsd : std::int64_t {};
/// A price per token in 1e-12 US dollars: 1 USD per million tokens is 1'000'000.
enum class PicoUsdPerToken : std::int64_t {};
/// A count of model tokens.
enum class Tokens : std::int64_t {};

[[nodiscard]] constexpr std::int64_t count(NanoUsd amount)
{
    return static_cast<std::int64_t>(amount);
}
[[nodiscard]] constexpr std::int64_t count(PicoUsdPerToken price)
{
    return static_cast<std::int64_t>(price);
}
[[nodiscard]] constexpr std::int64_t count(Tokens tokens)
{
    return static_cast<std::int64_t>(tokens);
}
[[nodiscard]] constexpr NanoUsd operator+(NanoUsd a, NanoUsd b)
{
    return NanoUsd{count(a) + count(b)};
}
[[nodiscard]] constexpr Tokens operator+(Tokens a, Tokens b)
{
    return Tokens{count(a) + count(b)};
}

/// Position of a deployment in the current snapshot's table.
enum class DeploymentIndex : std::uint32_t {};
/// Position of a model group in the current snapshot's table.
enum class GroupIndex : std::uint32_t {};
[[nodiscard]] constexpr std::size_t at(DeploymentIndex index)
{
    return static_cast<std::size_t>(index);
}
[[nodiscard]] constexpr std::size_t at(GroupIndex index)
{
    return static_cast<std::size_t>(index);
}

}  // namespace spillway
