// A stream whose beginning is held back until it was judged.
#include <memory>
#include <utility>

#include "spillway/gateway/cascade.hpp"
#include "spillway/gateway/ollama_voice.hpp"
#include "spillway/gateway/sample.hpp"
#include "stream_parts.hpp"

namespace spillway::gateway {

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
    if (commenting_ || fault_)
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

namespace {

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

}  // namespace

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

}  // namespace spillway::gateway
