#pragma once

#include <optional>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// How a usage was come by. Kept in every record: null is not zero, a guess is not a fact.
enum class UsageSource : std::uint8_t { unknown, estimated, exact };

/// Tokens of one answer by kind. `prompt` includes `cached` and `cache_write`; `completion`
/// includes `reasoning` (OpenAI's convention, wire.md 1.3).
struct Usage {
    Tokens prompt{};
    Tokens completion{};
    Tokens cached{};
    Tokens cache_write{};
    Tokens reasoning{};
    UsageSource source = UsageSource::unknown;

    friend bool operator==(const Usage&, const Usage&) = default;
};

}  // namespace spillway::chat
