#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/model_facts.hpp"

/// What local engines tell of themselves (wire.md, "Ollama", "llama.cpp", "vLLM"). Pure.
namespace spillway::engine {

enum class Kind : std::uint8_t { ollama, llama_cpp, vllm };

/// The engine behind LiteLLM's name of a provider ("ollama_chat", "hosted_vllm", ...); empty for
/// those that tell nothing of the kind.
[[nodiscard]] std::optional<Kind> kind_of(std::string_view provider);

/// Where the engine tells which models are loaded and how much they hold, from the root of the
/// server: "/api/ps", "/props", "/v1/models". Asking loads nothing.
[[nodiscard]] std::string_view report_path(Kind kind);

/// What a 200 answer from there says of `model`. Ollama reports loaded models only, so one that is
/// not in its list is not loaded, and its window is whatever the next load gives it: not known.
/// llama.cpp has one model, whatever it is called. @return `upstream_bad_reply` when the answer is
/// not that engine's.
[[nodiscard]] Result<chat::ModelFacts> read_report(Kind kind, std::string_view body,
                                                   std::string_view model);

}  // namespace spillway::engine
