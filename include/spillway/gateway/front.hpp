#pragma once

#include "spillway/base/result.hpp"
#include "spillway/chat/caller.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// Answers one request of the OpenAI-compatible API: inference, /v1/models, CORS preflight, and a
/// 404 or 405 in OpenAI's shape for everything else. Never throws.
[[nodiscard]] net::Task<void> serve(net::Exchange& exchange, Services& services);

/// Who is asking, from the head alone (house plan 3.4: before the body is read).
[[nodiscard]] Result<chat::Caller> authenticate(const net::RequestHead& head, Services& services);
/// The same, by the virtual keys given.
[[nodiscard]] Result<chat::Caller> authenticate(const net::RequestHead& head,
                                                const Snapshot& snapshot,
                                                const guard::VirtualKeys& known, WallTime now);

/// Sends OpenAI's error body with the status of the error's code, `Retry-After` when known,
/// `x-should-retry: false` and the CORS headers.
/// @param allowed  The `Allow` header of `method_not_allowed`; empty: what the API allows there.
[[nodiscard]] net::Task<void> reply_error(net::Exchange& exchange, const Snapshot& snapshot,
                                          Error error, std::string allowed = {});

/// Sends a reply made elsewhere (admin), with the CORS headers.
[[nodiscard]] net::Task<void> reply_whole(net::Exchange& exchange, const Snapshot& snapshot,
                                          int status, std::string_view content_type,
                                          std::string body);

/// The body and status for a head that never became an exchange.
[[nodiscard]] net::Refusal refuse_head(const Error& error);

}  // namespace spillway::gateway
