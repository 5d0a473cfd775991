#include "ollama_engine.hpp"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "spillway/base/text.hpp"
#include "spillway/dialect/ollama_front_answer.hpp"
#include "spillway/gateway/attempt.hpp"
#include "spillway/gateway/endpoints.hpp"
#include "spillway/gateway/front.hpp"
#include "spillway/gateway/reply.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

/// A pull tells of its progress many times a second; asked for without a stream, it is silent to
/// its end.
constexpr Millis longest_silence{600'000};
constexpr std::chrono::hours longest_call{24};

struct Engine {
    std::string name;  ///< "host:port"
    DeploymentIndex first{};
};

std::string name_of(const Upstream& upstream)
{
    return upstream.origin.host + ":" + std::to_string(upstream.origin.port);
}

std::vector<Engine> engines_of(const Snapshot& snapshot)
{
    std::vector<Engine> engines;
    for (std::size_t i = 0; i < snapshot.upstreams.size(); ++i) {
        const auto& upstream = snapshot.upstreams[i];
        if (!upstream.ollama)
            continue;
        const auto name = name_of(upstream);
        const bool known = std::any_of(engines.begin(), engines.end(),
                                       [&](const Engine& each) { return each.name == name; });
        if (!known)
            engines.push_back({name, DeploymentIndex{static_cast<std::uint32_t>(i)}});
    }
    return engines;
}

std::string head_of(const Upstream& upstream, const net::RequestHead& head, std::size_t length)
{
    const auto path = upstream.ollama->base_path + std::string(head.path);
    const bool is_file = head.path.starts_with("/api/blobs/");
    HeadParts parts;
    parts.path = path;
    parts.method = head.method == net::Method::delete_ ? "DELETE"
                   : head.method == net::Method::head  ? "HEAD"
                                                       : "POST";
    if (head.method != net::Method::head) {
        parts.content_type = is_file ? "application/octet-stream" : "application/json";
        parts.body_length = length;
    }
    return wire_head(upstream, parts);
}

std::string asked_engine(const net::RequestHead& head)
{
    const auto field = head.fields["x-spillway-engine"];
    if (!field.empty())
        return std::string(field);
    return percent_decoded(query_value(head.query, "engine")).value_or("");
}

/// The engine's answer as it comes, up to its end, its breaking off or the client's leaving.
net::Task<void> relay(net::UpstreamCall& call, ClientWatch& watch, net::Exchange& exchange,
                      const Clock& clock)
{
    for (;;) {
        const auto piece = co_await call.read(clock.now() + longest_silence);
        if (watch.client_left())
            co_return;
        if (!piece || piece->empty()) {
            watch.watch(nullptr);
            std::string end;
            if (!piece)
                end =
                    dialect::ollama_error("The engine broke off: " + piece.error().message) + "\n";
            (void)co_await exchange.send_last(end);
            co_return;
        }
        const auto sent = co_await exchange.send(*piece);
        if (!sent)
            co_return;
    }
}

net::Task<void> call_engine(DeploymentIndex engine, std::string_view body, net::Exchange& exchange,
                            Services& services)
{
    const auto snapshot = services.snapshot;
    const auto& upstream = snapshot->upstreams[at(engine)];
    const std::array pieces{body};
    net::UpstreamRequest wire;
    wire.head = head_of(upstream, exchange.head(), body.size());
    wire.body = pieces;
    // Nothing here knows what the body holds, so it stays at home.
    net::CallBounds bounds(passage_to_engine(*snapshot, engine, privacy::Boundary::local));
    bounds.connect = snapshot->config.upstream.connect_timeout;
    bounds.first_byte_by = services.clock.now() + longest_silence;
    bounds.deadline = services.clock.now() + longest_call;
    net::UpstreamCall call(services.shard);
    ClientWatch watch(exchange);
    watch.watch(&call);
    const auto begun = co_await call.start(upstream.origin, wire, bounds);
    if (watch.client_left())
        co_return;
    if (!begun) {
        watch.watch(nullptr);
        Error error(Errc::upstream_unreachable, "The engine " + name_of(upstream) +
                                                    " cannot be asked: " + begun.error().message);
        co_await reply_error(exchange, *snapshot, std::move(error));
        co_return;
    }
    const auto type = (*begun)->fields["content-type"];
    net::HeaderLines lines;
    lines.add("content-type", type.empty() ? "application/json" : type);
    add_cors(lines, snapshot->config.server, exchange.head().fields["origin"]);
    if (exchange.head().method == net::Method::head) {
        watch.watch(nullptr);
        (void)co_await exchange.reply((*begun)->status, lines, std::string_view());
        co_return;
    }
    exchange.begin_stream((*begun)->status, lines);
    co_await relay(call, watch, exchange, services.clock);
}

}  // namespace

Result<DeploymentIndex> find_ollama_engine(const Snapshot& snapshot, std::string_view asked)
{
    const auto engines = engines_of(snapshot);
    if (asked.empty() && engines.size() == 1)
        return engines.front().first;
    for (const auto& engine : engines) {
        if (engine.name == asked)
            return engine.first;
    }
    for (std::size_t i = 0; i < snapshot.upstreams.size(); ++i) {
        if (snapshot.upstreams[i].id == asked && snapshot.upstreams[i].ollama)
            return DeploymentIndex{static_cast<std::uint32_t>(i)};
    }
    if (engines.empty())
        return fail(Errc::invalid_request, "No Ollama engine is configured.");
    std::string names;
    for (const auto& engine : engines)
        names.append(names.empty() ? "" : ", ").append(engine.name);
    return fail(
        Error(Errc::invalid_request,
              (asked.empty() ? std::string("Name the engine")
                             : "There is no engine '" + printable(asked, 80) + "'; name one") +
                  " in x-spillway-engine or ?engine=: " + names + ".")
            .about("engine"));
}

net::Task<void> relay_to_engine(net::Exchange& exchange, Services& services)
{
    const auto snapshot = services.snapshot;
    const auto engine = find_ollama_engine(*snapshot, asked_engine(exchange.head()));
    if (!engine) {
        co_await reply_error(exchange, *snapshot, engine.error());
        co_return;
    }
    if (exchange.head().method == net::Method::head) {
        co_await call_engine(*engine, std::string_view(), exchange, services);
        co_return;
    }
    const auto body = co_await exchange.read_body();
    if (!body) {
        co_await reply_error(exchange, *snapshot, body.error());
        co_return;
    }
    co_await call_engine(*engine, *body, exchange, services);
}

}  // namespace spillway::gateway
