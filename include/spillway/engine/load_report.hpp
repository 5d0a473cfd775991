#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/model_facts.hpp"
#include "spillway/engine/model_report.hpp"

/// How busy an engine is, whoever sends it requests (wire.md 5.1, 5.2). Pure.
namespace spillway::engine {

/// Where the engine tells it, from the root of the server, the most telling first; it may be
/// switched off at each (llama.cpp: `--metrics`, `--no-slots`). Empty for engines that do not tell.
[[nodiscard]] std::span<const std::string_view> load_paths(Kind kind);

/// What a 200 answer from `path` says, added to `facts`: `running`, and `waiting` or `slots` where
/// it tells them. Several engines behind one server (vLLM) are added up.
/// @return `upstream_bad_reply` when the answer does not say it; `facts` are untouched then.
[[nodiscard]] Result<void> read_load(std::string_view path, std::string_view body,
                                     chat::ModelFacts& facts);

/// Does a refusal say that the model is on its way into memory? llama.cpp answers 503 at every path
/// until then; Ollama makes requests wait and vLLM does not listen yet.
[[nodiscard]] bool says_loading(int status, std::string_view body);

/// The value of the gauge `name` in Prometheus' text format: the sum over its labels, whatever
/// they are. Linear in the text; lines that cannot be read are passed over.
/// @return empty when there is none.
[[nodiscard]] std::optional<double> gauge_in(std::string_view text, std::string_view name);

}  // namespace spillway::engine
