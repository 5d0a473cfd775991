#pragma once

#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "spillway/base/on_demand.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/failure.hpp"
#include "spillway/chat/usage.hpp"
#include "spillway/gateway/inference_request.hpp"
#include "spillway/gateway/outcome.hpp"
#include "spillway/gateway/services.hpp"
#include "spillway/gateway/verification.hpp"
#include "spillway/guard/engine_gate.hpp"
#include "spillway/guard/fleet.hpp"
#include "spillway/net/exchange.hpp"
#include "spillway/net/upstream.hpp"
#include "spillway/review/fault.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::gateway {

/// Watches the client while its request is out: when it leaves, the running call is cancelled and
/// a pause ends. One per dispatch; must outlive what it watches.
class ClientWatch {
public:
    explicit ClientWatch(net::Exchange& exchange);
    ~ClientWatch();
    ClientWatch(const ClientWatch&) = delete;

    [[nodiscard]] bool client_left() const noexcept { return left_.is_set(); }
    [[nodiscard]] net::Event& left() noexcept { return left_; }
    /// The call to cancel; null when none runs.
    void watch(net::UpstreamCall* call) noexcept { call_ = call; }

private:
    net::Exchange& exchange_;
    net::Event left_;
    net::UpstreamCall* call_ = nullptr;
};

/// An answer, whole or up to its last bytes.
struct Answered {
    Parting parting;
    ledger::Outcome end = ledger::Outcome::served;
    std::optional<Errc> error;  ///< When broken after the commit point.
    chat::Usage usage;
    std::optional<TimePoint> first_token;
    std::optional<chat::Failure> failure;  ///< What the fleet is told when broken.
    bool streamed = false;
    chat::EngineFacts engine{};  ///< What the engine told of it.
};
struct ClientLeft {
    chat::Usage usage;  ///< What had been seen of the answer.
    std::optional<TimePoint> first_token;
    bool streamed = false;
};
/// An answer that the client may still get when nobody gives a better one. Lives no longer than its
/// attempt; destroying it lets the upstream go.
class HeldAnswer {
public:
    HeldAnswer() = default;
    HeldAnswer(const HeldAnswer&) = delete;
    HeldAnswer& operator=(const HeldAnswer&) = delete;
    virtual ~HeldAnswer() = default;
    /// Gives it after all: sets the attempt's end as an attempt does. Once, and not as a part of
    /// that end.
    [[nodiscard]] virtual net::Task<void> give() = 0;
};
/// An answer that failed a check, while the client has seen nothing.
struct Doubted {
    review::Fault fault{};
    std::unique_ptr<HeldAnswer> held;
    chat::Usage usage;  ///< What has been seen of it.
    std::optional<TimePoint> first_token;
    chat::EngineFacts engine{};
    enum class Extent : std::uint8_t { whole, begun } extent = Extent::whole;
};
using AttemptEnd = std::variant<ClientLeft, Answered, chat::Failure, Doubted>;

/// What one attempt works with; lives in `Dispatch::attempt`.
struct Attempt {
    InferenceRequest& request;
    const route::Target& target;
    const Upstream& upstream;
    route::AttemptChain& chain;
    net::Exchange& exchange;
    Services& services;
    ClientWatch& watch;
    TimePoint began;
    dialect::UsageInjection usage_wish;
    std::unique_ptr<net::UpstreamCall> call{};
    std::unique_ptr<guard::EnginePass> pass{};  ///< Where the deployment sits on a local engine.
    std::optional<Tokens> window{};             ///< That an Ollama was asked for.
    /// How it went. Here and not returned: every coroutine on the way would keep room for it while
    /// a long stream runs. Told when it is over, so there is no room for it before.
    OnDemand<AttemptEnd> end{};
    std::unique_ptr<Verification> verification{};  ///< Null where nothing is verified.
    /// An earlier attempt's answer, let go when this one's is begun; null when there is none.
    std::unique_ptr<HeldAnswer>* rival = nullptr;
    int parts_answered = 0;  ///< Of a request for embeddings in several calls.
};

/// Calls one deployment and sets `attempt.end`. A failure before the commit point ends as
/// `chat::Failure` and the client has seen nothing; from the commit point on the end is always
/// `Answered` or `ClientLeft`.
[[nodiscard]] net::Task<void> run_attempt(Attempt& attempt);
/// The same in one call, however many inputs for embeddings the request holds.
[[nodiscard]] net::Task<void> run_call(Attempt& attempt);

/// The commit point of an answer that is relayed as it comes: begins the reply to the client and
/// forgets what only a further attempt would need.
/// @param headers  What the client gets to see of the upstream's.
void begin_answer(Attempt& attempt, int status, net::HeaderLines headers);

/// What a call's fault means for the chain.
[[nodiscard]] chat::Failure failure_of(const net::CallError& error);

/// What the fleet is told of an attempt that ended in `failure`: `abandoned` when that says nothing
/// about the deployment.
[[nodiscard]] guard::AttemptReport::End report_of(const chat::Failure& failure,
                                                  route::Patience patience);

}  // namespace spillway::gateway
