#pragma once

#include <cstddef>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/gateway/endpoints.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"

namespace spillway::gateway {

/// LiteLLM's header for the tags of a request, divided by commas.
inline constexpr std::string_view tags_header = "x-litellm-tags";
inline constexpr std::size_t most_header_tags = 64;
inline constexpr std::size_t longest_header_tag = 256;

/// Adds the tags of `tags_header` to those of the body, so that conditions, budgets and records see
/// one list. Refuses more, or longer ones, than the bounds.
[[nodiscard]] Result<void> take_header_tags(std::string_view list, chat::RequestFacts& facts);
/// The same of all lines of that header; the bounds hold for all of them together.
[[nodiscard]] Result<void> take_header_tags(const net::Fields& fields, chat::RequestFacts& facts);

/// Reads the body and takes its facts, and the tags of the head.
/// @param request  Its `arrival` is set; the rest is filled in, `facts.model` as soon as it is
///                 understood (for the record of a refusal).
[[nodiscard]] net::Task<Result<void>> read_request(InferenceRequest& request,
                                                   const Destination& destination,
                                                   net::Exchange& exchange, Services& services);

}  // namespace spillway::gateway
