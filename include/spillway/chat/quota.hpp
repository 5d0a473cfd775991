#pragma once

#include <cstdint>
#include <optional>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// How much of one limit is left, and how long until the provider fills it up.
struct Allowance {
    std::int64_t left = 0;
    Millis reset{};
    friend bool operator==(const Allowance&, const Allowance&) = default;
};

/// What a provider says with an answer about its limits; empty where it says nothing.
struct Quota {
    std::optional<Allowance> requests;
    std::optional<Allowance> tokens;

    [[nodiscard]] bool empty() const { return !requests && !tokens; }
    friend bool operator==(const Quota&, const Quota&) = default;
};

}  // namespace spillway::chat
