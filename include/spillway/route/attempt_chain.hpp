#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/chat/request_facts.hpp"
#include "spillway/route/fleet_view.hpp"
#include "spillway/route/plan.hpp"
#include "spillway/route/routing_table.hpp"

namespace spillway::route {

/// Whose bound ends an attempt. A client with little patience proves nothing about a deployment:
/// a stall at its own deadline should count as `abandoned`, or it could bench what others need.
enum class Patience : std::uint8_t { deployment, request };

/// One place the request is sent, with the patience we have for it.
struct Target {
    DeploymentIndex deployment{};
    GroupIndex group{};
    std::string wildcard;          ///< What `*` stands for in the deployment's model.
    std::optional<Tokens> window;  ///< As the engine told.
    Millis first_token_timeout{};
    Millis idle_timeout{};
    TimePoint deadline{};  ///< Whole attempt: min of its own timeout and the chain's.
    Patience patience = Patience::deployment;  ///< Whose bound `deadline` is.
};

/// What the caller must do next. Exactly one is returned by every step.
struct Send {
    Target target;
};  ///< Start an attempt.
struct Pause {
    Millis duration;
};  ///< Wait, then call `resumed`.
struct Stop {
    Error error;
};  ///< Give up; the error is what the client sees.
using Action = std::variant<Send, Pause, Stop>;

/// One attempt that ended badly, kept for the final error, the headers and the record.
struct FailedAttempt {
    DeploymentIndex deployment{};
    GroupIndex group{};
    chat::Failure failure;
    std::string wildcard = {};  ///< As in the target that was tried.
};

/// What the chain needs to know of the request.
struct ChainRequest {
    Plan plan;
    chat::RequestControls controls;
    Tokens prompt_estimate{};  ///< For pre-call checks and for skipping hops that cannot fit.
    /// Who served this conversation last and still has it in its cache.
    std::optional<DeploymentIndex> sticky = {};
    chat::TokenWish wish = {};  ///< For the deployments' own limits.
};

/// The plan of a request that goes to one place and from there where the file says.
[[nodiscard]] Plan straight_to(Resolved place);

/// What a step may look at: passed in, so the chain is pure and every path is a unit test.
struct Moment {
    TimePoint now;
    const FleetView& fleet;
    std::uint64_t draw = 0;  ///< Uniform random bits for strategies and jitter.
    bool may_retry = true;   ///< False when the process's retry budget is spent; fallbacks remain.
};

/// Retry, fallback and deadline as a state machine (no socket, timer or coroutine).
///
/// The hops of the plan come first, one after the other; the plan's limits hold for every place
/// that is reached from them, by whatever list. Under `Beyond::nothing` no list of the file is
/// followed, and of a client's own only the names that the plan leads to. Who is at its
/// `max_parallel_requests` is waited for shortly, then the next hop is taken; who is over its own
/// `rpm` or `tpm` is passed over at once.
///
/// In a group: retries prefer deployments that have not failed in this request; `order` levels are
/// spent one after the other, each with its own retries; then the list for the failure's class
/// (`context_window_fallbacks`, `content_policy_fallbacks`, else `fallbacks`), each hop re-entering
/// the whole procedure, `max_fallbacks` deep at most. A place is entered once per request, so
/// however the lists refer to each other, the walk ends. A lone deployment that nobody answers for
/// is not waited for when there is a fallback; one that loads its model is waited for, as long as
/// for a first token, when there is none.
///
/// Who would most likely fail (`DeploymentState::doubtful`) is passed over for the next hop, but
/// asked in the end when nobody else could serve.
///
/// Rule that must never bend: once `committed` was called the client has seen bytes, and no
/// later failure starts another attempt.
class AttemptChain {
public:
    /// @param table  Must outlive the chain.
    AttemptChain(const RoutingTable& table, ChainRequest request, TimePoint now);
    /// A copy for asking what would come next; only until `answered`.
    AttemptChain(const AttemptChain& other);
    AttemptChain(AttemptChain&&) noexcept = default;
    AttemptChain& operator=(const AttemptChain&) = delete;
    AttemptChain& operator=(AttemptChain&&) noexcept = default;
    ~AttemptChain() = default;

    /// Like all that follows the plan, only until `answered`.
    [[nodiscard]] const Plan& plan() const { return walk_->request.plan; }
    [[nodiscard]] const chat::TokenWish& wish() const { return walk_->request.wish; }
    /// The place the client asked for, or the route's first hop.
    [[nodiscard]] const Resolved& asked() const { return walk_->request.plan.hops.front(); }

