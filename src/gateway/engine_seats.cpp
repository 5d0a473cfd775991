#include "engine_seats.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "spillway/base/log.hpp"
#include "spillway/base/text.hpp"
#include "spillway/engine/model_report.hpp"

namespace spillway::gateway {
namespace {

/// One engine, whichever of its two names a row has.
std::string address_of(const net::Origin& origin)
{
    const bool v6 = origin.host.find(':') != std::string::npos;
    const auto host = origin.host == "localhost" ? std::string("127.0.0.1") : origin.host;
    return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(origin.port);
}

/// Limits of an engine that nothing leads to are most likely of another address.
void warn_of_strangers(const config::Queue& queue, const std::vector<guard::EngineSeat>& seats)
{
    constexpr std::string_view name = "localhost:";
    for (const auto& [address, limits] : queue.engines) {
        auto wanted = address;
        if (wanted.starts_with(name))
            wanted.replace(0, name.size(), "127.0.0.1:");
        if (std::none_of(seats.begin(), seats.end(),
                         [&](const auto& seat) { return seat.address == wanted; }))
            SPILLWAY_WARN("queue.engines: no deployment sits on a local engine at {}",
                          printable(address, 80));
    }
}

}  // namespace

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
        seat.address = address_of(upstream.origin);
        seat.kind = *kind;
        if (upstream.model.find('*') == std::string::npos)
            seat.model = upstream.model;
        if (const auto most = config.deployments[i].max_parallel)
            seat.slots = static_cast<std::uint32_t>(*most);
        upstream.engine = metrics.engine(seat.address);
    }
    warn_of_strangers(config.queue, seats);
    return seats;
}

}  // namespace spillway::gateway
