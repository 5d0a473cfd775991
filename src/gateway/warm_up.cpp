#include "spillway/gateway/warm_up.hpp"

#include <string>
#include <utility>

#include "ollama_call.hpp"
#include "spillway/base/text.hpp"
#include "spillway/net/ask.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

/// As long as Ollama itself allows a load (OLLAMA_LOAD_TIMEOUT).
constexpr Millis longest_load{300'000};
/// It says in a line that it is done.
constexpr std::size_t most_answer = std::size_t{1} << 20;

net::Task<void> load(std::shared_ptr<const Snapshot> snapshot, DeploymentIndex deployment,
                     std::string model, OllamaCall wish, Services& services)
{
    const auto& upstream = snapshot->upstreams[at(deployment)];
    const std::string_view body = wish.body;
    net::UpstreamRequest request;
    request.head = question_head(upstream, wish.path, body.size());
    request.body = {&body, 1};
    net::CallBounds bounds(privacy::Passage::without_request());
    bounds.connect = snapshot->config.upstream.connect_timeout;
    bounds.deadline = services.clock.now() + longest_load;
    net::UpstreamCall call(services.shard);
    const SideCalls::Place place(services.side_calls, call);
    const auto loaded = co_await net::ask(call, upstream.origin, request, bounds, most_answer);
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
    net::spawn(load(snapshot, target.deployment, std::move(model), std::move(call), services));
}

}  // namespace spillway::gateway
