#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/units.hpp"
#include "spillway/config/routes.hpp"
#include "spillway/review/checks.hpp"

namespace spillway::gateway {

/// Checks one answer as its route wants it (`verify`), and says how it may be given. Made for the
/// attempts of such requests only; knows nothing of sockets.
class Verification {
public:
    /// @param wish  Of the plan. @param body  Of a chat completion that was read.
    Verification(const config::RouteVerify& wish, std::string_view body);

    /// The first fault of an answer that came in one piece.
    [[nodiscard]] std::optional<review::Fault> judge(std::string_view answer) const;

    /// Takes an event of a stream that tells something. Answers longer than 1 MiB are not judged.
    void add(std::string_view event, TimePoint now);
    /// Are streams held back at all?
    [[nodiscard]] bool holds_streams() const { return wish_.hold_tokens > 0; }
    /// May the stream's beginning still be held back?
    [[nodiscard]] bool holds(TimePoint now) const;
    /// When the hold ends at the latest; only after the first event.
    [[nodiscard]] TimePoint hold_until() const { return hold_until_; }
    /// The first fault of what was added.
    [[nodiscard]] std::optional<review::Fault> judge_stream(review::Extent extent) const;

    /// How the answer is given: "verified", "released", "escalated:looping", "kept:looping",
    /// "late:looping"; empty before that is known.
    std::string word;

private:
    config::RouteVerify wish_;
    review::Bar bar_;
    review::Asked asked_;
    review::StreamedAnswer streamed_;
    std::size_t bytes_ = 0;
    std::int64_t tokens_ = 0;  ///< Events: engines send a token or so in each.
    TimePoint hold_until_{};
};

/// "kept:looping"; the end alone without a fault.
[[nodiscard]] std::string cascade_word(std::string_view end, std::optional<review::Fault> fault);

}  // namespace spillway::gateway
