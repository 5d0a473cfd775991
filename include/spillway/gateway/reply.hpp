#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/snapshot.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// Adds the CORS answer for `origin` (empty: not a browser, nothing is added).
void add_cors(net::HeaderLines& lines, const config::Server& server, std::string_view origin);

/// Adds Retry-After (whole seconds, rounded up) when the error knows a time, and
/// `x-should-retry: false`: our own retries are spent, so an SDK's would only multiply them. Of a
/// limit of ours that will admit the request it says `true`, and when in milliseconds, too.
void add_error_headers(net::HeaderLines& lines, const Error& error);

/// The headers of an error that answers a request.
[[nodiscard]] net::HeaderLines error_headers(const Arrival& arrival, const Error& error);

/// Answers a CORS preflight; 204 also to other OPTIONS requests.
[[nodiscard]] net::Task<void> reply_preflight(net::Exchange& exchange,
                                              std::shared_ptr<const Snapshot> snapshot);

}  // namespace spillway::gateway
