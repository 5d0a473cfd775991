#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace spillway::privacy {

/// What a vendor writes its keys in.
enum class TokenAlphabet : std::uint8_t {
    any,       ///< Letters, digits, '-' and '_', mixed as chance mixes them.
    capitals,  ///< Capitals and digits.
    hex,
};

/// How one vendor's keys look behind their prefix.
struct TokenForm {
    std::string_view prefix;
    std::size_t least;  ///< Characters behind the prefix.
    std::size_t most;
    TokenAlphabet alphabet = TokenAlphabet::any;
};

[[nodiscard]] std::span<const TokenForm> token_forms();

}  // namespace spillway::privacy
