#include "spillway/gateway/attempt.hpp"

#include <algorithm>
#include <utility>

#include "ollama_call.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/quota_headers.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/answer_headers.hpp"
#include "spillway/gateway/budget_headers.hpp"
#include "spillway/gateway/embedding_call.hpp"
#include "spillway/gateway/overrides.hpp"
#include "spillway/gateway/reply.hpp"
#include "spillway/gateway/stream_relay.hpp"
#include "spillway/gateway/whole_answer.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

constexpr std::size_t max_error_body = std::size_t{64} * 1024;
constexpr Millis error_body_timeout{10'000};

bool starts_with_nocase(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

Overrides overrides_of(const Attempt& attempt)
{
    const auto& request = attempt.request;
    return gateway::overrides_of(attempt.chain.plan(), request.facts,
                                 request.arrival.snapshot->table[attempt.target.deployment],
                                 attempt.upstream, wording_of(request), attempt.target.window);
}

std::vector<dialect::Splice> edits_of(const Attempt& attempt, const std::string& model)
{
    const auto& request = attempt.request;
    switch (request.form) {
        case BodyForm::none:
            return {};
        case BodyForm::multipart:
            return dialect::plan_multipart_edit(request.facts, model);
        case BodyForm::json:
            break;
    }
    // Further endpoints pass through unchanged but for the model's name and what a rule sets.
    static const dialect::WireRules none;
    const auto& usual = request.endpoint() == chat::Endpoint::other ? none : attempt.upstream.rules;
    auto overrides = overrides_of(attempt);
    const auto plan = [&](const dialect::WireRules& rules) {
        return dialect::plan_edits(request.facts, request.body, model, rules, attempt.usage_wish,
                                   request.endpoint());
    };
    if (overrides.empty())
        return plan(usual);
    auto rules = usual;
    rules.overrides = std::move(overrides);
    return plan(rules);
}

std::string head_of(const Attempt& attempt, const std::string& model, std::string_view path,
                    std::size_t body_length)
{
    const auto& request = attempt.request;
    HeadParts parts;
    parts.path = path;
    parts.method = request.method;
    parts.forwarded = request.forwarded;
    if (request.form == BodyForm::none) {
        // The model stands in the query; the suffix ends in "model=" (see read_request).
        const auto suffix = request.suffix + model;
        parts.suffix = suffix;
        return wire_head(attempt.upstream, parts);
    }
    parts.suffix = request.suffix;
    parts.content_type = request.content_type;
    parts.body_length = body_length;
    return wire_head(attempt.upstream, parts);
}

std::optional<Millis> retry_after_of(const net::ReplyHead& head, const Services& services)
{
    return dialect::parse_retry_after(head.fields["retry-after"], head.fields["retry-after-ms"],
                                      services.clock.wall());
}

/// Reads a refusal to its end, or as far as it is worth.
net::Task<std::string> read_error_body(net::UpstreamCall& call, TimePoint by)
{
    std::string body;
    for (;;) {
        const auto piece = co_await call.read(by);
        if (!piece || piece->empty())
            co_return body;
        body.append(*piece);
        if (body.size() > max_error_body)
            co_return body;
    }
}

/// Servers that do not know `stream_options` say so in a 400 (wire.md 1.4).
bool refuses_stream_options(const Attempt& attempt, const chat::Failure& failure)
{
    return attempt.usage_wish == dialect::UsageInjection::ask &&
           failure.kind == chat::FailureClass::rejected &&
           failure.message.find("stream_options") != std::string::npos;
}

/// A request as it goes over the wire, and what it is made of.
struct Wire {
    std::vector<dialect::Splice> edits;
    OllamaCall ollama;  ///< Instead of the client's body and its edits.
    std::vector<std::string_view> pieces;
    std::string head;
};

Result<void> write_for_ollama(Attempt& attempt, const std::string& model, Wire& wire)
{
    OllamaWish wish{attempt.upstream,
                    attempt.request.facts,
                    attempt.request.body,
                    attempt.request.endpoint(),
                    model,
                    overrides_of(attempt),
                    dialect::KeepAliveChoice::bounded,
                    {}};
    if (chat::administers(attempt.request.arrival.caller))
        wish.keep_alive = dialect::KeepAliveChoice::clients;
    wish.window.allocated = attempt.target.window;
    auto call = in_ollamas_words(std::move(wish));
    if (!call)
        return fail(std::move(call).error());
    wire.ollama = *std::move(call);
    wire.pieces.assign(1, wire.ollama.body);
    attempt.window = wire.ollama.window ? wire.ollama.window : attempt.target.window;
    return {};
}

/// @return Why the request cannot be said to the deployment.
Result<void> write_request(Attempt& attempt, Wire& wire)
{
    const auto model = upstream_model(attempt.upstream, attempt.target.wildcard);
    if (speaks_ollama(attempt.upstream, attempt.request)) {
        if (auto written = write_for_ollama(attempt, model, wire); !written)
            return written;
    } else if (attempt.request.ollama &&
               attempt.request.ollama->takers == dialect::OllamaTakers::ollama) {
        return fail(
            Errc::not_translatable,
            "'template', 'context' and 'images' beside a raw prompt are taken by deployments "
            "that speak Ollama's own API, and by no others.");
    } else {
        wire.edits = edits_of(attempt, model);
        wire.pieces = dialect::slices(attempt.request.body, wire.edits);
    }
    std::size_t length = 0;
    for (const auto piece : wire.pieces)
        length += piece.size();
    wire.head = head_of(attempt, model, wire.ollama.path, length);
    return {};
}

}  // namespace

ClientWatch::ClientWatch(net::Exchange& exchange) : exchange_(exchange)
{
    exchange_.on_client_gone([this] {
        if (call_ != nullptr)
            call_->cancel();
        left_.set();
    });
}

ClientWatch::~ClientWatch()
{
    exchange_.on_client_gone(nullptr);
}

chat::Failure failure_of(const net::CallError& error)
{
    using chat::FailureClass;
    chat::Failure failure;
    failure.message = error.message;
    switch (error.fault) {
        case net::CallFault::unreachable:
            failure.kind = FailureClass::transient;
            failure.unreached = true;
            break;
        case net::CallFault::connect_timeout:
        case net::CallFault::closed:
            failure.kind = FailureClass::transient;
            break;
        case net::CallFault::timeout:
            failure.kind = FailureClass::stalled;
            break;
        case net::CallFault::not_local:
            failure.kind = FailureClass::not_local;
            break;
        case net::CallFault::tls:
        case net::CallFault::forbidden:
        case net::CallFault::bad_reply:
        case net::CallFault::cancelled:
            failure.kind = FailureClass::unknown;
            break;
    }
    return failure;
}

guard::AttemptReport::End report_of(const chat::Failure& failure, route::Patience patience)
{
    using End = guard::AttemptReport::End;
    // A client that waits a second only says nothing about the deployment, nor does a request that
    // was kept from it.
    const bool impatient =
        failure.kind == chat::FailureClass::stalled && patience == route::Patience::request;
    return impatient || failure.kind == chat::FailureClass::not_local ? End::abandoned
                                                                      : End::failed;
}

void begin_answer(Attempt& attempt, int status, net::HeaderLines headers)
{
    const auto& arrival = attempt.request.arrival;
    if (attempt.request.same)
        attempt.request.same->begin(status, headers.text());
    {
        LineBuffer lines(headers);
        add_answer_headers(lines, arrival.id, attempt.upstream, attempt.chain.attempted_retries(),
                           attempt.chain.attempted_fallbacks());
        lines.put(attempt.request.routing_lines()).put(attempt.request.queue_lines);
        lines.put(attempt.request.rate_lines());
        add_budget_headers(lines, attempt.request, attempt.target.group, attempt.target.deployment,
                           attempt.services);
    }
    add_cors(headers, arrival.snapshot->config.server, arrival.origin);
    voice_headers(attempt.request, headers);
    if (attempt.pass != nullptr)
        attempt.pass->first_token(attempt.services.clock.now());
    attempt.chain.answered();
    if (attempt.rival != nullptr)
        attempt.rival->reset();
    // One that was told of its wait has its head already.
    if (!attempt.exchange.reply_began())
        attempt.exchange.begin_stream(status, headers);
    attempt.request.forget_body();
    attempt.exchange.release_body();
}

namespace {

/// Sends the request and waits for the head of the reply. A coroutine of its own, so that what only
/// sending needs is gone while a long stream runs.
/// @return Null when there is no reply; the attempt's end is set then.
net::Task<const net::ReplyHead*> send_request(Attempt& attempt)
{
    const auto& request = attempt.request;
    Wire written;
    if (const auto done = write_request(attempt, written); !done) {
        attempt.end = untranslatable(done.error());
        co_return nullptr;
    }
    net::UpstreamRequest wire;
    wire.head = std::move(written.head);
    wire.body = written.pieces;
    // The last step before a connection: whatever went wrong above, nothing private leaves.
    net::CallBounds bounds(passage_to(*request.arrival.snapshot, attempt.target.deployment,
                                      attempt.target.wildcard,
                                      attempt.chain.plan().limits.boundary));
    bounds.connect = request.arrival.snapshot->config.upstream.connect_timeout;
    bounds.deadline = attempt.target.deadline;
    // A whole answer's first byte is its last token's: only the total bound can judge it.
    bounds.first_byte_by =
        request.facts.delivery == chat::Delivery::stream
            ? std::min(attempt.began + attempt.target.first_token_timeout, bounds.deadline)
            : bounds.deadline;
    const auto begun = co_await attempt.call->start(attempt.upstream.origin, wire, bounds);
    if (attempt.watch.client_left()) {
        attempt.end = ClientLeft{};
        co_return nullptr;
    }
    if (!begun) {
        attempt.end = failure_of(begun.error());
        co_return nullptr;
    }
    co_return *begun;
}

/// Keeps what the provider says of its limits: a 429 is better avoided than met.
void note_quota(const Attempt& attempt, const net::ReplyHead& reply)
{
    const auto& clock = attempt.services.clock;
    const auto quota = dialect::read_quota(reply.fields, clock.wall());
    if (!quota.empty())
        attempt.request.arrival.snapshot->fleet->told(attempt.target.deployment, quota,
                                                      clock.now());
}

/// What became of a request that was refused.
enum class Refusal : std::uint8_t {
    ended,
    curable,  ///< It was about what we had added, which is left out from here on.
};

net::Task<Refusal> take_refusal(Attempt& attempt, const net::ReplyHead& reply)
{
    const auto& services = attempt.services;
    const auto retry_after = retry_after_of(reply, services);
    const auto status = reply.status;
    const auto by = std::min(services.clock.now() + error_body_timeout, attempt.target.deadline);
    const auto body = co_await read_error_body(*attempt.call, by);
    if (attempt.watch.client_left()) {
        attempt.end = ClientLeft{};
        co_return Refusal::ended;
    }
    auto failure = dialect::classify(status, body, retry_after);
    if (refuses_stream_options(attempt, failure)) {
        attempt.usage_wish = dialect::UsageInjection::leave;
        co_return Refusal::curable;
    }
    attempt.end = std::move(failure);
    co_return Refusal::ended;
}

/// Does the answer come piece by piece, in a form that we know?
bool comes_as_stream(const Attempt& attempt, const net::ReplyHead& reply)
{
    return starts_with_nocase(reply.fields["content-type"], "text/event-stream") ||
           (speaks_ollama(attempt.upstream, attempt.request) &&
            attempt.request.endpoint() != chat::Endpoint::embeddings);
}

}  // namespace

// No coroutine itself: its frame would stand beside every open stream.
net::Task<void> run_attempt(Attempt& attempt)
{
    if (attempt.request.endpoint() == chat::Endpoint::embeddings)
        if (auto inputs = inputs_to_split(attempt); !inputs.empty())
            return run_in_parts(attempt, std::move(inputs));
    return run_call(attempt);
}

net::Task<void> run_call(Attempt& attempt)
{
    for (;;) {
        attempt.call = std::make_unique<net::UpstreamCall>(attempt.services.shard);
        attempt.watch.watch(attempt.call.get());
        const auto* const reply = co_await send_request(attempt);
        if (reply == nullptr)
            co_return;
        note_quota(attempt, *reply);
        if (reply->status >= 200 && reply->status <= 299) {
            if (attempt.request.facts.delivery == chat::Delivery::stream &&
                comes_as_stream(attempt, *reply))
                co_return co_await relay_stream(attempt, *reply);
            co_return co_await take_whole_answer(attempt, *reply);
        }
        const auto refusal = co_await take_refusal(attempt, *reply);
        attempt.watch.watch(nullptr);
        if (refusal == Refusal::ended)
            co_return;
    }
}

}  // namespace spillway::gateway
