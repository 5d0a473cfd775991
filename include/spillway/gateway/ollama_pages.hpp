#pragma once

#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/caller.hpp"
#include "spillway/gateway/snapshot.hpp"

/// What Ollama's clients ask of models, told of the groups and routes that are here (wire.md 2.2).
/// What nobody knows of a model (its size, its file's digest) is 0, empty, or stable.
namespace spillway::gateway {

/// The version that we say we are: clients compare it as numbers, and leave out what is too new.
inline constexpr std::string_view ollama_version = "0.12.6";

/// The name that is meant: Ollama's clients add ":latest" to names without a tag, and take all
/// names to have one. @return `asked` itself unless only the name without ":latest" is known.
[[nodiscard]] std::string_view served_model(const Snapshot& snapshot, const chat::Caller& caller,
                                            std::string_view asked);

/// The body of GET /api/tags: what the caller may ask for, as GET /v1/models.
[[nodiscard]] std::string ollama_tags(const Snapshot& snapshot, const chat::Caller& caller,
                                      TimePoint now);
/// The body of GET /api/ps: those of them that an engine holds loaded, as it last said.
[[nodiscard]] std::string ollama_running(const Snapshot& snapshot, const chat::Caller& caller,
                                         TimePoint now);
/// The body of POST /api/show. @param body  `{"model":...}` or `{"name":...}`.
/// @return `unknown_model`, `invalid_json` or `missing_model`.
[[nodiscard]] Result<std::string> ollama_card(const Snapshot& snapshot, const chat::Caller& caller,
                                              std::string_view body, TimePoint now);

/// Ollama's words for it: clients look for "not found".
[[nodiscard]] std::string no_such_ollama_model(std::string_view asked);

}  // namespace spillway::gateway
