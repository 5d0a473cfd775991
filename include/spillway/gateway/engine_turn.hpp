#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/result.hpp"
#include "spillway/engine/overflow.hpp"
#include "spillway/gateway/attempt.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/guard/engine_gate.hpp"
#include "spillway/net/task.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::gateway {

/// The turn of one request at one local engine: taken at once, waited for, or given up for another
/// place (docs/local-engines.md). Policy is in `engine::decide` and in the gate's queue; here is
/// what waits. Lives in `Dispatch::take_turn`, on one shard's thread.
class EngineTurn {
public:
    /// What a turn works with; all of them outlive it.
    struct Parts {
        const InferenceRequest& request;
        const route::Target& target;
        route::AttemptChain& chain;
        net::Exchange& exchange;
        ClientWatch& watch;
        Services& services;
        engine::Priority priority;
        engine::Turn turn;  ///< Whether the engine has most of the prompt in its cache.
    };
    EngineTurn(const Parts& parts, guard::EngineGate& gate);
    ~EngineTurn();
    EngineTurn(const EngineTurn&) = delete;
    EngineTurn& operator=(const EngineTurn&) = delete;

    enum class End : std::uint8_t {
        admitted,
        elsewhere,    ///< Another place is better.
        refused,      ///< It can neither wait nor go: `refusal`.
        client_left,  ///< While it waited.
    };
    /// Waits for as long as that is worth it. A stream may get its head and comments meanwhile
    /// (`queue.comment_after`); it may go elsewhere all the same.
    [[nodiscard]] net::Task<End> wait();

    /// After `admitted`; null when the engine's gate does not know the model, so it just goes.
    [[nodiscard]] std::unique_ptr<guard::EnginePass> take_pass() { return std::move(pass_); }
    /// When it began, and when the first token was expected then.
    [[nodiscard]] TimePoint asked() const { return asked_; }
    [[nodiscard]] Millis expected() const { return expected_; }
    [[nodiscard]] Millis waited() const { return waited_; }
    /// Requests before it, when it had to wait.
    [[nodiscard]] std::optional<std::uint32_t> position() const { return position_; }
    /// One word: "over_patience", "bridge", "full", "too_late", "in_flight".
    [[nodiscard]] std::string_view why() const { return why_; }
    /// After `elsewhere`: its model is cold, and the engine might as well load it now.
    [[nodiscard]] bool cold() const { return cold_; }
    /// `overloaded`: what the engine's state is and when to come again.
    [[nodiscard]] Error refusal() const;

private:
    [[nodiscard]] std::optional<End> come(TimePoint now);
    [[nodiscard]] std::optional<End> judge(const engine::Here& here, TimePoint now);
    [[nodiscard]] std::optional<End> look(TimePoint now);
    [[nodiscard]] bool stays() const;
    [[nodiscard]] engine::NextHop next_hop(TimePoint now);
    [[nodiscard]] std::optional<Millis> first_token_at(const route::Target& target, TimePoint now);
    [[nodiscard]] Millis until_next_look(TimePoint now) const;
    [[nodiscard]] TimePoint comment_due() const;
    net::Task<void> comment(TimePoint now);
    void begin_early();
    [[nodiscard]] guard::EngineWish wish_of(const route::Target& target) const;

    /// Ends a sleep; reached from other threads by way of the shard, also when it is gone already.
    struct Bell {
        net::Event* event;
    };

    Parts parts_;
    guard::EngineGate& gate_;
    engine::Patience patience_;
    config::Overflow overflow_;
    std::string model_;
    std::shared_ptr<Bell> bell_;
    std::unique_ptr<guard::EnginePass> pass_;
    engine::Here here_;
    TimePoint asked_{};
    TimePoint deadline_{};
    Millis expected_{};
    Millis waited_{};
    std::optional<std::uint32_t> position_;
    std::optional<TimePoint> commented_;
    std::string_view why_;
    bool cold_ = false;
};

/// Who goes first: `batch` where the rule, the key's metadata, the header `x-spillway-priority` or
/// LiteLLM's `priority` of the body (above 0) says so. Nobody can raise what another has lowered.
/// @return `invalid_request` for another word in the header.
[[nodiscard]] Result<engine::Priority> priority_of(const InferenceRequest& request,
                                                   const route::Plan& plan,
                                                   const net::Fields& fields);

}  // namespace spillway::gateway
