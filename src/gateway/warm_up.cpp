#include "spillway/gateway/warm_up.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/net/upstream.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

/// As long as Ollama itself allows a load (OLLAMA_LOAD_TIMEOUT).
constexpr Millis longest_load{300'000};

/// Another window than that of the requests behind it would make Ollama load the model twice.
std::string window_of(const Upstream& upstream, const route::Target& target)
{
    const auto& defaults = upstream.rules.defaults;
    const auto said = std::find_if(defaults.begin(), defaults.end(),
                                   [](const auto& each) { return each.first == "num_ctx"; });
    if (said != defaults.end())
        return said->second;
    return target.window ? std::to_string(count(*target.window)) : std::string();
}

/// A chat without messages just loads (wire.md 2.2), and so does embedding nothing.
std::string body_of(const Upstream& upstream, const route::Target& target, const std::string& model,
                    config::Mode mode)
{
    auto body = "{\"model\":" + json_quoted(model);
    body +=
        mode == config::Mode::embedding ? ",\"input\":\"\"" : ",\"messages\":[],\"stream\":false";
    if (const auto window = window_of(upstream, target); !window.empty())
        body += ",\"options\":{\"num_ctx\":" + window + "}";
    return body + "}";
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
    if (gate == nullptr || engines.seat(target.deployment).kind != engine::Kind::ollama ||
        services.side_calls.stopped())
        return;
    const auto& upstream = snapshot->upstreams[at(target.deployment)];
    auto model = upstream_model(upstream, target.wildcard);
    if (!gate->begin_load(model, services.clock.now()))
        return;
    const auto mode = snapshot->table[target.deployment].mode;
    auto body = body_of(upstream, target, model, mode);
    const std::string path = mode == config::Mode::embedding ? "/api/embed" : "/api/chat";
    auto head = "POST " + path + " HTTP/1.1\r\n" + upstream.header_block +
                "content-type: application/json\r\ncontent-length: " + std::to_string(body.size()) +
                "\r\n\r\n";
    net::spawn(load(snapshot, target.deployment, std::move(model), std::move(head), std::move(body),
                    services));
}

}  // namespace spillway::gateway
