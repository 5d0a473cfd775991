#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace spillway::privacy {

/// How one vendor's keys look behind their prefix.
struct TokenForm {
    std::string_view prefix;
    std::size_t least;  ///< Characters behind the prefix.
    std::size_t most;
};

[[nodiscard]] std::span<const TokenForm> token_forms();

}  // namespace spillway::privacy
