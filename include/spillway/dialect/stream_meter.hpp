#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/chat/endpoint.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/chat/usage.hpp"

namespace spillway::dialect {

/// What one event of a stream means for failing over and for relaying.
enum class EventKind : std::uint8_t {
    idle,        ///< Comment, ping, role-only delta: nothing to commit to yet.
    meaningful,  ///< Text, tool call, reasoning, finish: from here the client gets bytes.
    failure,     ///< An error event, in any of the shapes of wire.md 7.
    done,        ///< [DONE], or the dialect's own end event.
    malformed,   ///< Data that is not JSON: skipped and counted, never relayed.
};

/// What to do with the event's bytes.
struct EventVerdict {
    EventKind kind = EventKind::idle;
    /// False for the usage chunk that only we asked for, for malformed events, and for pings with
    /// data in a chat stream, which its clients would take for chunks (wire.md 7).
    bool relay = true;
    /// When set, these bytes go out instead (`"usage":null` taken out because only we asked).
    /// Lives until the next call.
    std::optional<std::string_view> rewritten;
};

/// Reads a copy of a relayed stream: usage (last non-null wins, wire.md 1.4), finish, errors.
/// One per attempt; small, because streams are many: the scratch memory is the thread's.
class StreamMeter {
public:
    /// @param usage_asked_by_client  False: `include_usage` was injected, what it adds is removed.
    StreamMeter(chat::Endpoint endpoint, bool usage_asked_by_client);
    ~StreamMeter();
    StreamMeter(StreamMeter&&) noexcept;
    StreamMeter& operator=(StreamMeter&&) noexcept;

    /// @param event  One complete event, its blank line included.
    [[nodiscard]] EventVerdict see(std::string_view event);

    /// True when the stream ended as its dialect says whole streams end: a finish_reason was seen,
    /// or [DONE], or response.completed / .failed / .incomplete, or message_stop.
    /// False once it failed.
    [[nodiscard]] bool ended_properly() const;
    /// What the stream reported, clamped to sane values (promise 41: negative, 2^63, strings, NaN
    /// fall back to our own count, flagged `estimated`).
    [[nodiscard]] chat::Usage usage(Tokens prompt_estimate) const;
    /// What a llama.cpp told of its work, in the last chunk; empty for others.
    [[nodiscard]] chat::EngineFacts engine() const;
    /// Why the stream failed, when `see` said `failure`.
    [[nodiscard]] const chat::Failure& failure() const;
    [[nodiscard]] std::uint64_t malformed() const;
    /// True once any event carried output (for `estimated` usage of a cut stream).
    [[nodiscard]] bool saw_output() const;
    /// The model's name in the answer, when it gave one.
    [[nodiscard]] std::string_view model() const;

private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

/// What a complete (non-stream) 2xx JSON body says. `failure` is set for a 200 that holds
/// `{"error": ...}` (OpenRouter).
struct AnswerFacts {
    chat::Usage usage;
    std::optional<chat::Failure> failure;
    std::string finish_reason;
    chat::EngineFacts engine;  ///< Of a llama.cpp; empty for others.
};
/// @param body  Need not be padded. Bodies that are not JSON objects give unknown usage.
[[nodiscard]] AnswerFacts read_answer(std::string_view body, chat::Endpoint endpoint,
                                      Tokens prompt_estimate);

/// What a non-2xx reply means. Total: never fails, may say `unknown`.
/// @param retry_after  Parsed Retry-After / retry-after-ms, when sent.
[[nodiscard]] chat::Failure classify(int status, std::string_view body,
                                     std::optional<Millis> retry_after);

/// True when `message` says that the prompt does not fit (detector of wire.md 5.3).
[[nodiscard]] bool says_context_overflow(int status, std::string_view message);

/// Parses Retry-After (seconds or HTTP date) or retry-after-ms.
[[nodiscard]] std::optional<Millis> parse_retry_after(std::string_view retry_after,
                                                      std::string_view retry_after_ms,
                                                      WallTime now);

/// Tokens of `text_bytes` bytes of prompt, rounded up: about four bytes each.
[[nodiscard]] Tokens estimate_tokens(std::size_t text_bytes);

}  // namespace spillway::dialect
