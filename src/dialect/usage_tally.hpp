#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/usage.hpp"
#include "spillway/dialect/json_walk.hpp"

namespace spillway::dialect {

/// What an answer said about its tokens, in whatever words. Later statements replace earlier ones
/// field by field, as Anthropic's `message_delta` does with `message_start`.
class UsageTally {
public:
    /// Reads a `usage` object; leaves anything else.
    void read(JsonWalker& json);
    /// Reads llama.cpp's `timings`, which stand beside the usage; leaves anything else.
    void read_timings(JsonWalker& json);
    /// What the engine told of its work; empty unless it sent `timings`.
    [[nodiscard]] chat::EngineFacts engine() const;
    /// True when a usage object was seen.
    [[nodiscard]] bool reported() const noexcept { return reported_; }

    /// The tokens as far as they can be believed; our own count, flagged `estimated`, where they
    /// cannot (promise 41).
    [[nodiscard]] chat::Usage settle(Tokens prompt_estimate, Tokens completion_estimate,
                                     chat::Endpoint endpoint) const;

private:
    /// One number: not said, said, or said to be nonsense.
    struct Count {
        std::optional<std::int64_t> value;
        bool nonsense = false;
    };

    void take(JsonWalker& json, Count& count);
    enum class Side : std::uint8_t { prompt, completion };
    void read_details(JsonWalker& json, Side side);

    Count prompt_;
    Count completion_;
    Count total_;
    Count cached_;
    Count cache_write_;
    Count reasoning_;
    Count evaluated_;  ///< Of `timings`, as the next two.
    std::optional<std::chrono::nanoseconds> prefill_;
    std::optional<std::chrono::nanoseconds> decode_;
    bool cache_beside_prompt_ = false;  ///< Anthropic's input_tokens leave cached ones out.
    bool reported_ = false;
};

}  // namespace spillway::dialect
