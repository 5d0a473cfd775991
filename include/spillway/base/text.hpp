#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"

namespace spillway {

/// `text` as a JSON string literal, quotes included. Bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_quoted(std::string_view text);

/// `text` with control characters and non-UTF-8 bytes replaced by '?', at most `limit` bytes:
/// what may go into a log line or an error message when it came from outside.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

/// The nearest of `known` to `word` by edit distance, when it is near enough to suggest.
[[nodiscard]] std::optional<std::string_view> nearest(std::string_view word,
                                                      std::span<const std::string_view> known);

/// A USD amount written in decimal ("0.00000042", "4.2e-7", "15") times 10^`digits`, exactly; the
/// remainder is rounded up. Fails on anything that is not a finite number >= 0 or does not fit.
[[nodiscard]] Result<std::int64_t> scaled_decimal(std::string_view text, int digits);

/// ASCII case-insensitive equality of `size` bytes.
[[nodiscard]] bool iequals(const char* a, const char* b, std::size_t size) noexcept;

/// ASCII case-insensitive equality. Most pairs differ in size: those cost no call.
[[nodiscard]] inline bool iequals(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && iequals(a.data(), b.data(), a.size());
}

[[nodiscard]] std::string lower(std::string_view text);

/// What a flag says that clients write in their own ways: "true" in any case and "1" are yes;
/// "false" in any case, "0" and "" are no. Nothing when it is neither.
[[nodiscard]] std::optional<bool> yes_or_no(std::string_view text) noexcept;

/// `text` without leading and trailing blanks (space, tab).
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// RFC 3339 with microseconds, UTC: "2026-11-21T15:28:36.123456Z".
[[nodiscard]] std::string rfc3339(WallTime time);

/// %XX decoded; nothing when an escape is malformed or decodes to NUL.
[[nodiscard]] std::optional<std::string> percent_decoded(std::string_view text);

}  // namespace spillway
