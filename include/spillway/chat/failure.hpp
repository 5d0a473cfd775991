#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// What a failed attempt means, whatever the provider (house plan 3.8). The table of
/// `route/failure_policy` says what follows from each.
enum class FailureClass : std::uint8_t {
    transient,       ///< Connect, 500, 502, 503, 504, cut before the commit point.
    overloaded,      ///< 529, "server busy", model still loading.
    stalled,         ///< First-token or idle bound passed.
    rate_limited,    ///< 429.
    quota,           ///< 402, insufficient_quota: waiting does not help.
    credential,      ///< 401, 403 about our key.
    model_missing,   ///< 404: the deployment does not know the model.
    too_long,        ///< Context window (wire.md 5.3).
    content_policy,  ///< Refused by a filter.
    rejected,        ///< Any other 4xx: the request is at fault.
    unknown,
};
inline constexpr std::size_t failure_class_count = 11;

/// One attempt that did not answer.
struct Failure {
    FailureClass kind = FailureClass::unknown;
    int status = 0;       ///< Upstream's HTTP status; 0 when there was none.
    std::string message;  ///< Upstream's words or ours; printable, bounded, no secrets.
    std::optional<Millis> retry_after;
};

}  // namespace spillway::chat
