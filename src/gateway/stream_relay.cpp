#include "spillway/gateway/stream_relay.hpp"

#include <algorithm>
#include <utility>

#include "ollama_call.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/answer_headers.hpp"
#include "spillway/gateway/cascade.hpp"
#include "stream_parts.hpp"

namespace spillway::gateway {
namespace {

/// Events that tell nothing are held back up to this; then the client gets them.
constexpr std::size_t max_held = std::size_t{1} * 1024 * 1024;
/// Responses events carry whole answers, images included (wire.md 7, rule 2).
constexpr std::size_t max_event = std::size_t{16} * 1024 * 1024;
constexpr Millis leftover_bound{1'000};
constexpr std::string_view comment = ": keep-alive\n\n";
/// Too late for a header.
constexpr std::string_view cut_comment = ": the engine cut the prompt\n\n";

/// Reads what follows [DONE] (usually just the last chunk) so that the connection can be reused.
net::Task<void> finish_call(std::unique_ptr<net::UpstreamCall> call, TimePoint by)
{
    for (;;) {
        const auto piece = co_await call->read(by);
        if (!piece || piece->empty())
            co_return;
    }
}

}  // namespace

StreamRelay::StreamRelay(Attempt& attempt, const net::ReplyHead& reply)
    : attempt_(attempt),
      status_(reply.status),
      meter_(attempt.request.endpoint(), attempt.usage_wish == dialect::UsageInjection::leave),
      comment_due_(attempt.services.shard.wheel(), &StreamRelay::send_comment, this)
{
    LineBuffer lines(headers_);
    lines.put("cache-control: no-cache\r\nx-accel-buffering: no\r\n");
    const auto rates = attempt.request.whose_rates();
    if (!speaks_ollama(attempt.upstream, attempt.request)) {
        copy_reply_headers(lines, reply, rates);
        return;
    }
    copy_reply_headers_as(lines, reply, rates, "text/event-stream; charset=utf-8");
    const auto form = attempt.request.endpoint() == chat::Endpoint::completions
                          ? dialect::StreamForm::completion
                          : dialect::StreamForm::chat;
    ollama_ = std::make_unique<dialect::OllamaStream>(
        answer_frame(attempt.request, attempt.services.clock.wall()), form);
}

TimePoint StreamRelay::next_bound() const
{
    const auto& target = attempt_.target;
    const auto bound =
        committed_ ? now() + target.idle_timeout : attempt_.began + target.first_token_timeout;
    return std::min(bound, target.deadline);
}

void StreamRelay::relay(std::string_view bytes)
{
    // Neighbouring events of one read go out as one slice of the upstream's buffer.
    if (out_.empty() && direct_.empty()) {
        direct_ = bytes;
    } else if (out_.empty() && direct_.data() + direct_.size() == bytes.data()) {
        direct_ = {direct_.data(), direct_.size() + bytes.size()};
    } else {
        if (out_.empty())
            out_.assign(std::exchange(direct_, {}));
        out_.append(bytes);
    }
}

Step StreamRelay::take_event(std::string_view event)
{
    const auto verdict = meter_.see(event);
    switch (verdict.kind) {
        case dialect::EventKind::failure:
            return Step::failed;
        case dialect::EventKind::done:
            last_.assign(event);
            return Step::done;
        case dialect::EventKind::malformed:
            attempt_.services.metrics.malformed_events->Increment();
            return Step::more;
        case dialect::EventKind::meaningful:
            if (!committed_) {
                committed_ = true;
                first_token_ = now();
            }
            if (verification_ != nullptr)
                verification_->add(event, now());
            break;
        case dialect::EventKind::idle:
            break;
    }
    if (verdict.rewritten) {
        // The rewritten bytes live in the meter only until its next event.
        out_.append(std::exchange(direct_, {})).append(*verdict.rewritten);
    } else if (verdict.relay) {
        relay(event);
    }
    return Step::more;
}

Step StreamRelay::take(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto end = boundary_.first_end(bytes);
        if (!end) {
            unfinished_.append(bytes);
            return unfinished_.size() > max_event ? Step::failed : Step::more;
        }
        const auto head = bytes.substr(0, *end);
        bytes.remove_prefix(*end);
        auto step = Step::more;
        if (unfinished_.empty()) {
            step = take_event(head);
        } else {
            unfinished_.append(head);
            const auto event = std::exchange(unfinished_, {});
            step = take_event(event);
            // The event's own string dies here; what points into it must be copied first.
            out_.append(std::exchange(direct_, {}));
        }
        if (step != Step::more)
            return step;
    }
    return Step::more;
}

/// Sends what is ready. Before the commit point everything stays here.
/// @return False when the client left.
net::Task<bool> StreamRelay::flush()
{
    if (!committed_ || (unjudged() && verification_->holds(now()))) {
        out_.append(std::exchange(direct_, {}));
        if (committed_ && unjudged())
            comment_due_.expire_at(verification_->hold_until());
        if (out_.size() <= max_held)
            co_return true;
        committed_ = true;
    }
    if (!begun_)
        begin();
    co_await quiet();
    const auto ready = out_.empty() ? direct_ : std::string_view{out_};
    if (!ready.empty()) {
        if (attempt_.request.sample)
            attempt_.request.sample->keep(ready);
        const auto words = voiced(attempt_.request, ready, attempt_.services.clock);
        if (!words.empty()) {
            const auto sent = co_await attempt_.exchange.send(words);
            if (!sent)
                co_return false;
        }
        if (attempt_.request.same)
            attempt_.request.same->add(ready);
    }
    // Swapped, so that a stream that waits does not keep the room of its last events.
    std::string{}.swap(out_);
    direct_ = {};
    comment_due_.expire_at(now() + comment_interval);
    co_return true;
}

void StreamRelay::begin()
{
    begun_ = true;
    if (verification_ != nullptr) {
        const auto* end = fault_ ? "kept" : ended_ ? "verified" : "released";
        verification_->word = cascade_word(end, fault_);
        show_cascade(attempt_.request, verification_->word);
    }
    // That it was cut is known already where the prompt cannot have fit.
    if (ollama_ && was_cut({}, attempt_.request, attempt_.window))
        headers_.add("x-spillway-truncated", "true");
    begin_answer(attempt_, status_, std::move(headers_));
}

net::Task<void> StreamRelay::run()
{
    auto step = Step::more;
    while (step == Step::more) {
        const auto piece = co_await attempt_.call->read(next_bound());
        if (attempt_.watch.client_left())
            co_return leave();
        if (!piece)
            co_return fail(failure_of(piece.error()));
        if (piece->empty()) {
            if (ollama_)
                step = take(ollama_->finish());
            // Some servers leave the blank line behind [DONE] out (wire.md 7).
            if (step == Step::more && !unfinished_.empty())
                step = take("\n\n");
            break;
        }
        step = take(ollama_ ? ollama_->feed(*piece) : *piece);
        if (step == Step::failed && (!committed_ || unjudged()))
            break;
        if (unjudged() && committed_) {
            if (step == Step::done)
                break;
            if (step == Step::more && !verification_->holds(now()) &&
                doubts(review::Extent::beginning))
                co_return;
        }
        const bool sent = co_await flush();
        if (!sent)
            co_return leave();
    }
    if (step != Step::failed && committed_ && !unjudged()) {
        const bool sent = co_await flush();
        if (!sent)
            co_return leave();
    }
    end(step);
}

net::Task<void> StreamRelay::quiet()
{
    while (commenting_)
        co_await comment_written_.wait();
}

/// The upstream has said all it will say.
void StreamRelay::end(Step step)
{
    if (step == Step::failed) {
        auto failure = meter_.failure();
        if (unfinished_.size() > max_event) {
            failure.kind = chat::FailureClass::unknown;
            failure.message = "an event of the stream is larger than 16 MiB";
        }
        return fail(std::move(failure));
    }
    if (!meter_.ended_properly()) {
        chat::Failure failure;
        failure.kind = chat::FailureClass::transient;
        failure.message = "the stream ended before its answer was complete";
        return fail(std::move(failure));
    }
    comment_due_.disarm();
    attempt_.watch.watch(nullptr);
    if (step == Step::done)
        net::spawn(finish_call(std::move(attempt_.call), now() + leftover_bound));
    ended_ = true;
    if (verification_ != nullptr && doubts(review::Extent::whole))
        return;
    finish();
}

void StreamRelay::finish()
{
    // A proper end without one meaningful event: an empty answer is an answer.
    if (!begun_)
        begin();
    out_.append(std::exchange(direct_, {}));
    auto& end = answered();
    if (end.engine.truncated)
        out_.append(cut_comment);
    out_.append(last_);
    end.parting = StreamEnd{std::move(out_)};
}

/// A failure of the attempt while the client has seen nothing, a broken answer from then on.
void StreamRelay::fail(chat::Failure failure)
{
    if (begun_)
        break_off(std::move(failure));
    else
        attempt_.end = std::move(failure);
}

void StreamRelay::break_off(chat::Failure failure)
{
    comment_due_.disarm();
    attempt_.watch.watch(nullptr);
    attempt_.call.reset();
    const Error error(Errc::stream_broken, "The answer of " + attempt_.upstream.id +
                                               " broke off: " + failure.message +
                                               ". What came before is incomplete.");
    const bool responses = attempt_.request.suffix.substr(0, 10) == "/responses";
    auto& end = answered();
    end.parting =
        StreamEnd{responses ? dialect::responses_error_events(error) : dialect::error_event(error)};
    end.end = ledger::Outcome::broken;
    end.error = error.code();
    end.failure = std::move(failure);
}

/// The end of an answer that was begun, but for its last bytes.
Answered& StreamRelay::answered()
{
    auto& end = attempt_.end->emplace<Answered>();
    end.usage = meter_.usage(attempt_.request.prompt_count);
    end.first_token = first_token_;
    end.streamed = true;
    if (ollama_)
        note_engine(end);
    else
        end.engine = meter_.engine();
    return end;
}

void StreamRelay::note_engine(Answered& end) const
{
    end.engine = ollama_->engine();
    end.engine.truncated = was_cut(end.engine, attempt_.request, attempt_.window);
    if (ollama_->usage() == dialect::UsageOrigin::ourselves &&
        end.usage.source == chat::UsageSource::exact)
        end.usage.source = chat::UsageSource::estimated;
}

void StreamRelay::leave()
{
    comment_due_.disarm();
    auto& end = attempt_.end->emplace<ClientLeft>();
    if (meter_.saw_output())
        end.usage = meter_.usage(attempt_.request.prompt_count);
    end.first_token = first_token_;
    end.streamed = true;
}

void StreamRelay::send_comment(void* self)
{
    auto& relay = *static_cast<StreamRelay*>(self);
    if (relay.unjudged())
        return relay.hold_ran_out();
    // Lines of JSON have no comments.
    if (relay.commenting_ || relay.attempt_.request.ollama)
        return;
    relay.commenting_ = true;
    relay.comment_written_.reset();
    net::spawn(relay.write_comment());
}

net::Task<void> StreamRelay::write_comment()
{
    (void)co_await attempt_.exchange.send(comment);
    commenting_ = false;
    comment_due_.expire_at(now() + comment_interval);
    comment_written_.set();
}

net::Task<void> relay_stream(Attempt& attempt, const net::ReplyHead& reply)
{
    if (attempt.verification)
        co_return co_await relay_verified(attempt, reply);
    StreamRelay relay(attempt, reply);
    co_await relay.run();
    co_await relay.quiet();
}

}  // namespace spillway::gateway
