#pragma once

#include <memory>

#include "spillway/gateway/attempt.hpp"

namespace spillway::gateway {

/// Takes an answer that is not an event stream. JSON up to 1 MiB (embeddings: 32 MiB) is held until
/// it is complete, so that a cut or a 200 with an error inside fails over and the cost is known
/// before the head goes out; what is larger or not JSON is relayed as it comes, and the end of the
/// stream waits for the record.
/// @param reply  Valid until the first read of `call`.
[[nodiscard]] net::Task<AttemptEnd> take_whole_answer(Attempt& attempt,
                                                      std::unique_ptr<net::UpstreamCall> call,
                                                      const net::ReplyHead& reply);

}  // namespace spillway::gateway
