#include "engine_seats.hpp"

#include <string>

#include "spillway/engine/model_report.hpp"

namespace spillway::gateway {

std::vector<guard::EngineSeat> seats_of(const config::Config& config,
                                        std::vector<Upstream>& upstreams, observe::Metrics& metrics)
{
    std::vector<guard::EngineSeat> seats(upstreams.size());
    for (std::size_t i = 0; i < upstreams.size(); ++i) {
        auto& upstream = upstreams[i];
        const auto kind = engine::kind_of(upstream.provider);
        if (!kind || !upstream.local)
            continue;
        auto& seat = seats[i];
        const auto& origin = upstream.origin;
        const bool v6 = origin.host.find(':') != std::string::npos;
        // One engine, whichever of its two names a row has.
        const auto host = origin.host == "localhost" ? std::string("127.0.0.1") : origin.host;
        seat.address = (v6 ? "[" + host + "]" : host) + ":" + std::to_string(origin.port);
        seat.kind = *kind;
        if (upstream.model.find('*') == std::string::npos)
            seat.model = upstream.model;
        if (const auto most = config.deployments[i].max_parallel)
            seat.slots = static_cast<std::uint32_t>(*most);
        upstream.engine = metrics.engine(seat.address);
    }
    return seats;
}

}  // namespace spillway::gateway
