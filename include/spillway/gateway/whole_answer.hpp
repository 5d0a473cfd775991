#pragma once

#include "spillway/gateway/attempt.hpp"

namespace spillway::gateway {

/// Takes an answer that is not an event stream. JSON up to 1 MiB (embeddings: 32 MiB) is held until
/// it is complete, so that a cut or a 200 with an error inside fails over and the cost is known
/// before the head goes out; what is larger or not JSON is relayed as it comes, and the end of the
/// stream waits for the record. Sets `attempt.end`.
/// @param reply  Valid until the first read of the call.
[[nodiscard]] net::Task<void> take_whole_answer(Attempt& attempt, const net::ReplyHead& reply);

}  // namespace spillway::gateway
