#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "spillway/base/units.hpp"

/// Our own `queue:` section as values: waiting in front of local engines.
namespace spillway::config {

/// When a request that would wait for a local engine goes to the next place instead.
enum class Overflow : std::uint8_t {
    predicted,  ///< Its first token is expected later than its patience, and elsewhere sooner.
    in_flight,  ///< The engine works on as many requests as it can.
    error,      ///< The queue is full, or the wait was in vain.
    never,      ///< It waits as long as its own deadline allows.
};

/// Who goes first.
enum class Urgency : std::uint8_t { interactive, batch };

/// Whether the next place serves while a cold model loads.
enum class Bridge : std::uint8_t {
    beyond_patience,  ///< When the load takes longer than the patience.
    while_loading,    ///< In any case.
};

/// What one engine can do, where it does not tell itself.
struct EngineLimits {
    std::optional<std::uint32_t> slots;   ///< Requests at once, of each model.
    std::optional<std::uint64_t> memory;  ///< Bytes for models.
    friend bool operator==(const EngineLimits&, const EngineLimits&) = default;
};

struct Queue {
    Millis patience{5'000};  ///< Until the first token.
    Overflow overflow = Overflow::predicted;
    double better_by = 1.5;
    std::optional<NanoUsd> worth_per_second;  ///< Empty: any price that the budgets have.
    Bridge bridge = Bridge::beyond_patience;
    std::uint32_t size = 256;  ///< Requests that wait in front of one engine.
    Millis turn{30'000};
    Millis batch_ages{60'000};
    Millis comment_after{5'000};                  ///< Until a stream that waits is told so.
    std::map<std::string, EngineLimits> engines;  ///< By "host:port".
};

}  // namespace spillway::config
