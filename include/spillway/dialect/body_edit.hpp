#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/request_facts.hpp"

namespace spillway::dialect {

/// What the deployment's wire wants changed in an OpenAI body. Compiled once per deployment.
struct WireRules {
    bool rename_max_completion_tokens = false;
    bool no_stream_options = false;
    std::vector<std::string> drop;  ///< Top-level keys taken out.
    /// Top-level keys added when the client did not set them: name and JSON text.
    std::vector<std::pair<std::string, std::string>> defaults;
    /// Top-level keys set whatever the client wrote: a rule's parameters, a clamped limit.
    std::vector<std::pair<std::string, std::string>> overrides = {};
    bool speaks_ollama = false;  ///< Takes `options`, `keep_alive`, `think` and `raw`.
};

enum class UsageInjection : std::uint8_t { leave, ask };

/// One change of the body: `length` bytes at `offset` give way to `text`.
struct Splice {
    std::size_t offset = 0;
    std::size_t length = 0;
    std::string text;
};

/// The changes that turn the client's body into the deployment's: model name, stripped controls
/// (fallbacks, num_retries, timeout, disable_fallbacks, mock_testing_*, tags, litellm_*, cache,
/// guardrails, priority ... wire.md / litellm-surface 2.10), what only Ollama's own API takes
/// (options, keep_alive, think, raw of completions, `truncate:true` of embeddings, and
/// `RequestFacts::ollama_only`; not for `Endpoint::other`), renamed and added parameters,
/// `stream_options.include_usage`. Everything else stays to the letter. Sorted by offset, never
/// overlapping; leaves valid JSON (no stray comma; tested by fuzzing). `metadata` is stripped
/// unless the client sent `"store": true` (OpenAI takes it only then), and always stays for
/// `Endpoint::other`, whose APIs know it; `user` stays.
/// @param endpoint  `stream_options` is only ever touched for chat and completions.
[[nodiscard]] std::vector<Splice> plan_edits(const chat::RequestFacts& facts, std::string_view body,
                                             std::string_view upstream_model,
                                             const WireRules& rules, UsageInjection usage,
                                             chat::Endpoint endpoint = chat::Endpoint::chat);

/// The body as slices to be written in one gathered write. Views into `body` and `edits`.
[[nodiscard]] std::vector<std::string_view> slices(std::string_view body,
                                                   const std::vector<Splice>& edits);

std::vector<std::string_view> slices(std::string_view body, std::vector<Splice>&& edits) = delete;

/// Multipart: the splice that replaces the model part's value.
[[nodiscard]] std::vector<Splice> plan_multipart_edit(const chat::RequestFacts& facts,
                                                      std::string_view upstream_model);

}  // namespace spillway::dialect
