#include "spillway/gateway/warm_up.hpp"

#include <string>
#include <utility>

#include "spillway/dialect/ollama_request.hpp"
#include "spillway/net/upstream.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

/// As long as Ollama itself allows a load (OLLAMA_LOAD_TIMEOUT).
constexpr Millis longest_load{300'000};

dialect::OllamaRequest request_of(const Upstream& upstream, const std::string& model,
                                  chat::Endpoint endpoint, std::optional<Tokens> told)
{
    const auto& ollama = *upstream.ollama;
    dialect::WindowFacts facts;
    facts.configured = ollama.window;
    facts.allocated = told;
    return dialect::ollama_load_request(model, endpoint, ollama.defaults,
                                        ollama.windows->settle(model, facts));
}

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
    const auto& upstream = snapshot->upstreams[at(target.deployment)];
    if (gate == nullptr || !upstream.ollama || services.side_calls.stopped())
        return;
    auto model = upstream_model(upstream, target.wildcard);
    if (!gate->begin_load(model, services.clock.now()))
        return;
    const bool embeds = snapshot->table[target.deployment].mode == config::Mode::embedding;
    auto request = request_of(
        upstream, model, embeds ? chat::Endpoint::embeddings : chat::Endpoint::chat, target.window);
    const auto path = upstream.ollama->base_path + (embeds ? "/api/embed" : "/api/chat");
    HeadParts parts;
    parts.method = "POST";
    parts.path = path;
    parts.content_type = "application/json";
    parts.body_length = request.body.size();
    auto head = wire_head(upstream, parts);
    net::spawn(load(snapshot, target.deployment, std::move(model), std::move(head),
                    std::move(request.body), services));
}

}  // namespace spillway::gateway
