#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "spillway/net/task.hpp"
#include "spillway/net/upstream.hpp"

namespace spillway::net {

/// Puts a question of our own to a server and reads its answer to the end: what no client waits
/// for, so a late answer, a broken one and one of another status than 200 are all none.
/// @param call  Registered with whoever may cancel it; outlives this, as does all the rest.
/// @param most  Bytes; a longer answer is none.
/// @return The body of the answer.
[[nodiscard]] Task<std::optional<std::string>> ask(UpstreamCall& call, const Origin& origin,
                                                   const UpstreamRequest& question,
                                                   const CallBounds& bounds, std::size_t most);

}  // namespace spillway::net
