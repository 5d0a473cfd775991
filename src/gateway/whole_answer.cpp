#include "spillway/gateway/whole_answer.hpp"

#include <algorithm>
#include <utility>

#include "spillway/base/text.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/reply.hpp"

namespace spillway::gateway {
namespace {

constexpr std::size_t max_held = std::size_t{1} * 1024 * 1024;
constexpr std::size_t max_embeddings = std::size_t{32} * 1024 * 1024;
/// Usage stands at the end of every answer we know; this much of a relayed one is kept to find it.
constexpr std::size_t tail_kept = std::size_t{16} * 1024;

bool is_json(std::string_view content_type)
{
    return content_type.size() >= 16 && iequals(content_type.substr(0, 16), "application/json");
}

bool is_object(std::string_view body)
{
    const auto first = body.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && body[first] == '{';
}

ClientLeft left(Attempt& attempt, std::optional<TimePoint> first_token)
{
    attempt.watch.watch(nullptr);
    ClientLeft end;
    end.first_token = first_token;
    return end;
}

/// The usage object near the end of a long answer, as a small answer of its own.
chat::Usage usage_in_tail(const std::string& tail, const InferenceRequest& request)
{
    const auto key = tail.rfind("\"usage\"");
    if (key == std::string::npos)
        return {};
    const auto open = tail.find('{', key);
    int depth = 0;
    for (auto i = open; i != std::string::npos && i < tail.size(); ++i) {
        depth += tail[i] == '{' ? 1 : tail[i] == '}' ? -1 : 0;
        if (depth == 0) {
            const auto body = "{" + tail.substr(key, i + 1 - key) + "}";
            return dialect::read_answer(body, request.endpoint(), request.prompt_estimate).usage;
        }
    }
    return {};
}

/// Relays the rest of an answer that is too large to hold or not JSON.
net::Task<AttemptEnd> relay_rest(Attempt& attempt, net::UpstreamCall& call, int status,
                                 const net::HeaderLines& headers, std::string begun)
{
    auto& clock = attempt.services.clock;
    const auto first_token = clock.now();
    attempt.chain.committed();
    attempt.exchange.begin_stream(status, headers);
    attempt.request.forget_body();
    attempt.exchange.release_body();
    std::string tail;
    std::string_view ready = begun;
    for (;;) {
        if (!ready.empty()) {
            const auto sent = co_await attempt.exchange.send(ready);
            if (!sent)
                co_return left(attempt, first_token);
            tail.append(ready.substr(ready.size() - std::min(ready.size(), tail_kept)));
            if (tail.size() > tail_kept)
                tail.erase(0, tail.size() - tail_kept);
        }
        const auto by =
            std::min(clock.now() + attempt.target.idle_timeout, attempt.target.deadline);
        const auto piece = co_await call.read(by);
        if (attempt.watch.client_left())
            co_return left(attempt, first_token);
        Answered answered;
        answered.first_token = first_token;
        answered.streamed = true;
        if (!piece) {
            // Raw bytes have no error event: the missing end of the chunked body says it.
            answered.parting = Nothing{};
            answered.end = ledger::Outcome::broken;
            answered.error = Error(Errc::stream_broken, piece.error().message);
            answered.failure = failure_of(piece.error());
            attempt.exchange.close_after();
        } else if (!piece->empty()) {
            ready = *piece;
            continue;
        } else {
            answered.parting = StreamEnd{};
            answered.usage = usage_in_tail(tail, attempt.request);
        }
        attempt.watch.watch(nullptr);
        co_return answered;
    }
}

/// Judges an answer that is here in full.
AttemptEnd judge(Attempt& attempt, int status, net::HeaderLines headers, std::string body,
                 TimePoint first_token)
{
    const auto& request = attempt.request;
    auto facts = dialect::read_answer(body, request.endpoint(), request.prompt_estimate);
    if (facts.failure)
        return *std::move(facts.failure);
    if (request.endpoint() == chat::Endpoint::embeddings) {
        auto recoded = dialect::recode_embeddings(std::move(body), request.facts.encoding);
        if (!recoded) {
            chat::Failure failure;
            failure.kind = chat::FailureClass::unknown;
            failure.message = recoded.error().message();
            return failure;
        }
        body = *std::move(recoded);
    }
    Answered answered;
    answered.usage = facts.usage;
    answered.first_token = first_token;
    answered.parting = WholeReply{status, std::move(headers), std::move(body)};
    return answered;
}

}  // namespace

net::Task<AttemptEnd> take_whole_answer(Attempt& attempt, std::unique_ptr<net::UpstreamCall> call,
                                        const net::ReplyHead& reply)
{
    const auto status = reply.status;
    const bool json = is_json(reply.fields["content-type"]);
    net::HeaderLines headers;
    copy_reply_headers(headers, reply);
    add_answer_headers(headers, attempt);
    add_cors(headers, attempt.request.arrival.snapshot->config.server,
             attempt.request.arrival.origin);

    // The three endpoints we meter answer with a JSON object, whatever their content type says; a
    // web page with status 200 is not an answer.
    const bool metered = attempt.request.endpoint() != chat::Endpoint::other;
    const auto limit =
        attempt.request.endpoint() == chat::Endpoint::embeddings ? max_embeddings : max_held;
    std::string body;
    if (reply.framing == net::Framing::length && reply.content_length <= limit)
        body.reserve(static_cast<std::size_t>(reply.content_length));
    const auto first_token = attempt.services.clock.now();
    for (;;) {
        const auto piece = co_await call->read(attempt.target.deadline);
        if (attempt.watch.client_left())
            co_return left(attempt, std::nullopt);
        if (!piece) {
            attempt.watch.watch(nullptr);
            co_return failure_of(piece.error());
        }
        if (piece->empty())
            break;
        body.append(*piece);
        if (!json && !metered)
            co_return co_await relay_rest(attempt, *call, status, headers, std::move(body));
        if (body.size() <= limit)
            continue;
        if (attempt.request.endpoint() != chat::Endpoint::embeddings)
            co_return co_await relay_rest(attempt, *call, status, headers, std::move(body));
        attempt.watch.watch(nullptr);
        chat::Failure failure;
        failure.kind = chat::FailureClass::unknown;
        failure.message = "the embeddings answer is larger than 32 MiB";
        co_return failure;
    }
    attempt.watch.watch(nullptr);
    if (metered && !is_object(body)) {
        chat::Failure failure;
        failure.kind = chat::FailureClass::transient;
        failure.status = status;
        failure.message = "the answer is not JSON";
        co_return failure;
    }
    co_return judge(attempt, status, std::move(headers), std::move(body), first_token);
}

}  // namespace spillway::gateway
