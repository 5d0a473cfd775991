#include "spillway/gateway/attempt.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/stream_relay.hpp"
#include "spillway/gateway/whole_answer.hpp"

namespace spillway::gateway {
namespace {

constexpr std::size_t max_error_body = std::size_t{64} * 1024;
constexpr Millis error_body_timeout{10'000};

bool starts_with_nocase(std::string_view text, std::string_view prefix)
{
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

/// The deployment's name of the model: a `*` in it stands for what the client's wildcard matched.
std::string upstream_model(const Attempt& attempt)
{
    auto model = attempt.upstream.model;
    if (const auto star = model.find('*'); star != std::string::npos)
        model.replace(star, 1, attempt.target.wildcard);
    return model;
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
    // Further endpoints pass through unchanged but for the model's name.
    static const dialect::WireRules none;
    const bool further = request.endpoint() == chat::Endpoint::other;
    return dialect::plan_edits(request.facts, request.body, model,
                               further ? none : attempt.upstream.rules, attempt.usage_wish,
                               request.endpoint());
}

std::string wire_head(const Attempt& attempt, const std::string& model, std::size_t body_length)
{
    const auto& request = attempt.request;
    const auto& upstream = attempt.upstream;
    std::string head;
    head.reserve(request.method.size() + upstream.base_path.size() + request.suffix.size() +
                 upstream.header_block.size() + request.forwarded.size() +
                 request.content_type.size() + 96);
    head.append(request.method).append(" ").append(upstream.base_path);
    if (request.form == BodyForm::none) {
        // The model stands in the query; the suffix ends in "model=" (see read_request).
        head.append(request.suffix).append(model);
    } else {
        head.append(request.suffix);
    }
    head.append(" HTTP/1.1\r\n").append(upstream.header_block).append(request.forwarded);
    if (request.form != BodyForm::none) {
        head.append("content-type: ").append(request.content_type).append("\r\n");
        head.append("content-length: ").append(std::to_string(body_length)).append("\r\n");
    }
    head.append("\r\n");
    return head;
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

/// Backends that do not know `stream_options` say so in a 400 (wire.md 1.4).
bool refuses_stream_options(const Attempt& attempt, const chat::Failure& failure)
{
    return attempt.usage_wish == dialect::UsageInjection::ask &&
           failure.kind == chat::FailureClass::rejected &&
           failure.message.find("stream_options") != std::string::npos;
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
        case net::CallFault::connect_timeout:
        case net::CallFault::closed:
            failure.kind = FailureClass::transient;
            break;
        case net::CallFault::timeout:
            failure.kind = FailureClass::stalled;
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

void copy_reply_headers(net::HeaderLines& lines, const net::ReplyHead& head)
{
    static constexpr std::string_view exact[] = {"content-type",   "x-request-id",
                                                 "request-id",     "retry-after",
                                                 "retry-after-ms", "content-disposition"};
    static constexpr std::string_view prefixes[] = {"x-ratelimit-", "openai-",
                                                    "anthropic-ratelimit-"};
    for (const auto& field : head.fields) {
        const auto is = [&](std::string_view name) { return iequals(field.name, name); };
        const auto in = [&](std::string_view p) { return starts_with_nocase(field.name, p); };
        if (std::any_of(std::begin(exact), std::end(exact), is) ||
            std::any_of(std::begin(prefixes), std::end(prefixes), in))
            lines.add(field.name, field.value);
    }
}

void add_answer_headers(net::HeaderLines& lines, const Attempt& attempt)
{
    const auto id = attempt.request.arrival.id.text();
    const auto retries = attempt.chain.attempted_retries();
    const auto fallbacks = attempt.chain.attempted_fallbacks();
    lines.add("x-spillway-call-id", id).add("x-litellm-call-id", id);
    lines.add_block(attempt.upstream.answer_block);
    lines.add("x-spillway-attempted-retries", retries);
    lines.add("x-litellm-attempted-retries", retries);
    lines.add("x-spillway-attempted-fallbacks", fallbacks);
    lines.add("x-litellm-attempted-fallbacks", fallbacks);
}

namespace {

using CallBegun = tl::expected<const net::ReplyHead*, net::CallError>;

/// Sends the request and waits for the head of the reply. A coroutine of its own, so that what only
/// sending needs is gone while a long stream runs.
net::Task<CallBegun> send_request(const Attempt& attempt, net::UpstreamCall& call)
{
    const auto& request = attempt.request;
    const auto model = upstream_model(attempt);
    const auto edits = edits_of(attempt, model);
    const auto pieces = dialect::slices(request.body, edits);
    std::size_t length = 0;
    for (const auto piece : pieces)
        length += piece.size();

    net::UpstreamRequest wire;
    wire.head = wire_head(attempt, model, length);
    wire.body = pieces;
    net::CallBounds bounds;
    bounds.connect = request.arrival.snapshot->config.upstream.connect_timeout;
    bounds.deadline = attempt.target.deadline;
    // A whole answer's first byte is its last token's: only the total bound can judge it.
    bounds.first_byte_by =
        request.facts.delivery == chat::Delivery::stream
            ? std::min(attempt.began + attempt.target.first_token_timeout, bounds.deadline)
            : bounds.deadline;
    co_return co_await call.start(attempt.upstream.origin, wire, bounds);
}

}  // namespace

net::Task<AttemptEnd> run_attempt(Attempt& attempt)
{
    auto& services = attempt.services;
    auto call = std::make_unique<net::UpstreamCall>(services.shard);
    attempt.watch.watch(call.get());
    const auto head = co_await send_request(attempt, *call);
    if (attempt.watch.client_left()) {
        attempt.watch.watch(nullptr);
        co_return ClientLeft{};
    }
    if (!head) {
        attempt.watch.watch(nullptr);
        co_return failure_of(head.error());
    }

    const auto& reply = **head;
    if (reply.status < 200 || reply.status > 299) {
        const auto retry_after = retry_after_of(reply, services);
        const auto status = reply.status;
        const auto by =
            std::min(services.clock.now() + error_body_timeout, attempt.target.deadline);
        const auto body = co_await read_error_body(*call, by);
        attempt.watch.watch(nullptr);
        if (attempt.watch.client_left())
            co_return ClientLeft{};
        auto failure = dialect::classify(status, body, retry_after);
        if (!refuses_stream_options(attempt, failure))
            co_return failure;
        attempt.usage_wish = dialect::UsageInjection::leave;
        call.reset();
        co_return co_await run_attempt(attempt);
    }
    const bool events = starts_with_nocase(reply.fields["content-type"], "text/event-stream");
    if (attempt.request.facts.delivery == chat::Delivery::stream && events)
        co_return co_await relay_stream(attempt, std::move(call), reply);
    co_return co_await take_whole_answer(attempt, std::move(call), reply);
}

}  // namespace spillway::gateway
