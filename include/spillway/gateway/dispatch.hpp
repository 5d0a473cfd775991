#pragma once

#include <memory>
#include <optional>

#include "spillway/base/on_demand.hpp"
#include "spillway/gateway/attempt.hpp"
#include "spillway/gateway/engine_turn.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/payment.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/net/exchange.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::gateway {

/// Sends the request along its chain until one deployment answers, and relays that answer up to,
/// but not including, its last bytes.
///
/// Performs the actions of `route::AttemptChain` and reports back to it; the policy is all there.
/// At most one upstream read and one client write are outstanding, so a slow client slows the
/// provider down instead of filling memory. When the client leaves, the upstream is closed.
class Dispatch {
public:
    /// All of them outlive the dispatch.
    Dispatch(InferenceRequest& request, net::Exchange& exchange, Services& services);
    Dispatch(const Dispatch&) = delete;

    /// Runs once. Never fails: a failure is an outcome too, and is recorded like one.
    [[nodiscard]] net::Task<void> run();
    /// What was done, after `run`.
    [[nodiscard]] Outcome& outcome() { return *outcome_; }
    /// What it may have cost, to be closed when the record is committed.
    [[nodiscard]] Payment& payment() noexcept { return payment_; }

private:
    [[nodiscard]] route::Moment moment(TimePoint now);
    [[nodiscard]] std::optional<DeploymentIndex> last_server() const;
    net::Task<void> attempt(const route::Target& target, TimePoint began);
    [[nodiscard]] net::Task<bool> take_turn(const route::Target& target, guard::EngineGate& gate,
                                            std::unique_ptr<guard::EnginePass>& pass);
    [[nodiscard]] bool holds_slot_of(const guard::EngineGate& gate) const;
    [[nodiscard]] engine::Turn turn_of(const route::Target& target) const;
    void note_turn(const EngineTurn& turn, const route::Target& target);
    void go_elsewhere(const EngineTurn& turn, const route::Target& target, guard::EngineGate& gate);
    void end_as_stream();
    void give_pass(Attempt& attempt, std::unique_ptr<guard::EnginePass>& pass) const;
    void take_pass(Attempt& attempt);
    void feed(guard::EnginePass& pass, const Attempt& attempt, TimePoint now);
    [[nodiscard]] net::Task<void> wait_for_lease(const route::Target& target, Result<void>& paid);
    [[nodiscard]] route::Action cannot_pay(Error error, TimePoint now);
    /// An attempt whose answer may have to wait while another place is asked.
    struct Trial {
        Trial(Dispatch& dispatch, const route::Target& place, TimePoint began)
            : target(place), attempt(dispatch.attempt_at(target, began))
        {}
        route::Target target;  ///< Its own: the action that told it is gone by then.
        Attempt attempt;
        Millis answer_time{};
    };

    [[nodiscard]] Attempt attempt_at(const route::Target& target, TimePoint began);
    net::Task<void> attempt_verified(const route::Target& target, TimePoint began,
                                     std::unique_ptr<guard::EnginePass>& pass);
    void ended(Attempt& attempt);
    [[nodiscard]] route::Action doubt(Attempt& attempt, Doubted& doubted, TimePoint now);
    net::Task<void> give_first();
    void supersede_first();
    [[nodiscard]] std::optional<route::Action> conclude(Attempt& attempt);
    [[nodiscard]] route::Action failed(Attempt& attempt, chat::Failure failure, TimePoint now);
    [[nodiscard]] guard::AttemptReport told_of(const Attempt& attempt, const chat::Usage& usage,
                                               std::optional<TimePoint> first_token,
                                               TimePoint now) const;
    void note_answer(const Attempt& attempt, Answered& answered, TimePoint now);
    void give(const Attempt& attempt, Answered& answered);
    void report_left(const Attempt& attempt, const chat::Usage& usage, TimePoint now);
    void note_left(const ClientLeft& left);
    void learn(const route::Target& target, const chat::Usage& usage, TimePoint now);
    void report(const route::Target& target, const guard::AttemptReport& report, TimePoint now);
    void give_up(Error error);
    [[nodiscard]] std::int64_t unused(const chat::Usage& usage) const;

    InferenceRequest& request_;
    net::Exchange& exchange_;
    Services& services_;
    const Snapshot& snapshot_;
    ClientWatch watch_;
    route::AttemptChain chain_;
    Payment payment_;
    std::optional<route::Action> next_;  ///< Empty when the request is over.
    Millis expected_{};  ///< Of the turn at the engine that is asked, and when that was.
    TimePoint asked_{};
    std::unique_ptr<Trial> first_;  ///< While its doubted answer waits for a better one.
    std::int64_t set_aside_ = 0;    ///< Of the tokens per minute of the deployment that is asked.
    std::optional<TimePoint> first_attempt_;
    OnDemand<Outcome> outcome_;  ///< Mostly told at the end.
};

}  // namespace spillway::gateway
