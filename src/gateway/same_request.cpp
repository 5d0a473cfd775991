#include "spillway/gateway/same_request.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include "field_values.hpp"
#include "spillway/base/secret.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/plan_request.hpp"
#include "spillway/gateway/reply.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/settle.hpp"

namespace spillway::gateway {
namespace {

constexpr std::size_t longest_key = 255;
/// For an answer that lies on disk.
constexpr Millis fetch_timeout{10'000};

/// What a follower waits on; shared with whoever wakes it, so that neither minds who ends first.
struct Wait {
    net::Event event;
    chat::KeptAnswerPtr answer;
    bool woken = false;
};

/// While it lives, the client's leaving ends the wait.
class LeavingWatch {
public:
    LeavingWatch(net::Exchange& exchange, std::shared_ptr<Wait> wait) : exchange_(exchange)
    {
        exchange_.on_client_gone([wait = std::move(wait)] { wait->event.set(); });
    }
    ~LeavingWatch() { exchange_.on_client_gone(nullptr); }
    LeavingWatch(const LeavingWatch&) = delete;
    LeavingWatch& operator=(const LeavingWatch&) = delete;

private:
    net::Exchange& exchange_;
};

/// Resumes on the waiter's shard, from whatever thread.
guard::Replays::Wake waker(net::Shard& shard, std::shared_ptr<Wait> wait)
{
    return [&shard, wait = std::move(wait)](chat::KeptAnswerPtr answer) {
        shard.post([wait, answer = std::move(answer)] {
            wait->answer = answer;
            wait->woken = true;
            wait->event.set();
        });
    };
}

/// Is the request's temperature zero, in so many words?
bool is_cold(const InferenceRequest& request)
{
    const auto& members = request.facts.members;
    const auto found = std::find_if(members.begin(), members.end(),
                                    [](const auto& each) { return each.key == "temperature"; });
    if (found == members.end())
        return false;
    const auto text = found->value.of(request.body);
    double value = 1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc() && end == text.data() + text.size() && value == 0;
}

bool may_be_coalesced(const InferenceRequest& request)
{
    const auto& section = request.arrival.snapshot->config.coalescing;
    if (!section.enabled || request.form != BodyForm::json ||
        request.endpoint() == chat::Endpoint::embeddings)
        return false;
    const auto& models = section.models;
    const bool listed = models.empty() || std::find(models.begin(), models.end(),
                                                    request.facts.model) != models.end();
    return listed && is_cold(request);
}

/// What decides where the request may go and does not stand in its body alone: the client's wishes,
/// whether its key keeps it local, and what its route's conditions look at.
std::string narrowed_by(const InferenceRequest& request, const net::Fields& fields)
{
    std::string text;
    const auto add_value = [&](std::string_view value) {
        // The length keeps two values from running into each other.
        text.append(std::to_string(value.size())).append(" ").append(value).append("\n");
    };
    const auto add = [&](std::string_view name) {
        const auto values = values_of(fields, name);
        add_value(values.empty() ? std::string_view() : values.front());
        for (std::size_t i = 1; i < values.size(); ++i) {
            text.append("+");  // Not to be taken for one of the next name.
            add_value(values[i]);
        }
    };
    for (const auto name : wish_headers)
        add(name);
    const bool kept = request.facts.stay_local || has_local_key(request.arrival);
    text.append(kept ? "local\n" : "any\n");
    const auto* const route = request.arrival.snapshot->rules.book.find(request.facts.model);
    if (route == nullptr)
        return text;
    for (const auto& name : route->needs().headers)
        add(name);
    if (route->needs().identity)
        text.append(request.arrival.caller.key_hash);
    return text;
}

/// The body by its digest, so that it is not copied. The model stands outside of it only in a GET.
std::string digest_of(const InferenceRequest& request, const net::Fields& fields)
{
    std::string text(request.method);
    text.append("\n").append(request.suffix).append("\n").append(request.facts.model);
    text.append("\n").append(narrowed_by(request, fields));
    return sha256_hex(text.append("\n").append(sha256_hex(request.body)));
}

guard::ReplayLimits limits_of(const config::Idempotency& section)
{
    return {section.max_age, section.max_total, section.max_answers};
}

Error conflict()
{
    return Error(Errc::idempotency_conflict,
                 "This idempotency key was used for another request within the last hours; a new "
                 "request needs a new key.")
        .about("Idempotency-Key");
}

net::HeaderLines replay_headers(const InferenceRequest& request, const chat::KeptAnswer& answer)
{
    const auto& arrival = request.arrival;
    const auto id = arrival.id.text();
    net::HeaderLines lines;
    lines.add("x-spillway-call-id", id).add("x-litellm-call-id", id);
    lines.add(request.same->by == SameRequest::By::key ? "x-spillway-idempotent-replay"
                                                       : "x-spillway-coalesced",
              "true");
    lines.add("x-spillway-original-call-id", answer.call_id);
    lines.add("x-spillway-response-cost", "0").add("x-litellm-response-cost", "0");
    lines.add_block(answer.headers);
    add_cors(lines, arrival.snapshot->config.server, arrival.origin);
    return lines;
}

/// Sends an answer that was made for an earlier request. It cost nothing, and is recorded so.
net::Task<void> replay(InferenceRequest& request, chat::KeptAnswerPtr answer,
                       net::Exchange& exchange, Services& services)
{
    services.metrics.replays(request.same->by == SameRequest::By::key ? "idempotent" : "coalesced")
        .Increment();
    const auto record = make_replayed(request, *answer, services.clock.now());
    publish(record, request.arrival, nullptr, services);
    auto commit = services.settlements.commit(record);
    const auto committed = co_await commit;
    if (!committed) {
        const auto lines = error_headers(request.arrival, committed.error());
        const auto body = error_body(request, committed.error());
        (void)co_await exchange.reply(describe(committed.error().code()).status, lines, body);
        co_return;
    }
    auto lines = replay_headers(request, *answer);
    voice_headers(request, lines);
    std::string spoken;
    if (request.ollama)
        spoken = voiced_answer(request, *answer, services.clock);
    const std::string_view body = request.ollama ? spoken : answer->body;
    if (answer->form == chat::KeptAnswer::Form::stream) {
        exchange.begin_stream(answer->status, lines);
        (void)co_await exchange.send_last(body);
    } else {
        (void)co_await exchange.reply(answer->status, lines, body);
    }
}

/// The answer as it is on disk; null when it is not.
net::Task<chat::KeptAnswerPtr> fetch(const std::string& key, Services& services)
{
    auto* const store = services.shared.answers;
    if (store == nullptr)
        co_return nullptr;
    auto wait = std::make_shared<Wait>();
    store->fetch(key, waker(services.shard, wait));
    co_await services.shard.sleep(fetch_timeout, &wait->event);
    co_return wait->answer;
}

Millis patience_of(const InferenceRequest& request)
{
    const auto bound = request.arrival.snapshot->table.chain_timeout();
    const auto& own = request.facts.controls.timeout;
    return own ? std::clamp(*own, Millis{0}, bound) : bound;
}

/// Waits for the leader. @return Its answer; null when this request leads now.
net::Task<Result<chat::KeptAnswerPtr>> follow(const InferenceRequest& request, std::uint64_t ticket,
                                              std::shared_ptr<Wait> wait, net::Exchange& exchange,
                                              Services& services)
{
    {
        const LeavingWatch watch(exchange, wait);
        if (!exchange.client_gone())
            co_await services.shard.sleep(patience_of(request), &wait->event);
    }
    if (wait->woken)
        co_return std::move(wait->answer);
    services.shared.replays.leave(request.same->key, ticket);
    if (exchange.client_gone()) {
        services.metrics.client_gone->Increment();
        co_return fail(Errc::client_gone, "The client left before its answer was complete.");
    }
    co_return fail(Errc::upstream_timeout,
                   "The first request like this one is still running; the time allowed for this "
                   "one is over.");
}

}  // namespace

void SameRequest::add(std::string_view bytes)
{
    if (!lead || too_large)
        return;
    too_large = bytes.size() > most_bytes - std::min(most_bytes, body.size());
    if (too_large)
        std::string().swap(body);
    else
        body.append(bytes);
}

Result<std::string_view> idempotency_key(std::string_view idempotency_key,
                                         std::string_view x_idempotency_key)
{
    const auto wrong = [](std::string message) {
        return fail(Error(Errc::invalid_request, std::move(message)).about("Idempotency-Key"));
    };
    if (!idempotency_key.empty() && !x_idempotency_key.empty() &&
        idempotency_key != x_idempotency_key)
        return wrong("Idempotency-Key and X-Idempotency-Key are different.");
    const auto key = idempotency_key.empty() ? x_idempotency_key : idempotency_key;
    const bool printable =
        std::all_of(key.begin(), key.end(), [](unsigned char c) { return c >= 0x20 && c < 0x7f; });
    if (!printable || key.size() > longest_key)
        return wrong("An idempotency key has at most 255 characters, all of them printable ASCII.");
    return key;
}

bool compare_with_others(InferenceRequest& request, const net::Fields& fields)
{
    const auto& config = request.arrival.snapshot->config;
    if (!request.same) {
        if (!may_be_coalesced(request))
            return false;
        request.same = std::make_unique<SameRequest>();
        request.same->by = SameRequest::By::coalescing;
    }
    auto& same = *request.same;
    const bool by_key = same.by == SameRequest::By::key;
    same.most_bytes = config.idempotency.max_answer;
    same.request = digest_of(request, fields);
    const bool anybody = !by_key && config.coalescing.across_keys;
    const auto caller = anybody ? std::string_view("") : request.arrival.caller.key_hash;
    // The length keeps two callers' texts from running into each other's.
    same.key =
        sha256_hex((by_key ? "key " : "coalesced ") + std::to_string(caller.size()) + " " +
                   std::string(caller) + " " + (by_key ? same.idempotency_key : same.request));
    return true;
}

net::Task<Result<Joined>> join_same(InferenceRequest& request, net::Exchange& exchange,
                                    Services& services)
{
    auto& same = *request.same;
    auto& replays = services.shared.replays;
    const auto max_age = request.arrival.snapshot->config.idempotency.max_age;
    for (;;) {
        auto wait = std::make_shared<Wait>();
        auto decision = replays.ask(same.key, same.request, waker(services.shard, wait),
                                    services.clock.wall(), max_age);
        chat::KeptAnswerPtr answer;
        if (auto* const lead = std::get_if<guard::Replays::Lead>(&decision)) {
            same.lead.emplace(std::move(*lead));
            co_return Joined::leads;
        }
        if (std::holds_alternative<guard::Replays::Conflict>(decision))
            co_return fail(conflict());
        if (const auto* follows = std::get_if<guard::Replays::Follows>(&decision)) {
            auto followed =
                co_await follow(request, follows->ticket, std::move(wait), exchange, services);
            if (!followed)
                co_return fail(std::move(followed).error());
            if (*followed == nullptr) {
                same.lead.emplace(replays, same.key, follows->ticket);
                // Its attempts begin now, not when it began to wait.
                request.received = services.clock.now();
                co_return Joined::leads;
            }
            answer = *std::move(followed);
        } else {
            answer = std::get<guard::Replays::Kept>(decision).answer;
            if (answer == nullptr)
                answer = co_await fetch(same.key, services);
            if (answer == nullptr) {
                replays.lost(same.key);
                continue;
            }
        }
        co_await replay(request, std::move(answer), exchange, services);
        co_return Joined::answered;
    }
}

void hand_on(InferenceRequest& request, const Outcome& outcome, Services& services)
{
    auto& same = *request.same;
    const auto* const whole = std::get_if<WholeReply>(&outcome.parting);
    const auto* const end = std::get_if<StreamEnd>(&outcome.parting);
    if (whole != nullptr)
        same.add(whole->body);
    else if (end != nullptr)
        same.add(end->bytes);
    const bool complete = outcome.end == ledger::Outcome::served && outcome.served_by &&
                          (whole != nullptr || end != nullptr) && !same.too_large;
    if (!same.lead || !complete) {
        same.lead.reset();
        return;
    }
    const auto& snapshot = *request.arrival.snapshot;
    const auto& upstream = snapshot.upstreams[at(outcome.served_by->deployment)];
    auto answer = std::make_shared<chat::KeptAnswer>();
    answer->form =
        whole != nullptr ? chat::KeptAnswer::Form::whole : chat::KeptAnswer::Form::stream;
    answer->status = same.status;
    answer->headers = same.headers + upstream.answer_block;
    answer->headers += request.routing_lines();
    answer->body = std::move(same.body);
    answer->call_id = request.arrival.id.text();
    answer->group = snapshot.table[outcome.served_by->group].name;
    answer->deployment_id = upstream.id;
    answer->provider = upstream.provider;
    answer->upstream_model = upstream.model;
    if (same.by == SameRequest::By::coalescing) {
        same.lead->share(answer);
        return;
    }
    const auto now = services.clock.wall();
    auto gone = same.lead->keep(answer, now, limits_of(snapshot.config.idempotency));
    if (auto* const store = services.shared.answers) {
        store->keep(same.key, same.request, answer, now,
                    [&replays = services.shared.replays, key = same.key] { replays.written(key); });
        if (!gone.empty())
            store->drop(std::move(gone));
    }
}

}  // namespace spillway::gateway
