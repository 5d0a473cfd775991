#pragma once

#include <cstdint>
#include <vector>

#include "local_policies_engine.hpp"

namespace local_policies {

/// People of one kind, who use one model.
struct Crowd {
    std::size_t model = 0;
    double share = 1;     ///< Of all bursts.
    double prompt = 600;  ///< Median tokens.
    double spread = 1;    ///< Sigma of the logarithm.
    double answer = 200;  ///< Median tokens.
    double answer_spread = 0.8;
};

struct TrafficScript {
    std::vector<Crowd> crowds;
    double burst = 6;  ///< Mean requests of one burst, all of one client.
    double gap = 2;    ///< Mean seconds between them.
    double seconds = 3600;
};

/// Requests at `times` the capacity of the engine: that of its slots, all taken, with no load.
/// Clients come at random (Poisson), each with a burst of requests in one conversation.
[[nodiscard]] std::vector<Request> make_traffic(const TrafficScript& traffic,
                                                const EngineScript& engine, double times,
                                                std::uint64_t seed);

/// A-B-A-B: strictly alternating models, each so many seconds after the other.
[[nodiscard]] std::vector<Request> alternating(double gap, double seconds, std::uint64_t seed);

}  // namespace local_policies