    /// The first step. A deployment that was asked for by its id is used even while it rests.
    [[nodiscard]] Action start(const Moment& moment);
    /// The attempt of the last `Send` ended badly.
    [[nodiscard]] Action failed(chat::Failure failure, const Moment& moment);
    /// The target of the last `Send` cannot be paid for, so nothing was sent: it is not asked again
    /// in this request, and the next one is tried.
    /// @param shortage  What the client is told when nobody is left.
    [[nodiscard]] Action declined(Error shortage, const Moment& moment);
    /// Nothing was sent after the last `Send`: another request took the last of the deployment's
    /// limits first. This one does not come back to it, unless other instances hold what is missing
    /// and may hand it on: that is waited for shortly.
    [[nodiscard]] Action withdrawn(const Moment& moment);
    /// Nothing was sent after the last `Send`: the target's engine would take too long, and
    /// another place may be better. Comes back to it when nobody else could serve (`insists`).
    [[nodiscard]] Action passed_over(const Moment& moment);
    /// Nothing was sent after the last `Send`: the target's engine has no room, or the wait for it
    /// was in vain. It is not asked again in this request.
    /// @param why  What the client is told when nobody is left and nothing was tried.
    [[nodiscard]] Action turned_away(Error why, const Moment& moment);
    /// Nobody else is left, so those are asked that were passed over.
    [[nodiscard]] bool insists() const { return walk_->insists; }
    /// Was the target of the last `Send` asked for by its id?
    [[nodiscard]] bool pinned() const { return hop().place.pinned.has_value(); }
    /// The last `Send` was answered, but not well enough: the request goes on along the plan, as
    /// far as the next place that is asked. When that one fails, or there is none, the chain stops.
    [[nodiscard]] Action doubted(const Moment& moment);
    /// Does the plan lead on from here, and has no answer been doubted yet?
    [[nodiscard]] bool may_escalate() const
    {
        return !escalated_ && !committed_ && walk_->planned < walk_->request.plan.hops.size();
    }
    /// The last `Pause` is over.
    [[nodiscard]] Action resumed(const Moment& moment);
    /// The first byte of an answer is about to go to the client.
    void committed() { committed_ = true; }
    /// The same, and it is an attempt's answer: no step follows. What only a further step would
    /// need is let go, so that a long stream need not carry it.
    void answered()
    {
        committed_ = true;
        walk_.reset();
    }

    [[nodiscard]] const std::vector<FailedAttempt>& failures() const { return failures_; }
    /// x-litellm-attempted-retries. Counts a retry when it is decided, pause included.
    [[nodiscard]] int attempted_retries() const { return retries_; }
    /// x-litellm-attempted-fallbacks: hops to which something was sent.
    [[nodiscard]] int attempted_fallbacks() const { return fallbacks_; }
    [[nodiscard]] TimePoint deadline() const { return deadline_; }

private:
    /// One place on the way: a group, or one deployment of it by id.
    struct Hop {
        Resolved place;
        int depth = 0;
    };
    /// A fallback target not yet tried; the last one is next.
    struct Pending {
        std::string name;
        int depth = 0;
    };
    enum class Freshness : std::uint8_t { any, untried };

    [[nodiscard]] Action advance(const Moment& moment);
    [[nodiscard]] Action send(DeploymentIndex deployment, const Moment& moment);
    [[nodiscard]] Action pass_on(const Moment& moment);
    [[nodiscard]] Action take_back(const Moment& moment);
    void uncount();
    [[nodiscard]] Action send_retry(DeploymentIndex deployment, const Moment& moment);
    [[nodiscard]] Action broke_off() const;
    [[nodiscard]] Action out_of_time() const;
    [[nodiscard]] Action give_up(const Moment& moment) const;
    [[nodiscard]] Error why_nobody_answered(const Moment& moment) const;
    [[nodiscard]] bool request_at_fault() const;

    [[nodiscard]] std::optional<DeploymentIndex> open_next_level(const Moment& moment);
    [[nodiscard]] std::optional<DeploymentIndex> best_of_level(Freshness wanted,
                                                               const Moment& moment) const;
    [[nodiscard]] std::optional<Action> retry(const Moment& moment);
    [[nodiscard]] std::optional<Pause> shortest_wait(const Moment& moment);
    [[nodiscard]] std::optional<Pause> polite_wait(const FailedAttempt& attempt,
                                                   const Moment& moment) const;
    [[nodiscard]] std::optional<Pause> wait_for_load(const FailedAttempt& attempt,
                                                     const Moment& moment);
    [[nodiscard]] std::optional<Action> retry_mocked(const Moment& moment);
    [[nodiscard]] int retries_allowed(chat::FailureClass kind, DeploymentIndex failed) const;

