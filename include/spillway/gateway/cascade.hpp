#pragma once

#include <string>
#include <string_view>

#include "spillway/gateway/attempt.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/review/fault.hpp"

/// What a verified answer leads to (docs/routing.md): it is given, or held while the next place is
/// asked.
namespace spillway::gateway {

/// Tells client and record how the answer is given, in `x-spillway-cascade`, `x-spillway-reason`
/// and the reason that the record keeps; instead of what was told before.
/// @param word  See `Verification::word`.
void show_cascade(InferenceRequest& request, std::string_view word);

/// Judges a whole answer: `attempt.end` holds it, and holds `Doubted` afterwards when it failed and
/// the plan leads on. Only for attempts with a verification.
void verify_whole(Attempt& attempt);

}  // namespace spillway::gateway
