#pragma once

#include <memory>

#include "spillway/gateway/attempt.hpp"

namespace spillway::gateway {

/// Relays a streamed answer. Nothing reaches the client before the first meaningful event, so until
/// then every failure comes back as one and the chain may go on; afterwards a failure ends the
/// stream with an error event and without [DONE]. The final event is held back for the record.
/// @param reply  Valid until the first read of `call`.
[[nodiscard]] net::Task<AttemptEnd> relay_stream(Attempt& attempt,
                                                 std::unique_ptr<net::UpstreamCall> call,
                                                 const net::ReplyHead& reply);

}  // namespace spillway::gateway
