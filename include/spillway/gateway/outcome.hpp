#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "spillway/base/result.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/usage.hpp"
#include "spillway/ledger/spend_record.hpp"
#include "spillway/net/exchange.hpp"
#include "spillway/route/attempt_chain.hpp"

namespace spillway::gateway {

/// What the client still has to get once the record is committed. Exactly one of these is sent,
/// exactly once.
struct WholeReply {
    int status = 200;
    net::HeaderLines headers;  ///< The upstream's allow-listed ones; ours are added at the end.
    std::string body;
};
struct StreamEnd {
    std::string bytes;  ///< Held-back last events ([DONE]) or our error event; may be empty.
};
struct ErrorReply {
    Error error;
    int status = 500;
};
struct Nothing {};  ///< The client left.
using Parting = std::variant<WholeReply, StreamEnd, ErrorReply, Nothing>;

/// Whose scopes pay.
struct Payer {
    GroupIndex group{};
    DeploymentIndex deployment{};
};

/// What the attempts of a request may have cost.
struct Bill {
    NanoUsd doubtful{};  ///< Of attempts that failed after they were sent.
    NanoUsd reserved{};  ///< For the attempt that answered; zero when it cost nothing.
    std::optional<Payer> payer;
    std::optional<WallTime> charged_at;
};

/// A local engine that a request did not wait for.
struct Spilled {
    GroupIndex group{};
    DeploymentIndex deployment{};
    std::string_view why;  ///< As `EngineTurn::why`.
    Millis expected{};     ///< Its first token, there.
};

/// An answer that failed a check and that the client did not get, because another one came.
struct Superseded {
    GroupIndex group{};
    DeploymentIndex deployment{};
    std::string_view fault;  ///< Static storage.
    chat::Usage usage;
    Millis answer_time{};
    NanoUsd reserved{};  ///< For it; what it cost, where that is known.
    enum class Extent : std::uint8_t { whole, begun } extent = Extent::whole;
};

/// What dispatching did: never an error, a failure is an outcome too and is recorded like one.
struct Outcome {
    ledger::Outcome end = ledger::Outcome::served;
    Parting parting;
    std::optional<Errc> error;               ///< Why not served.
    std::optional<route::Target> served_by;  ///< Served, or begun to serve.
    chat::Usage usage;
    std::vector<route::FailedAttempt> failures;
    std::vector<Spilled> spilled;
    int retries = 0;
    int fallbacks = 0;
    std::optional<TimePoint> first_attempt;
    std::optional<TimePoint> first_token;
    Millis upstream_time{};  ///< Spent waiting for upstreams; the rest is ours.
    Millis answer_time{};    ///< Of that, in the attempt that answered.
    Bill bill;
    bool streamed = false;
    std::unique_ptr<const Superseded> superseded{};
    chat::EngineFacts engine{};  ///< What the engine told of the answer, and the wait before it.
};

}  // namespace spillway::gateway
