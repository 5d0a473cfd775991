#pragma once

#include <algorithm>
#include <cstdint>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// The tokens that a request may use, as far as it is known before it is sent.
struct TokenWish {
    Tokens prompt{};  ///< At most, as far as we can count it.
    Tokens answer{};
    /// Whether the client asked for an answer of this length, or we assume it.
    enum class Answer : std::uint8_t { assumed, asked } by = Answer::assumed;

    /// What is set aside for it of a limit of so many tokens a minute. An answer whose length
    /// nobody asked for takes a quarter of the limit at most, and never makes the request larger
    /// than the limit: its real size corrects that in the end.
    [[nodiscard]] std::int64_t of(std::int64_t per_minute) const
    {
        const auto whole = count(prompt) + count(answer);
        if (by == Answer::asked)
            return whole;
        const auto guess = std::min(count(answer), per_minute / 4);
        return std::max(count(prompt), std::min(count(prompt) + guess, per_minute));
    }
};

}  // namespace spillway::chat
