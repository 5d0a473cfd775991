#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace spillway::score {

/// Names of the tags that coding agents and chat front ends put around text that the user did not
/// write: `<system-reminder> ... </system-reminder>`. `docs/complexity.md` lists them.
[[nodiscard]] std::span<const std::string_view> harness_tags() noexcept;

/// Bytes of the window that is scored: the head and the tail of what is left of a turn.
inline constexpr std::size_t window_head = 6 * 1024;
inline constexpr std::size_t window_tail = 2 * 1024;
/// One more byte: a newline where something was left out between head and tail.
inline constexpr std::size_t window_bytes = window_head + window_tail + 1;

/// What `cut_harness` left.
struct Window {
    std::size_t written = 0;  ///< Bytes in the window.
    std::size_t kept = 0;     ///< Bytes of the turn that are not harness text.
};

/// Copies `turn` without its harness blocks into `out` (at least `window_bytes` long), cut to head
/// and tail at character boundaries. Linear in the length of the turn; blocks that are never closed
/// stay, since they may be the user's own words.
[[nodiscard]] Window cut_harness(std::string_view turn, std::span<char> out) noexcept;

}  // namespace spillway::score
