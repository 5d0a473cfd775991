#pragma once

#include <cstdint>
#include <optional>

#include "spillway/base/units.hpp"

namespace spillway::chat {

/// What a local engine says of one of its models; what it does not say is empty.
struct ModelFacts {
    std::optional<bool> loaded;
    std::optional<Tokens> window;              ///< Of prompt and answer, as it is allocated.
    std::optional<std::uint32_t> slots;        ///< Requests that it works on at once.
    std::optional<std::uint64_t> memory;       ///< Bytes that the loaded model takes.
    std::optional<std::uint64_t> memory_fast;  ///< Bytes of it that are on the GPU.
    std::optional<bool> loading;               ///< It is on its way into memory.
    std::optional<std::uint32_t> running;  ///< Requests that it works on now, whoever sent them.
    std::optional<std::uint32_t> waiting;  ///< Requests in the engine's own queue.
    friend bool operator==(const ModelFacts&, const ModelFacts&) = default;
};

}  // namespace spillway::chat
