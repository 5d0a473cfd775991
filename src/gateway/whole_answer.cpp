#include "spillway/gateway/whole_answer.hpp"

#include <algorithm>
#include <utility>

#include "ollama_call.hpp"
#include "spillway/base/text.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/answer_headers.hpp"
#include "spillway/gateway/cascade.hpp"
#include "spillway/gateway/embedding_call.hpp"

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

void fail(Attempt& attempt, chat::FailureClass kind, std::string message)
{
    auto& failure = attempt.end->emplace<chat::Failure>();
    failure.kind = kind;
    failure.message = std::move(message);
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
            return dialect::read_answer(body, request.endpoint(), request.prompt_count).usage;
        }
    }
    return {};
}

/// Relays the rest of an answer that is too large to hold or not JSON.
net::Task<void> relay_rest(Attempt& attempt, int status, net::HeaderLines headers,
                           std::string begun)
{
    auto& clock = attempt.services.clock;
    const auto first_token = clock.now();
    // Too long to be held, so it is not judged.
    if (attempt.verification) {
        attempt.verification->word = cascade_word("released", std::nullopt);
        show_cascade(attempt.request, attempt.verification->word);
    }
    begin_answer(attempt, status, std::move(headers));
    std::string tail;
    std::string_view ready = begun;
    for (;;) {
        if (!ready.empty()) {
            const auto sent = co_await attempt.exchange.send(ready);
            if (!sent) {
                attempt.end->emplace<ClientLeft>().first_token = first_token;
                co_return;
            }
            if (attempt.request.same)
                attempt.request.same->add(ready);
            tail.append(ready.substr(ready.size() - std::min(ready.size(), tail_kept)));
            if (tail.size() > tail_kept)
                tail.erase(0, tail.size() - tail_kept);
        }
        const auto by =
            std::min(clock.now() + attempt.target.idle_timeout, attempt.target.deadline);
        const auto piece = co_await attempt.call->read(by);
        if (attempt.watch.client_left()) {
            attempt.end->emplace<ClientLeft>().first_token = first_token;
            co_return;
        }
        if (piece && !piece->empty()) {
            ready = *piece;
            continue;
        }
        auto& answered = attempt.end->emplace<Answered>();
        answered.first_token = first_token;
        answered.streamed = true;
        if (piece) {
            answered.parting = StreamEnd{};
            answered.usage = usage_in_tail(tail, attempt.request);
            co_return;
        }
        // Raw bytes have no error event: the missing end of the chunked body says it.
        answered.parting = Nothing{};
        answered.end = ledger::Outcome::broken;
        answered.error = Errc::stream_broken;
        answered.failure = failure_of(piece.error());
        attempt.exchange.close_after();
        co_return;
    }
}

/// Judges an answer that is here in full.
void judge(Attempt& attempt, WholeReply reply, TimePoint first_token)
{
    const auto& request = attempt.request;
    auto facts = dialect::read_answer(reply.body, request.endpoint(), request.prompt_count);
    if (facts.failure) {
        attempt.end = *std::move(facts.failure);
        return;
    }
    if (request.endpoint() == chat::Endpoint::embeddings) {
        auto recoded = dialect::recode_embeddings(std::move(reply.body), vector_wish(attempt));
        if (!recoded)
            return fail(attempt, chat::FailureClass::unknown, recoded.error().message());
        reply.body = *std::move(recoded);
    }
    auto& answered = attempt.end->emplace<Answered>();
    answered.usage = facts.usage;
    answered.engine = std::move(facts.engine);
    answered.first_token = first_token;
    answered.parting = std::move(reply);
}

/// Judges an Ollama's answer that is here in full.
void judge_ollama(Attempt& attempt, WholeReply reply, TimePoint first_token)
{
    const auto& request = attempt.request;
    const auto frame = answer_frame(request, attempt.services.clock.wall());
    auto translated = in_openais_words(reply.body, request.endpoint(), frame);
    if (!translated)
        return fail(attempt, chat::FailureClass::transient, translated.error().message());
    reply.body = std::move(translated->body);
    const bool cut = was_cut(translated->engine, request, attempt.window);
    if (cut)
        reply.headers.add("x-spillway-truncated", "true");
    judge(attempt, std::move(reply), first_token);
    auto* const answered = std::get_if<Answered>(&*attempt.end);
    if (answered == nullptr)
        return;
    answered->engine = translated->engine;
    answered->engine.truncated = cut;
    if (translated->usage == dialect::UsageOrigin::ourselves)
        answered->usage.source = chat::UsageSource::estimated;
}

}  // namespace

net::Task<void> take_whole_answer(Attempt& attempt, const net::ReplyHead& reply)
{
    WholeReply whole;
    whole.status = reply.status;
    const bool json = is_json(reply.fields["content-type"]);
    {
        LineBuffer lines(whole.headers);
        copy_reply_headers(lines, reply, attempt.request.whose_rates());
    }

    // The three endpoints we meter answer with a JSON object, whatever their content type says; a
    // web page with status 200 is not an answer.
    const auto endpoint = attempt.request.endpoint();
    const bool metered = endpoint != chat::Endpoint::other;
    // What must be put into other words, or re-encoded, cannot be relayed as it comes.
    const bool ollama = speaks_ollama(attempt.upstream, attempt.request);
    const bool held = endpoint == chat::Endpoint::embeddings || ollama || attempt.request.ollama;
    const auto limit = held ? max_embeddings : max_held;
    if (reply.framing == net::Framing::length && reply.content_length <= limit)
        whole.body.reserve(static_cast<std::size_t>(reply.content_length));
    const auto first_token = attempt.services.clock.now();
    for (;;) {
        const auto piece = co_await attempt.call->read(attempt.target.deadline);
        if (attempt.watch.client_left()) {
            attempt.end = ClientLeft{};
            co_return;
        }
        if (!piece) {
            attempt.end = failure_of(piece.error());
            co_return;
        }
        if (piece->empty())
            break;
        whole.body.append(*piece);
        const bool fits = whole.body.size() <= limit;
        if (!fits && held) {
            fail(attempt, chat::FailureClass::unknown, "the answer is larger than 32 MiB");
            co_return;
        }
        if (!fits || (!json && !metered)) {
            co_return co_await relay_rest(attempt, whole.status, std::move(whole.headers),
                                          std::move(whole.body));
        }
    }
    attempt.watch.watch(nullptr);
    if (metered && !is_object(whole.body)) {
        fail(attempt, chat::FailureClass::transient, "the answer is not JSON");
        std::get<chat::Failure>(*attempt.end).status = whole.status;
        co_return;
    }
    if (ollama)
        judge_ollama(attempt, std::move(whole), first_token);
    else
        judge(attempt, std::move(whole), first_token);
    if (attempt.verification)
        verify_whole(attempt);
}

}  // namespace spillway::gateway
