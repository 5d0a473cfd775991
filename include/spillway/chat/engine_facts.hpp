#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// What a local engine and the queue in front of it tell of one request. What nobody told is empty.
struct EngineFacts {
    /// Ollama's own measures (wire.md 2.2): loading the model, reading the prompt, writing the
    /// answer.
    std::optional<std::chrono::nanoseconds> load{};
    std::optional<std::chrono::nanoseconds> prefill{};
    std::optional<std::chrono::nanoseconds> decode{};
    /// Tokens of the prompt that the engine read; what its cache held is not among them.
    std::optional<Tokens> evaluated{};
    /// The engine read clearly fewer tokens than the prompt has.
    bool truncated = false;

    std::optional<Millis> queued{};           ///< Waited in front of the engine.
    std::optional<std::uint32_t> position{};  ///< Requests before it when it began to wait.
    /// Time to the first token as predicted when the place was chosen, waiting included.
    std::optional<Millis> predicted{};
    /// How an answer that its route verified was given: "verified", "released",
    /// "escalated:looping", "kept:looping", "late:looping". Empty for all others.
    std::string cascade{};

    friend bool operator==(const EngineFacts&, const EngineFacts&) = default;
};

}  // namespace spillway::chat
