#include "spillway/gateway/stream_relay.hpp"

#include <algorithm>
#include <utility>

#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/openai_reply.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/reply.hpp"
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
    StreamRelay(Attempt& attempt, std::unique_ptr<net::UpstreamCall> call,
                const net::ReplyHead& reply)
        : attempt_(attempt),
          call_(std::move(call)),
          status_(reply.status),
          meter_(attempt.request.endpoint(), attempt.usage_wish == dialect::UsageInjection::leave),
          comment_due_(attempt.services.shard.wheel(), &StreamRelay::send_comment, this)
    {
        headers_.add("cache-control", "no-cache").add("x-accel-buffering", "no");
        copy_reply_headers(headers_, reply);
        add_answer_headers(headers_, attempt_);
        add_cors(headers_, snapshot().config.server, attempt_.request.arrival.origin);
    }
    StreamRelay(const StreamRelay&) = delete;

    net::Task<AttemptEnd> run();
    /// Returns when the relay may be destroyed: no comment is being written any more.
    net::Task<void> quiet();

private:
    [[nodiscard]] const Snapshot& snapshot() const { return *attempt_.request.arrival.snapshot; }
    [[nodiscard]] TimePoint now() const { return attempt_.services.clock.now(); }
    [[nodiscard]] TimePoint next_bound() const;
    [[nodiscard]] Step take(std::string_view bytes);
    [[nodiscard]] Step take_event(std::string_view event);
    void relay(std::string_view bytes);
    net::Task<bool> flush();
    [[nodiscard]] AttemptEnd ended(Step step);
    [[nodiscard]] AttemptEnd broken(chat::Failure failure);
    [[nodiscard]] AttemptEnd left();
    static void send_comment(void* self);
    net::Task<void> write_comment();

    Attempt& attempt_;
    std::unique_ptr<net::UpstreamCall> call_;
    int status_;
    net::HeaderLines headers_;
    dialect::EventBoundary boundary_;
    dialect::StreamMeter meter_;
    std::string unfinished_;   ///< The beginning of an event whose end has not come yet.
    std::string out_;          ///< Whole events on their way to the client.
    std::string_view direct_;  ///< The same, where the bytes can go out from where they lie.
    std::string last_;         ///< The event that ends the stream, held for the record.
    bool committed_ = false;
    bool begun_ = false;
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
                attempt_.chain.committed();
            }
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
    if (!committed_) {
        out_.append(std::exchange(direct_, {}));
        if (out_.size() <= max_held)
            co_return true;
        committed_ = true;
        attempt_.chain.committed();
    }
    if (!begun_) {
        begun_ = true;
        attempt_.exchange.begin_stream(status_, headers_);
        attempt_.request.forget_body();
        attempt_.exchange.release_body();
        headers_ = {};
    }
    co_await quiet();
    const auto ready = out_.empty() ? direct_ : std::string_view{out_};
    if (!ready.empty()) {
        const auto sent = co_await attempt_.exchange.send(ready);
        if (!sent)
            co_return false;
    }
    out_.clear();
    direct_ = {};
    comment_due_.expire_at(now() + comment_interval);
    co_return true;
}

net::Task<AttemptEnd> StreamRelay::run()
{
    auto step = Step::more;
    while (step == Step::more) {
        const auto piece = co_await call_->read(next_bound());
        if (attempt_.watch.client_left())
            co_return left();
        if (!piece) {
            auto failure = failure_of(piece.error());
            if (committed_)
                co_return broken(std::move(failure));
            co_return failure;
        }
        if (piece->empty()) {
            // Some servers leave the blank line behind [DONE] out (wire.md 7).
            if (!unfinished_.empty())
                step = take("\n\n");
            break;
        }
        step = take(*piece);
        if (step == Step::failed && !committed_)
            break;
        const bool sent = co_await flush();
        if (!sent)
            co_return left();
    }
    const bool sent = step == Step::failed || !committed_ ? true : co_await flush();
    if (!sent)
        co_return left();
    co_return ended(step);
}

net::Task<void> StreamRelay::quiet()
{
    while (commenting_)
        co_await comment_written_.wait();
}

AttemptEnd StreamRelay::ended(Step step)
{
    if (step == Step::failed) {
        auto failure = meter_.failure();
        if (unfinished_.size() > max_event) {
            failure.kind = chat::FailureClass::unknown;
            failure.message = "an event of the stream is larger than 16 MiB";
        }
        if (committed_)
            return broken(std::move(failure));
        return failure;
    }
    if (!meter_.ended_properly()) {
        chat::Failure failure;
        failure.kind = chat::FailureClass::transient;
        failure.message = "the stream ended before its answer was complete";
        if (committed_)
            return broken(std::move(failure));
        return failure;
    }
    comment_due_.disarm();
    attempt_.watch.watch(nullptr);
    if (step == Step::done)
        net::spawn(finish_call(std::move(call_), now() + leftover_bound));
    if (!begun_) {
        // A proper end without one meaningful event: an empty answer is an answer.
        attempt_.chain.committed();
        attempt_.exchange.begin_stream(status_, headers_);
    }
    out_.append(std::exchange(direct_, {})).append(last_);
    Answered answered;
    answered.parting = StreamEnd{std::move(out_)};
    answered.usage = meter_.usage(attempt_.request.prompt_estimate);
    answered.first_token = first_token_;
    answered.streamed = true;
    return answered;
}

AttemptEnd StreamRelay::broken(chat::Failure failure)
{
    comment_due_.disarm();
    attempt_.watch.watch(nullptr);
    call_.reset();
    Error error(Errc::stream_broken, "The answer of " + attempt_.upstream.id + " broke off: " +
                                         failure.message + ". What came before is incomplete.");
    const bool responses = attempt_.request.suffix.substr(0, 10) == "/responses";
    Answered answered;
    answered.parting =
        StreamEnd{responses ? dialect::responses_error_events(error) : dialect::error_event(error)};
    answered.end = ledger::Outcome::broken;
    answered.error = std::move(error);
    answered.usage = meter_.usage(attempt_.request.prompt_estimate);
    answered.first_token = first_token_;
    answered.failure = std::move(failure);
    answered.streamed = true;
    return answered;
}

AttemptEnd StreamRelay::left()
{
    comment_due_.disarm();
    attempt_.watch.watch(nullptr);
    ClientLeft end;
    if (meter_.saw_output())
        end.usage = meter_.usage(attempt_.request.prompt_estimate);
    end.first_token = first_token_;
    end.streamed = true;
    return end;
}

void StreamRelay::send_comment(void* self)
{
    auto& relay = *static_cast<StreamRelay*>(self);
    if (relay.commenting_)
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

}  // namespace

net::Task<AttemptEnd> relay_stream(Attempt& attempt, std::unique_ptr<net::UpstreamCall> call,
                                   const net::ReplyHead& reply)
{
    StreamRelay relay(attempt, std::move(call), reply);
    auto end = co_await relay.run();
    co_await relay.quiet();
    co_return end;
}

}  // namespace spillway::gateway
