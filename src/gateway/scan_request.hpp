#pragma once

#include "spillway/chat/prompt.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/privacy/scanner.hpp"

namespace spillway::gateway {

/// The sensitive classes in everything of the request that goes on to an upstream: its body, its
/// path and query, and the client's headers that are passed on. @param prompt  Of a JSON body;
/// bodies of other forms are read as bytes.
[[nodiscard]] privacy::ClassSet scan_request(const InferenceRequest& request,
                                             const chat::Prompt& prompt,
                                             const privacy::Scanner& scanner);

}  // namespace spillway::gateway
