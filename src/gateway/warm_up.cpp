#include "spillway/gateway/warm_up.hpp"

#include <string>
#include <utility>

#include "ollama_call.hpp"
#include "spillway/base/text.hpp"
#include "spillway/net/upstream.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

/// As long as Ollama itself allows a load (OLLAMA_LOAD_TIMEOUT).
constexpr Millis longest_load{300'000};

net::Task<void> load(std::shared_ptr<const Snapshot> snapshot, DeploymentIndex deployment,
                     std::string model, std::string head, std::string body, Services& services)
{
    net::UpstreamRequest request;
    const std::string_view piece = body;
    request.head = head;
    request.body = {&piece, 1};
    net::CallBounds bounds(privacy::Passage::without_request());
    bounds.connect = snapshot->config.upstream.connect_timeout;
    bounds.deadline = services.clock.now() + longest_load;
    bounds.first_byte_by = bounds.deadline;
    net::UpstreamCall call(services.shard);
    const SideCalls::Place place(services.side_calls, call);
    const auto& origin = snapshot->upstreams[at(deployment)].origin;
    const auto begun = co_await call.start(origin, request, bounds);
    bool loaded = begun.has_value() && (*begun)->status == 200;
    while (loaded) {
        const auto more = co_await call.read(bounds.deadline);
        loaded = more.has_value();
        if (!more || more->empty())
            break;
    }
    auto& gate = *snapshot->engines->of(deployment);
    const auto now = services.clock.now();
    if (loaded)
        gate.loaded(model, now);
    else
        gate.load_failed(model, now);
}

}  // namespace

void warm_up(const std::shared_ptr<const Snapshot>& snapshot, const route::Target& target,
             Services& services)
{
    const auto& engines = *snapshot->engines;
    auto* const gate = engines.of(target.deployment);
    if (gate == nullptr || engines.seat(target.deployment).kind != engine::Kind::ollama ||
        !snapshot->upstreams[at(target.deployment)].ollama || services.side_calls.stopped())
        return;
    const auto& upstream = snapshot->upstreams[at(target.deployment)];
    auto model = upstream_model(upstream, target.wildcard);
    if (!gate->begin_load(model, services.clock.now()))
        return;
    const bool embeds = snapshot->table[target.deployment].mode == config::Mode::embedding;
    auto call = loading_call(upstream, model,
                             embeds ? dialect::OllamaTask::embed : dialect::OllamaTask::chat,
                             target.window);
    auto head =
        wire_head(upstream, {"POST", {}, {}, "application/json", call.body.size(), call.path});
    net::spawn(load(snapshot, target.deployment, std::move(model), std::move(head),
                    std::move(call.body), services));
}

}  // namespace spillway::gateway
