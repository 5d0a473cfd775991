#pragma once

#include "spillway/gateway/attempt.hpp"

namespace spillway::gateway {

/// Relays a streamed answer. Nothing reaches the client before the first meaningful event, so until
/// then every failure comes back as one and the chain may go on; afterwards a failure ends the
/// stream with an error event and without [DONE]. The final event is held back for the record.
/// Sets `attempt.end`.
/// @param reply  Valid until the first read of the call.
[[nodiscard]] net::Task<void> relay_stream(Attempt& attempt, const net::ReplyHead& reply);

}  // namespace spillway::gateway
