#include "spillway/gateway/engine_turn.hpp"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "field_values.hpp"
#include "member_number.hpp"
#include "spillway/base/text.hpp"
#include "spillway/gateway/answer_headers.hpp"
#include "spillway/gateway/reply.hpp"
#include "spillway/gateway/worst_case.hpp"
#include "wire_head.hpp"

namespace spillway::gateway {
namespace {

using engine::Leave;
using engine::Overflow;

/// What a place that was never measured usually takes.
constexpr Millis usual_first_token{1'000};
constexpr Millis longest_sleep{5'000};
constexpr Millis comment_interval{5'000};
constexpr Millis shortest_retry{1'000};
constexpr Millis longest_retry{60'000};

engine::Patience patience_of(const config::Queue& queue, const route::Plan& plan)
{
    engine::Patience patience;
    patience.first_token = plan.patience.value_or(queue.patience);
    patience.better_by = queue.better_by;
    patience.most_per_second = queue.worth_per_second;
    patience.bridge = queue.bridge == config::Bridge::while_loading
                          ? engine::Patience::Bridge::while_loading
                          : engine::Patience::Bridge::beyond_patience;
    return patience;
}

bool asks_for_batch(std::string_view metadata)
{
    if (metadata.find("priority") == std::string_view::npos)
        return false;
    const auto object = nlohmann::json::parse(metadata, nullptr, false);
    return object.is_object() && object.contains("priority") && object["priority"] == "batch";
}

/// LiteLLM's scheduler and vLLM: 0 goes first.
bool asks_for_batch(const InferenceRequest& request)
{
    return number_at(request, "priority").value_or(0) > 0;
}

std::string seconds(Millis duration)
{
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%.1f s", static_cast<double>(duration.count()) / 1000);
    return text.data();
}

}  // namespace

Result<engine::Priority> priority_of(const InferenceRequest& request, const route::Plan& plan,
                                     const net::Fields& fields)
{
    bool batch = plan.priority == config::Urgency::batch || asks_for_batch(request);
    for (const auto word : values_of(fields, "x-spillway-priority")) {
        if (!iequals(word, "interactive") && !iequals(word, "batch"))
            return fail(Error(Errc::invalid_request,
                              "The header x-spillway-priority must be interactive or batch.")
                            .about("x-spillway-priority"));
        batch = batch || iequals(word, "batch");
    }
    const auto* grant = request.arrival.caller.grant.get();
    batch = batch || (grant != nullptr && asks_for_batch(grant->metadata));
    return batch ? engine::Priority::batch : engine::Priority::interactive;
}

EngineTurn::EngineTurn(const Parts& parts, guard::EngineGate& gate)
    : parts_(parts),
      gate_(gate),
      patience_(patience_of(parts.request.arrival.snapshot->config.queue, parts.chain.plan())),
      overflow_(parts.chain.plan().overflow.value_or(
          parts.request.arrival.snapshot->config.queue.overflow)),
      bell_(std::make_shared<Bell>(Bell{&parts.watch.left()})),
      deadline_(parts.target.deadline)
{
    const auto& snapshot = *parts.request.arrival.snapshot;
    model_ = upstream_model(snapshot.upstreams[at(parts.target.deployment)], parts.target.wildcard);
    if (overflow_ == config::Overflow::error)
        patience_.first_token = engine::forecast_horizon;
}

EngineTurn::~EngineTurn()
{
    bell_->event = nullptr;
}

guard::EngineWish EngineTurn::wish_of(const route::Target& target) const
{
    guard::EngineWish wish;
    wish.model = model_;
    wish.priority = parts_.priority;
    wish.key = parts_.request.arrival.caller.key_hash;
    wish.prompt = parts_.request.prompt_count;
    wish.turn = parts_.turn;
    wish.most = parts_.request.facts.max_tokens;
    wish.deadline = target.deadline;
    return wish;
}

/// Is there no other place, whatever happens?
bool EngineTurn::stays() const
{
    return parts_.chain.pinned() || parts_.chain.insists() || overflow_ == config::Overflow::never;
}

/// Where the request would go next, if it may. Asks a copy of the chain, so that all limits of the
/// real one hold: boundary, access, windows, rests.
engine::NextHop EngineTurn::next_hop(TimePoint now)
{
    engine::NextHop next;
    if (stays()) {
        next.leave = parts_.chain.insists() ? Leave::no_hop : Leave::pinned;
        return next;
    }
    auto& services = parts_.services;
    const auto& snapshot = *parts_.request.arrival.snapshot;
    snapshot.fleet->read(services.fleet_view, now);
    const route::Moment moment{now, services.fleet_view, services.shard.random().draw(), false};
    auto probe = parts_.chain;
    const auto action = probe.passed_over(moment);
    const auto* send = std::get_if<route::Send>(&action);
    // Back to where it is: nobody else is there.
    if (send == nullptr || send->target.deployment == parts_.target.deployment)
        return next;
    const auto first_token = first_token_at(send->target, now);
    if (!first_token)
        return next;
    next.leave = Leave::allowed;
    next.first_token = *first_token;
    const auto& request = parts_.request;
    // Not the plan's limits: of a request that only names a model they do not hold it.
    const auto asked = asked_by(request, parts_.chain.plan().parameters);
    const auto cost = [&](const route::Target& target) {
        return route::worst_cost(snapshot.table[target.deployment], request.prompt_count,
                                 asked.longest, asked.choices)
            .value_or(NanoUsd{0});
    };
    next.extra =
        NanoUsd{std::max<std::int64_t>(0, count(cost(send->target)) - count(cost(parts_.target)))};
    return next;
}

/// How soon another place would answer; empty when its own queue is full.
std::optional<Millis> EngineTurn::first_token_at(const route::Target& target, TimePoint now)
{
    const auto& snapshot = *parts_.request.arrival.snapshot;
    if (auto* const gate = snapshot.engines->of(target.deployment)) {
        auto wish = wish_of(target);
        const auto model =
            upstream_model(snapshot.upstreams[at(target.deployment)], target.wildcard);
        wish.model = model;
        wish.turn = engine::Turn::first;
        const auto forecast = gate->forecast(wish, now);
        return forecast ? forecast->total() : usual_first_token;
    }
    const auto measured = parts_.services.fleet_view[target.deployment].first_token_ms;
    return measured > 0 ? Millis{static_cast<std::int64_t>(measured)} : usual_first_token;
}

/// Stays, or says how it ends.
std::optional<EngineTurn::End> EngineTurn::judge(const engine::Here& here, TimePoint now)
{
    here_ = here;
    const auto& forecast = here.forecast;
    const bool busy = forecast.queue > Millis{0} || forecast.held != engine::Held::nothing;
    if (overflow_ == config::Overflow::in_flight && busy) {
        if (next_hop(now).leave == Leave::allowed) {
            why_ = "in_flight";
            return End::elsewhere;
        }
    }
    // Looking for another place costs more than all the rest, so only who needs one looks.
    auto verdict = engine::decide(here, engine::NextHop{Leave::no_hop, {}, {}}, patience_);
    if (verdict == engine::Verdict{Overflow::stay, engine::Why::soon})
        return std::nullopt;
    const auto in_flight = overflow_ == config::Overflow::in_flight;
    if (in_flight && verdict.what == Overflow::stay)
        return std::nullopt;
    const auto next = next_hop(now);
    verdict = engine::decide(here, next, patience_);
    why_ = engine::name(verdict.why);
    switch (verdict.what) {
        case Overflow::stay:
            return std::nullopt;
        case Overflow::spill:
            cold_ = forecast.warmth == engine::Warmth::cold && forecast.load > Millis{0};
            return End::elsewhere;
        case Overflow::refuse:
            break;
    }
    return End::refused;
}

/// Asks for a slot or a place in the queue.
std::optional<EngineTurn::End> EngineTurn::come(TimePoint now)
{
    asked_ = now;
    if (overflow_ == config::Overflow::error)
        deadline_ = std::min(deadline_, now + parts_.target.first_token_timeout);
    auto wish = wish_of(parts_.target);
    wish.deadline = deadline_;
    const auto forecast = gate_.forecast(wish, now);
    if (!forecast)
        return End::admitted;
    engine::Here here;
    here.forecast = *forecast;
    here.left = std::chrono::duration_cast<Millis>(deadline_ - now);
    expected_ = forecast->total();
    if (const auto end = judge(here, now))
        return end;
    auto ring = [&shard = parts_.services.shard, bell = bell_] {
        shard.post([bell] {
            if (bell->event != nullptr)
                bell->event->poke();
        });
    };
    pass_ = gate_.enter(wish, std::move(ring), now);
    if (!pass_ || pass_->state() == guard::EnginePass::State::admitted)
        return End::admitted;
    if (pass_->state() == guard::EnginePass::State::none) {
        here.room = engine::Here::Room::full;
        return judge(here, now);
    }
    position_ = pass_->position();
    return std::nullopt;
}

/// One look while it waits.
std::optional<EngineTurn::End> EngineTurn::look(TimePoint now)
{
    using State = guard::EnginePass::State;
    waited_ = std::chrono::duration_cast<Millis>(now - asked_);
    if (parts_.watch.client_left())
        return End::client_left;
    pass_->look(now);
    switch (pass_->state()) {
        case State::admitted:
            return End::admitted;
        case State::none:
        case State::expired:
            why_ = engine::name(engine::Why::too_late);
            return next_hop(now).leave == Leave::allowed ? End::elsewhere : End::refused;
        case State::waiting:
            break;
    }
    // Its deadline ends the wait; to foresee it would change nothing.
    if (stays())
        return std::nullopt;
    engine::Here here;
    here.forecast = pass_->forecast(now);
    here.waited = waited_;
    here.left = std::chrono::duration_cast<Millis>(deadline_ - now);
    return judge(here, now);
}

Millis EngineTurn::until_next_look(TimePoint now) const
{
    const auto until =
        std::min({pass_->wake_at(now), deadline_, comment_due(), now + longest_sleep});
    const auto left = std::chrono::ceil<Millis>(until - now);
    if (stays())
        return std::clamp(left, Millis{1}, longest_sleep);
    return std::clamp(std::min(left, engine::ask_again_in(here_, patience_)), Millis{1},
                      longest_sleep);
}

/// When the client of a stream is told next that it still waits.
TimePoint EngineTurn::comment_due() const
{
    const auto& request = parts_.request;
    const auto after = request.arrival.snapshot->config.queue.comment_after;
    const bool events = request.endpoint() == chat::Endpoint::chat ||
                        request.endpoint() == chat::Endpoint::completions;
    // Ollama's lines have no comments.
    if (!events || request.ollama || request.facts.delivery != chat::Delivery::stream)
        return TimePoint::max();
    return commented_ ? *commented_ + comment_interval : asked_ + after;
}

/// The head of an answer that is not there yet. From here on the answer is a stream, whoever it
/// comes from: no attempt is bound by it, and a request that nobody serves ends as a stream.
void EngineTurn::begin_early()
{
    const auto& request = parts_.request;
    const auto& arrival = request.arrival;
    const auto& snapshot = *arrival.snapshot;
    net::HeaderLines headers;
    {
        LineBuffer lines(headers);
        lines.put("content-type: text/event-stream; charset=utf-8\r\n");
        lines.put("cache-control: no-cache\r\nx-accel-buffering: no\r\n");
        add_answer_headers(lines, arrival.id, snapshot.upstreams[at(parts_.target.deployment)],
                           parts_.chain.attempted_retries(), parts_.chain.attempted_fallbacks());
        lines.put(request.routing_lines()).put(request.queue_lines).put(request.rate_lines());
        lines.put("x-spillway-queue-position: ").put(position_.value_or(0)).put("\r\n");
    }
    add_cors(headers, snapshot.config.server, arrival.origin);
    parts_.exchange.begin_stream(200, headers);
}

/// Tells the client where it stands; clients of event streams ignore comments.
net::Task<void> EngineTurn::comment(TimePoint now)
{
    // It may have been told already by another engine that it did not wait for.
    if (!parts_.exchange.reply_began())
        begin_early();
    commented_ = now;
    const auto line = ": waiting, " + std::to_string(pass_->position(now)) + " before this one\n\n";
    // One that left is seen at the next look.
    (void)co_await parts_.exchange.send(line);
}

net::Task<EngineTurn::End> EngineTurn::wait()
{
    auto now = parts_.services.clock.now();
    auto end = come(now);
    while (!end) {
        const auto pause = until_next_look(now);
        co_await parts_.services.shard.sleep(pause, &parts_.watch.left());
        now = parts_.services.clock.now();
        end = look(now);
        if (!end && now >= comment_due()) {
            co_await comment(now);
            now = parts_.services.clock.now();
            end = look(now);
        }
    }
    bell_->event = nullptr;
    if (*end != End::admitted)
        pass_.reset();
    co_return *end;
}

Error EngineTurn::refusal() const
{
    const auto state = gate_.health();
    const auto& forecast = here_.forecast;
    std::string text = "The local engine of " + printable(model_, 80) +
                       " is busy: " + std::to_string(state.running) + " requests run there and " +
                       std::to_string(state.waiting) + " wait";
    if (waited_ > Millis{0})
        text += "; this one waited " + seconds(waited_) + " in vain";
    else if (why_ == engine::name(engine::Why::full))
        text += ", more must not";
    else
        text += "; it would begin after " + seconds(forecast.queue);
    // One place in the queue is free about so soon.
    const auto step = forecast.queue / std::max<std::int64_t>(1, forecast.ahead);
    return Error(Errc::overloaded, text + ".")
        .retry_in(std::clamp(step, shortest_retry, longest_retry));
}

}  // namespace spillway::gateway