    [[nodiscard]] chat::FailureClass reason_to_leave(const Moment& moment);
    [[nodiscard]] std::optional<Pause> wait_for_slot(const Moment& moment);
    [[nodiscard]] std::optional<Pause> wait_for_part(const Moment& moment);
    [[nodiscard]] Action part_awaited(const Moment& moment);
    [[nodiscard]] DeploymentIndex best_of(std::vector<DeploymentIndex> candidates,
                                          const Moment& moment) const;
    void queue_fallbacks(const Moment& moment);
    void queue_list(FallbackList list, const std::optional<std::vector<std::string>>& own);
    [[nodiscard]] std::span<const std::string> targets(
        FallbackList list, const std::optional<std::vector<std::string>>& own) const;
    [[nodiscard]] bool leads_on() const;
    [[nodiscard]] bool in_plan(const Resolved& place) const;
    [[nodiscard]] std::optional<Resolved> new_place(const std::string& name) const;
    [[nodiscard]] bool open_next_hop();
    [[nodiscard]] bool open_doubtful_hop();
    void enter(Hop hop);

    [[nodiscard]] const Hop& hop() const { return walk_->hops.back(); }
    [[nodiscard]] const Group& group() const { return (*table_)[hop().place.group]; }
    [[nodiscard]] bool in_hop(DeploymentIndex member) const;
    [[nodiscard]] bool is_lone() const;
    [[nodiscard]] bool eligible(DeploymentIndex deployment, const Moment& moment) const;
    [[nodiscard]] bool barred(DeploymentIndex deployment) const;
    [[nodiscard]] bool unpaid(DeploymentIndex deployment) const;
    [[nodiscard]] bool put_off(DeploymentIndex deployment) const;
    [[nodiscard]] bool fits(DeploymentIndex deployment, const Moment& moment) const;
    [[nodiscard]] bool failed_before(DeploymentIndex deployment) const;
    [[nodiscard]] bool rested(DeploymentIndex deployment, const Moment& moment) const;
    [[nodiscard]] bool admitted(DeploymentIndex deployment, const Moment& moment) const;
    [[nodiscard]] bool full(DeploymentIndex deployment, const Moment& moment) const;
    [[nodiscard]] bool free(DeploymentIndex deployment, const Moment& moment) const;
    [[nodiscard]] bool serves(DeploymentIndex deployment, const Moment& moment) const;
    void note_doubtful();
    void note_absence(DeploymentIndex deployment, const Moment& moment);
    void note_overflow(const FailedAttempt& attempt, const Moment& moment);

    /// What a `Send` counted, to be taken back when nothing was sent.
    struct Counted {
        int fallbacks = 0;
        bool hop_tried = false;
        bool retry = false;
    };

    /// How far the request came on its way. Most of the chain, and of no use once an answer began.
    struct Walk {
        ChainRequest request;
        std::vector<Hop> hops{};  ///< All that were entered; the last is the current one.
        std::vector<Pending> pending{};
        std::vector<Hop> doubtful{};  ///< Hops in which somebody was passed over as doubtful.
        std::vector<DeploymentIndex> withdrawn{};
        /// Why the request is where it is; may be no attempt's.
        std::optional<chat::Failure> last{};
        std::optional<DeploymentIndex> current{};  ///< Attempt under way.
        Counted before_send{};
        std::vector<DeploymentIndex> unpaid{};       ///< No budget affords them.
        std::optional<Error> shortage{};             ///< Why; of several the one that ends first.
        std::vector<DeploymentIndex> put_off{};      ///< Passed over for their engines.
        std::vector<DeploymentIndex> turned_away{};  ///< Their engines have no room.
        std::optional<Error> no_room{};              ///< Why; of several the last.
        std::optional<DeploymentIndex> waiting_for{};
        std::optional<TimePoint> earliest_recovery{};
        std::optional<Tokens> overflowed_window{};  ///< Largest known window that was too small.
        /// Current `order`; empty before the first and after the last.
        std::optional<int> level{};
        int retries_in_level = 0;
        std::size_t planned = 1;   ///< Hops of the plan that were entered or passed over.
        Millis waited_for_slot{};  ///< In the current hop.
        bool waiting_for_slot = false;
        Millis waited_for_load{};
        int loads_asked = 0;
        bool waiting_for_load = false;
        Millis waited_for_part{};  ///< In the whole request.
        bool waiting_for_part = false;
        bool somebody_saturated = false;
        bool somebody_limited = false;
        bool levels_spent = false;
        bool insists = false;     ///< Nobody else is left: doubtful ones are asked.
        bool hop_tried = false;   ///< Something was sent in the current hop.
        bool overflowed = false;  ///< Some deployment said that the prompt is too long.
    };

    const RoutingTable* table_;
    std::unique_ptr<Walk> walk_;  ///< Null from `answered` on.
    TimePoint deadline_;
    std::vector<FailedAttempt> failures_;
    int retries_ = 0;
    int fallbacks_ = 0;
    bool committed_ = false;
    bool escalated_ = false;
};

}  // namespace spillway::route
