#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "spillway/base/error_code.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/config/config.hpp"

namespace spillway::route {

/// May the deployment that failed be asked again for the same request?
enum class SameTarget : std::uint8_t {
    never,
    after_backoff,     ///< The provider's Retry-After, else full jitter.
    after_short_wait,  ///< As above, but a Retry-After over `longest_polite_wait` rules it out.
};

/// Where a request may go after a failure.
enum class NextTarget : std::uint8_t {
    none,
    any,                  ///< Other members of the group, then `fallbacks`.
    context_window_list,  ///< Only the list, and only where the prompt may fit.
    content_policy_list,
};

/// What the failure does to the deployment's cooldown, beside the breaker's counting.
enum class Cooling : std::uint8_t {
    none,
    as_told,  ///< At once: for the Retry-After, else the configured time.
    at_once,  ///< At once, for the configured time: waiting hardly helps.
};

/// Does the failure count towards the deployment's failure rate?
enum class BreakerEffect : std::uint8_t { ignored, counted };

/// One row of the house plan's table 3.8: what follows from a failed attempt.
struct FailurePolicy {
    chat::FailureClass kind;
    SameTarget same_target;
    NextTarget next_target;
    Cooling cooling;
    BreakerEffect breaker;
    Errc client;  ///< What the client sees when this failure is the last.
};

inline constexpr std::array<FailurePolicy, chat::failure_class_count> failure_policies{{
    {chat::FailureClass::transient, SameTarget::after_backoff, NextTarget::any, Cooling::none,
     BreakerEffect::counted, Errc::upstream_unreachable},
    {chat::FailureClass::overloaded, SameTarget::after_backoff, NextTarget::any, Cooling::none,
     BreakerEffect::counted, Errc::upstream_overloaded},
    {chat::FailureClass::loading, SameTarget::after_backoff, NextTarget::any, Cooling::none,
     BreakerEffect::ignored, Errc::upstream_overloaded},
    {chat::FailureClass::stalled, SameTarget::never, NextTarget::any, Cooling::at_once,
     BreakerEffect::counted, Errc::upstream_timeout},
    {chat::FailureClass::rate_limited, SameTarget::after_short_wait, NextTarget::any,
     Cooling::as_told, BreakerEffect::ignored, Errc::upstream_rate_limited},
    {chat::FailureClass::quota, SameTarget::never, NextTarget::any, Cooling::at_once,
     BreakerEffect::ignored, Errc::upstream_quota},
    {chat::FailureClass::credential, SameTarget::never, NextTarget::any, Cooling::at_once,
     BreakerEffect::ignored, Errc::upstream_credential},
    {chat::FailureClass::model_missing, SameTarget::never, NextTarget::any, Cooling::at_once,
     BreakerEffect::ignored, Errc::upstream_bad_reply},
    {chat::FailureClass::too_long, SameTarget::never, NextTarget::context_window_list,
     Cooling::none, BreakerEffect::ignored, Errc::context_window_exceeded},
    {chat::FailureClass::content_policy, SameTarget::never, NextTarget::content_policy_list,
     Cooling::none, BreakerEffect::ignored, Errc::content_policy},
    {chat::FailureClass::rejected, SameTarget::never, NextTarget::none, Cooling::none,
     BreakerEffect::ignored, Errc::upstream_rejected},
    {chat::FailureClass::not_local, SameTarget::never, NextTarget::any, Cooling::none,
     BreakerEffect::ignored, Errc::no_local_deployment},
    {chat::FailureClass::unsupported, SameTarget::never, NextTarget::any, Cooling::none,
     BreakerEffect::ignored, Errc::unsupported_content},
    {chat::FailureClass::unknown, SameTarget::never, NextTarget::any, Cooling::none,
     BreakerEffect::counted, Errc::upstream_bad_reply},
}};

/// The row of `kind`.
[[nodiscard]] constexpr const FailurePolicy& policy_of(chat::FailureClass kind)
{
    return failure_policies[static_cast<std::size_t>(kind)];
}

/// The number that a `retry_policy` or an `allowed_fails_policy` holds for `kind`, if it says so.
/// Both speak in LiteLLM's exceptions, to which a quota that is used up is a rate limit, too.
[[nodiscard]] std::optional<int> said_of(const config::RetryPolicy& policy,
                                         chat::FailureClass kind);

/// True when the request itself is at fault: asking the same group again cannot help.
[[nodiscard]] constexpr bool blames_request(chat::FailureClass kind)
{
    return policy_of(kind).next_target != NextTarget::any;
}

}  // namespace spillway::route
