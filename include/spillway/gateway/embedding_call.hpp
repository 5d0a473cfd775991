#pragma once

#include <vector>

#include "spillway/chat/request_facts.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/gateway/attempt.hpp"

/// Requests for embeddings at one deployment (docs/embeddings.md).
namespace spillway::gateway {

/// What the answer must be like: the client's encoding, the dimensions that were asked for, and
/// what the deployment's row says of its vectors.
[[nodiscard]] dialect::VectorWish vector_wish(const Attempt& attempt);

/// The request's inputs when they are more than one call to the deployment may hold; else empty.
[[nodiscard]] std::vector<chat::ByteRange> inputs_to_split(const Attempt& attempt);

/// `run_call` for some of the inputs at a time, one after the other. Sets `attempt.end` to one
/// answer, or to how the part ended that was not answered.
/// @param inputs  Of `inputs_to_split`.
[[nodiscard]] net::Task<void> run_in_parts(Attempt& attempt, std::vector<chat::ByteRange> inputs);

}  // namespace spillway::gateway
