#pragma once

#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::route {

/// What a request that found no answer leaves to be told.
struct Ending {
    const RoutingTable& table;
    std::string_view model;  ///< As the client asked.
    std::span<const FailedAttempt> tried;
};

/// Every place is spent. Code and Retry-After follow the last failure; all that was tried is named.
/// @param last       Its class decides the status.
/// @param fallbacks  General fallbacks of the asked model, for LiteLLM's hint on long prompts.
[[nodiscard]] Error exhausted(const Ending& ending, const chat::Failure& last,
                              const std::vector<std::string>& fallbacks);

/// Nothing could be tried, because everything rests, in LiteLLM's words.
[[nodiscard]] Error all_cooling(std::string_view model, Millis recovery);

/// Who is left cannot be paid for. @param shortage  What the budgets say.
[[nodiscard]] Error unaffordable(const Ending& ending, const Error& shortage);

/// Nobody had a slot free for as long as it was worth waiting.
[[nodiscard]] Error all_saturated(std::string_view model);

/// Everybody is over the operator's own limits of requests or tokens per minute.
/// @param wait  Until the first of them admits the request; empty: it is larger than any limit.
[[nodiscard]] Error all_limited(std::string_view model, std::optional<Millis> wait);

/// The request's time is over.
[[nodiscard]] Error out_of_time(const Ending& ending);

/// The end of a request that must stay local: who asked for that is told so, with what was tried
/// and when to come again, and not what a gateway says of its upstreams (502, 504) or its limits
/// (429). A budget that is short stays `budget_exceeded`: money would help.
/// @param end  What would be told of any other request.
[[nodiscard]] Error kept_local(const Error& end);

/// The same where no deployment on the way is local, so that no wait helps.
[[nodiscard]] Error nobody_local(std::string_view model);

/// An answer broke off after its first byte went to the client.
[[nodiscard]] Error broken_off(const Ending& ending);

}  // namespace spillway::route
