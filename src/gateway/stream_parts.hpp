#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/dialect/event_stream.hpp"
#include "spillway/dialect/ollama_stream.hpp"
#include "spillway/dialect/stream_meter.hpp"
#include "spillway/gateway/attempt.hpp"
#include "spillway/net/deadline_wheel.hpp"
#include "spillway/review/checks.hpp"

/// The relay of one stream, for the two files that make it.
namespace spillway::gateway {

constexpr Millis comment_interval{12'000};

/// What became of one piece of the upstream's bytes.
enum class Step : std::uint8_t { more, done, failed };

class StreamRelay {
public:
    StreamRelay(Attempt& attempt, const net::ReplyHead& reply);
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
    /// Waits what came for a judgement before the client gets it?
    [[nodiscard]] bool unjudged() const
    {
        return verification_ != nullptr && !begun_ && verification_->holds_streams();
    }
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

/// `relay_stream` where the answer is checked: what is held back outlives it.
[[nodiscard]] net::Task<void> relay_verified(Attempt& attempt, const net::ReplyHead& reply);

}  // namespace spillway::gateway
