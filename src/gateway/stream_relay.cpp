#include "spillway/gateway/stream_relay.hpp"

#include <algorithm>
#include <utility>

#include "ollama_call.hpp"
#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/ollama_stream.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/answer_headers.hpp"
#include "spillway/gateway/cascade.hpp"
#include "spillway/gateway/verification.hpp"
#include "spillway/net/deadline_wheel.hpp"

namespace spillway::gateway {
namespace {

/// Events that tell nothing are held back up to this; then the client gets them.
constexpr std::size_t max_held = std::size_t{1} * 1024 * 1024;
/// Responses events carry whole answers, images included (wire.md 7, rule 2).
constexpr std::size_t max_event = std::size_t{16} * 1024 * 1024;
constexpr Millis comment_interval{12'000};
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

/// What became of one piece of the upstream's bytes.
enum class Step : std::uint8_t { more, done, failed };

class StreamRelay {
public:
    StreamRelay(Attempt& attempt, const net::ReplyHead& reply)
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
        ollama_ = std::make_unique<dialect::OllamaStream>(
            answer_frame(attempt.request.arrival.id, attempt.services.clock.wall(),
                         attempt.request.prompt_count));
    }
    StreamRelay(const StreamRelay&) = delete;

    /// Sets the attempt's end.
    net::Task<void> run();
    /// Returns when the relay may be destroyed: no comment is being written any more.
    net::Task<void> quiet();
    /// What is held back because a check failed; empty when the attempt's end is set.
    [[nodiscard]] std::optional<Doubted> doubted() const;
    /// Lets go what was held back and relays the rest: sets the attempt's end.
    net::Task<void> release();

private:
    [[nodiscard]] TimePoint now() const { return attempt_.services.clock.now(); }
    [[nodiscard]] TimePoint next_bound() const;
    [[nodiscard]] Step take(std::string_view bytes);
    [[nodiscard]] Step take_event(std::string_view event);
    void relay(std::string_view bytes);
    net::Task<bool> flush();
    [[nodiscard]] bool unjudged() const { return verification_ != nullptr && !begun_; }
    [[nodiscard]] bool holds() const;
    [[nodiscard]] bool doubts(review::Extent extent);
    void hold_ran_out();
    net::Task<void> write_held();
    void begin();
    void finish();
    void end(Step step);
    void fail(chat::Failure failure);
    void break_off(chat::Failure failure);
    void leave();
    Answered& answered();
    void note_engine(Answered& end) const;
    static void send_comment(void* self);
    net::Task<void> write_comment();

    Attempt& attempt_;
    Verification* verification_ = attempt_.verification.get();  ///< Null for nearly all.
    int status_;
    net::HeaderLines headers_;  ///< The upstream's, until the commit point.
    dialect::EventBoundary boundary_;
    dialect::StreamMeter meter_;
    /// Makes events of an Ollama's lines; null for all others, who send events.
    std::unique_ptr<dialect::OllamaStream> ollama_;
    std::string unfinished_;   ///< The beginning of an event whose end has not come yet.
    std::string out_;          ///< Whole events on their way to the client.
    std::string_view direct_;  ///< The same, where the bytes can go out from where they lie.
    std::string last_;         ///< The event that ends the stream, held for the record.
    bool committed_ = false;
    bool begun_ = false;
    bool doubted_ = false;  ///< What came is held back, and the upstream waits.
    bool ended_ = false;
    std::optional<review::Fault> fault_;  ///< Found before anything was given.
    std::optional<TimePoint> first_token_;
    net::Deadline comment_due_;
    bool commenting_ = false;
    net::Event comment_written_;
};

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
    if (!committed_ || (unjudged() && holds())) {
        out_.append(std::exchange(direct_, {}));
        if (committed_)
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
    out_.clear();
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
            if (step == Step::more && !holds() && doubts(review::Extent::beginning))
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

/// May what came still be held back? Only while there is somebody else to ask.
bool StreamRelay::holds() const
{
    return attempt_.chain.may_escalate() && verification_->holds(now());
}

/// Judges what came. Of what the client has already, a fault only marks the record.
/// @return True when it is held back from here on, because another place may answer better.
bool StreamRelay::doubts(review::Extent extent)
{
    const auto fault = verification_->judge_stream(extent);
    if (begun_) {
        if (fault && !fault_) {
            verification_->word = cascade_word("late", fault);
            show_cascade(attempt_.request, verification_->word);
        }
        return false;
    }
    fault_ = fault;
    doubted_ = fault && verification_->holds_streams() && attempt_.chain.may_escalate();
    if (doubted_) {
        comment_due_.disarm();
        attempt_.watch.watch(nullptr);
        out_.append(std::exchange(direct_, {}));
    }
    return doubted_;
}

/// The hold is over although no further event came.
void StreamRelay::hold_ran_out()
{
    // A beginning that fails is left to the next event: then the upstream can be let go.
    fault_ = verification_->judge_stream(review::Extent::beginning);
    if (commenting_ || (fault_ && attempt_.chain.may_escalate()))
        return;
    begin();
    commenting_ = true;
    comment_written_.reset();
    net::spawn(write_held());
}

net::Task<void> StreamRelay::write_held()
{
    const auto held = std::exchange(out_, {});
    if (attempt_.request.sample)
        attempt_.request.sample->keep(held);
    const auto words = voiced(attempt_.request, held, attempt_.services.clock);
    if (!words.empty())
        (void)co_await attempt_.exchange.send(words);
    if (attempt_.request.same)
        attempt_.request.same->add(held);
    commenting_ = false;
    comment_due_.expire_at(now() + comment_interval);
    comment_written_.set();
}

std::optional<Doubted> StreamRelay::doubted() const
{
    if (!doubted_)
        return std::nullopt;
    std::optional<Doubted> doubted(std::in_place);
    doubted->fault = *fault_;
    doubted->usage = meter_.usage(attempt_.request.prompt_count);
    doubted->first_token = first_token_;
    doubted->extent = ended_ ? Doubted::Extent::whole : Doubted::Extent::begun;
    return doubted;
}

net::Task<void> StreamRelay::release()
{
    doubted_ = false;
    if (ended_) {
        finish();
        co_return;
    }
    attempt_.watch.watch(attempt_.call.get());
    const bool sent = co_await flush();
    if (sent)
        co_await run();
    else
        leave();
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
    auto& end = attempt_.end.emplace<Answered>();
    end.usage = meter_.usage(attempt_.request.prompt_count);
    end.first_token = first_token_;
    end.streamed = true;
    if (ollama_)
        note_engine(end);
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
    auto& end = attempt_.end.emplace<ClientLeft>();
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

/// A stream that failed a check, stopped in front of its first byte to the client.
class HeldStream final : public HeldAnswer {
public:
    HeldStream(Attempt& attempt, std::unique_ptr<StreamRelay> relay)
        : attempt_(attempt), relay_(std::move(relay))
    {}
    ~HeldStream() override { attempt_.call.reset(); }

    net::Task<void> give() override
    {
        co_await relay_->release();
        co_await relay_->quiet();
    }

private:
    Attempt& attempt_;
    std::unique_ptr<StreamRelay> relay_;
};

/// The same where the answer is checked: what is held back outlives this.
net::Task<void> relay_verified(Attempt& attempt, const net::ReplyHead& reply)
{
    auto relay = std::make_unique<StreamRelay>(attempt, reply);
    co_await relay->run();
    co_await relay->quiet();
    if (auto doubted = relay->doubted()) {
        doubted->held = std::make_unique<HeldStream>(attempt, std::move(relay));
        attempt.end = *std::move(doubted);
    }
}

}  // namespace

net::Task<void> relay_stream(Attempt& attempt, const net::ReplyHead& reply)
{
    if (attempt.verification)
        co_return co_await relay_verified(attempt, reply);
    StreamRelay relay(attempt, reply);
    co_await relay.run();
    co_await relay.quiet();
}

}  // namespace spillway::gateway
