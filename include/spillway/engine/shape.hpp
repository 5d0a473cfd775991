#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "spillway/base/units.hpp"

/// What a schedule has to know of one engine (one server: host and port). Plain values, pure.
namespace spillway::engine {

/// Position of a model in the picture of one engine.
enum class ModelIndex : std::uint32_t {};
[[nodiscard]] constexpr std::size_t at(ModelIndex index)
{
    return static_cast<std::size_t>(index);
}

/// Where a model is: `loading` from the moment when the first request for a cold one was sent.
enum class Warmth : std::uint8_t { cold, loading, loaded };
/// "cold", "loading", "loaded".
[[nodiscard]] std::string_view name(Warmth warmth);

/// One model of an engine.
struct ModelShape {
    Warmth warmth = Warmth::cold;
    std::uint32_t slots = 1;              ///< Requests that it works on at once; never 0.
    std::optional<std::uint64_t> memory;  ///< Bytes when loaded; empty: never told.
    Millis load{};                        ///< Expected, when it is cold.
    TimePoint ready_at{};                 ///< When `loading` should end; else meaningless.
    TimePoint used_at{};                  ///< When a request of ours last began or ended.
    TimePoint loaded_at{};                ///< Since when it is `loaded`; else meaningless.
    /// By bit: the models that were seen loaded together with it, and those of which one was seen
    /// to go for the other. What was seen last holds.
    std::uint64_t fits = 0;
    std::uint64_t clashes = 0;
};

struct EngineShape {
    std::vector<ModelShape> models;  ///< By `ModelIndex`.
    /// Bytes of models that are known to fit side by side: as configured, or as much as was seen
    /// loaded at once. Empty: nothing is known, and a cold model is loaded alone.
    std::optional<std::uint64_t> memory;
    /// Bytes beyond which nothing is loaded, as configured. Empty: nobody knows where it ends.
    std::optional<std::uint64_t> limit;
};

/// Which models stay where they are when a cold one is loaded, as far as it is known that they fit
/// beside it: those with running work first, then those that were used last. By model; false for
/// those that are cold anyway and for `model` itself.
/// @param in_use  Running requests by model; may be shorter.
[[nodiscard]] std::vector<bool> who_stays(const EngineShape& shape, ModelIndex model,
                                          const std::vector<std::uint32_t>& in_use);
/// The same, and with them those of whom it is not known that they have to go: neither is the limit
/// too low for both, nor was one seen to go for the other. What is idle need not be waited for
/// then; whether it had to go is seen afterwards.
[[nodiscard]] std::vector<bool> who_may_stay(const EngineShape& shape, ModelIndex model,
                                             const std::vector<std::uint32_t>& in_use);
/// A cold model begins to load: who does not stay is taken for cold from here on, but for those in
/// use. A report sets right what was wrong.
void begin_load(EngineShape& shape, ModelIndex model, const std::vector<std::uint32_t>& in_use,
                TimePoint now);

}  // namespace spillway::engine
