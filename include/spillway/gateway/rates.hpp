#pragma once

#include <string>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/token_wish.hpp"
#include "spillway/config/config.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/guard/rate_limits.hpp"
#include "spillway/net/exchange.hpp"
#include "spillway/net/task.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::gateway {

struct InferenceRequest;
struct Services;

/// What a request holds of its limits until its last byte. Only requests with limits have one.
struct Rates {
    guard::RateLimits::Taken taken;
    guard::RateLimits::Decision::Lack lack{};  ///< Of a request that was refused ...
    chat::ScopeKind lacking{};                 ///< ... by this one's limit.
    std::string lines;                         ///< `x-ratelimit-*` for every answer, CRLF-ended.
};

/// Whose limits the `x-ratelimit-*` lines of an answer tell of.
enum class RateLines : std::uint8_t { upstream, own };

/// What a key may use of each group when it names no limit of its own for it
/// (`default_api_key_rpm_limit`), by `GroupIndex`: the least of the group's rows.
[[nodiscard]] std::vector<config::ModelRates> key_rates(const config::Config& config,
                                                        const route::RoutingTable& table);

/// The tokens that `request` may use. @param prompt  At most.
[[nodiscard]] chat::TokenWish token_wish(const InferenceRequest& request, Tokens prompt);

/// Takes the request's part of every limit that holds for it: of its key, its team and its user, of
/// the model, and of all callers together. Fills in `request.rates` where there is any limit.
/// @return `rate_limited`, with the time after which this request would be admitted.
[[nodiscard]] Result<void> take_rates(InferenceRequest& request, Services& services);

/// `take_rates` refused, but this instance's part of a shared limit is all that is lacking, and
/// there is somebody who may grant more.
[[nodiscard]] bool may_get_more(const InferenceRequest& request, const Services& services);
/// Takes them again after each answer of those who share limits out, within a bound.
[[nodiscard]] net::Task<Result<void>> wait_for_rates(InferenceRequest& request,
                                                     net::Exchange& exchange, Services& services);

/// Puts what was used in the place of what was set aside. What was begun and tells nothing of its
/// tokens keeps what was set aside.
void correct_rates(InferenceRequest& request, const Outcome& outcome, TimePoint now);
/// The request was refused before it was sent: it used no tokens.
void return_tokens(InferenceRequest& request, TimePoint now);

/// "20ms", "1.5s", "6m0s": how OpenAI writes the time until a limit is full again.
[[nodiscard]] std::string reset_text(std::chrono::nanoseconds time);

}  // namespace spillway::gateway
