#pragma once

#include <string_view>

namespace spillway::privacy {

/// Letters and digits mixed, many different ones, no pattern: how generated keys look.
[[nodiscard]] bool looks_random(std::string_view value);

/// The same for what names do not tell: longer, more digits, and not words joined by marks.
[[nodiscard]] bool looks_generated(std::string_view value);

/// More than a single word of small letters: how passwords look that people choose.
[[nodiscard]] bool looks_chosen(std::string_view value);

/// What manuals write where a credential goes: "your-api-key", "xxxxxxxx", "changeme", "<token>".
[[nodiscard]] bool is_placeholder(std::string_view value);

}  // namespace spillway::privacy
