#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// What a failed attempt means, whatever the provider (house plan 3.8). The table of
/// `route/failure_policy` says what follows from each.
enum class FailureClass : std::uint8_t {
    transient,       ///< Connect, 500, 502, 503, 504, cut before the commit point.
    overloaded,      ///< 529, "server busy".
    loading,         ///< The engine is there and still loads its model: a state, not a fault.
    stalled,         ///< First-token or idle bound passed.
    rate_limited,    ///< 429.
    quota,           ///< 402, insufficient_quota: waiting does not help.
    credential,      ///< 401, 403 about our key.
    model_missing,   ///< 404: the deployment does not know the model.
    too_long,        ///< Context window (wire.md 5.3).
    content_policy,  ///< Refused by a filter.
    rejected,        ///< Any other 4xx: the request is at fault.
    not_local,       ///< Had to stay local and would have left: nothing was sent.
    unsupported,     ///< The deployment cannot do what the request needs; another one may.
    unknown,
};
inline constexpr std::size_t failure_class_count =
    static_cast<std::size_t>(FailureClass::unknown) + 1;

/// The word for `kind` in records and logs.
[[nodiscard]] constexpr std::string_view name(FailureClass kind)
{
    switch (kind) {
        case FailureClass::transient:
            return "transient";
        case FailureClass::overloaded:
            return "overloaded";
        case FailureClass::loading:
            return "loading";
        case FailureClass::stalled:
            return "stalled";
        case FailureClass::rate_limited:
            return "rate_limited";
        case FailureClass::quota:
            return "quota";
        case FailureClass::credential:
            return "credential";
        case FailureClass::model_missing:
            return "model_missing";
        case FailureClass::too_long:
            return "too_long";
        case FailureClass::content_policy:
            return "content_policy";
        case FailureClass::rejected:
            return "rejected";
        case FailureClass::not_local:
            return "not_local";
        case FailureClass::unsupported:
            return "unsupported";
        case FailureClass::unknown:
            return "unknown";
    }
    return "unknown";
}

/// One attempt that did not answer.
struct Failure {
    FailureClass kind = FailureClass::unknown;
    int status = 0;       ///< Upstream's HTTP status; 0 when there was none.
    std::string message;  ///< Upstream's words or ours; printable, bounded, no secrets.
    std::optional<Millis> retry_after;
    bool answered = false;   ///< It came in the place of an answer, whose head was in order.
    bool unreached = false;  ///< Nobody was there: refused, no route, no such name.
};

}  // namespace spillway::chat
