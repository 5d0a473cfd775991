#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace spillway::dialect {

/// May a `+` or `-` stand before it?
enum class DurationSign : std::uint8_t { allowed, refused };

/// "1h30m", "6m0s", ".5s": a length of time as Go's `time.ParseDuration` reads it, which Ollama
/// uses and in whose form OpenAI's quotas come. Sums of decimal numbers with a unit each (`ns`,
/// `us`, `ms`, `s`, `m`, `h`); of all others only "0". No days, no exponents, no blanks.
/// @return Empty for what is none, and for what is longer than 292 years.
[[nodiscard]] std::optional<std::chrono::nanoseconds> read_go_duration(std::string_view text,
                                                                       DurationSign sign);

}  // namespace spillway::dialect
