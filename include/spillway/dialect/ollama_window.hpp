#pragma once

#include <optional>

#include "spillway/base/units.hpp"

/// How much prompt and answer an Ollama's model is asked to hold. Ollama itself gives a model 4,096
/// tokens where it has little memory, and cuts longer prompts without a word (wire.md 2.3).
namespace spillway::dialect {

/// What is known of it; what nobody told is empty.
struct WindowFacts {
    std::optional<Tokens> configured;  ///< `num_ctx` or `max_input_tokens` of the file.
    /// As it is allocated (`/api/ps`): what Ollama found room for in the memory that it has.
    std::optional<Tokens> allocated;
    std::optional<Tokens> trained;  ///< The most that the model can hold (`/api/show`).
};

/// `num_ctx` for the model: the file's, else the one it is loaded with; never more than it can
/// hold. Empty: nothing is sent, and Ollama decides when it loads the model.
[[nodiscard]] std::optional<Tokens> choose_window(const WindowFacts& facts);

/// Tokens of a prompt as we count them.
struct PromptBand {
    Tokens best{};
    Tokens least{};  ///< Surely not fewer.
};

/// Did the engine read less than the prompt? It was told not to, but old versions, and models that
/// were loaded by others, do. Never by the engine's figure alone: what its cache held may be
/// missing from it, and a cache may hold the beginning of a prompt that was never sent before.
///
/// Where the window is not known, a count that is a window itself (2,048 or a doubling of it, what
/// Ollama gives models by default) tells, if the prompt is surely longer. Other low counts do not.
/// @param evaluated  `prompt_eval_count`; empty when the engine gave none.
/// @param window     The one it was asked for, else the one it told.
[[nodiscard]] bool was_truncated(std::optional<Tokens> evaluated, const PromptBand& prompt,
                                 std::optional<Tokens> window);

}  // namespace spillway::dialect
