#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "local_policies_engine.hpp"
#include "spillway/engine/overflow.hpp"

namespace local_policies {

struct CloudScript {
    double first_token = 0.7;  ///< Median seconds.
    double spread = 0.4;       ///< Sigma of the logarithm.
    double input_price = 2.5;  ///< Dollars per million tokens.
    double output_price = 10;
};

/// Who goes to the cloud.
struct Policy {
    enum class Kind : std::uint8_t {
        local_only,
        on_error,         ///< After a 503, and after `timeout` without a first token.
        in_flight,        ///< When the engine has so many already; and on errors.
        predicted,        ///< spillway's own classes.
        predicted_local,  ///< The same, with nothing to overflow to.
    } kind = Kind::local_only;
    double timeout = 60;              ///< Seconds.
    std::vector<std::uint32_t> most;  ///< In flight, by model; one figure: over all models.
    spillway::engine::Patience patience;
    spillway::engine::QueueSettings queue;
};

[[nodiscard]] Policy policy(Policy::Kind kind);
[[nodiscard]] Policy in_flight(std::vector<std::uint32_t> most);

struct Result {
    std::size_t requests = 0;
    std::size_t failed = 0;  ///< Refused, and nobody else to ask. They count in no percentile.
    std::size_t answered = 0;
    std::size_t cloud = 0;
    double dollars = 0;
    double p50 = 0;  ///< Seconds to the first token.
    double p99 = 0;
    std::uint64_t loads = 0;
    double mean_error = 0;  ///< Seconds, of predictions for what stayed; without sign.
    double bias = 0;

    [[nodiscard]] double cloud_share() const
    {
        return static_cast<double>(cloud) / static_cast<double>(std::max<std::size_t>(requests, 1));
    }
};

[[nodiscard]] Result run(const EngineScript& engine, const CloudScript& cloud,
                         const std::vector<Request>& requests, const Policy& policy,
                         std::uint64_t seed);

/// The cheapest overflow by in-flight count whose p99 is no more than `p99`, over thresholds for
/// all models together and for each model alone. Empty when none reaches it.
struct Threshold {
    std::vector<std::uint32_t> most;
    Result result;
};
[[nodiscard]] std::optional<Threshold> cheapest_in_flight(const EngineScript& engine,
                                                          const CloudScript& cloud,
                                                          const std::vector<Request>& requests,
                                                          double p99, std::uint32_t fewest,
                                                          std::uint64_t seed);

}  // namespace local_policies
