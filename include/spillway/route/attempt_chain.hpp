#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// One place the request is sent, with the patience we have for it.
struct Target {
    DeploymentIndex deployment{};
    GroupIndex group{};
    std::string wildcard;        ///< What `*` stands for in the deployment's model.
    Millis first_token_timeout{};
    Millis idle_timeout{};
    TimePoint deadline{};        ///< Whole attempt: min of its own timeout and the chain's.
};

/// What the caller must do next. Exactly one is returned by every step.
struct Send { Target target; };           ///< Start an attempt.
struct Pause { Millis duration; };        ///< Wait, then call `resumed`.
struct Stop { Error error; };             ///< Give up; the error is what the client sees.
using Action = std::variant<Send, Pause, Stop>;

/// One attempt that ended badly, kept for the final error, the headers and the record.
struct FailedAttempt {
    DeploymentIndex deployment{};
    GroupIndex group{};
    chat::Failure failure;
};

/// What the chain needs to know of the request.
struct ChainRequest {
    Resolved asked;
    chat::RequestControls controls;
    Tokens prompt_estimate{};  ///< For pre-call checks and for skipping hops that cannot fit.
};

/// What a step may look at: passed in, so the chain is pure and every path is a unit test.
struct Moment {
    TimePoint now;
    const FleetView& fleet;
    std::uint64_t draw = 0;    ///< Uniform random bits for strategies and jitter.
    bool may_retry = true;     ///< False when the process's retry budget is spent; fallbacks remain.
};

/// Retry, fallback and deadline as a state machine (no socket, timer or coroutine).
///
/// In a group: retries prefer other deployments; `order` levels are spent one after the other; then
/// the list for the failure's class (`context_window_fallbacks`, `content_policy_fallbacks`, else
/// `fallbacks`), each hop re-entering the whole procedure, `max_fallbacks` deep at most.
///
/// Rule that must never bend: once `committed` was called the client has seen bytes, and no
/// later failure starts another attempt.
class AttemptChain {
public:
    /// @param table  Must outlive the chain.
    AttemptChain(const RoutingTable& table, ChainRequest request, TimePoint now);

    [[nodiscard]] Action start(const Moment& moment);
    [[nodiscard]] Action failed(chat::Failure failure, const Moment& moment);
    [[nodiscard]] Action resumed(const Moment& moment);
    /// The first byte of an answer is about to go to the client.
    void committed() { committed_ = true; }

    [[nodiscard]] const std::vector<FailedAttempt>& failures() const { return failures_; }
    [[nodiscard]] int attempted_retries() const { return retries_; }      ///< x-litellm-attempted-retries
    [[nodiscard]] int attempted_fallbacks() const { return fallbacks_; }  ///< x-litellm-attempted-fallbacks
    [[nodiscard]] TimePoint deadline() const { return deadline_; }

private:
    struct Hop;  // see attempt_chain.cpp
    [[nodiscard]] Action enter_next_hop(const Moment& moment);
    [[nodiscard]] Action try_group(const Moment& moment);
    [[nodiscard]] Action give_up(const Moment& moment);

    const RoutingTable* table_;
    ChainRequest request_;
    TimePoint deadline_;
    std::vector<FailedAttempt> failures_;
    int retries_ = 0;
    int fallbacks_ = 0;
    bool committed_ = false;
    // The author of this layer adds the state the procedure needs (current group, tries left,
    // pending targets, depth).
};

}  // namespace spillway::route
