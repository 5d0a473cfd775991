#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "spillway/base/ids.hpp"
#include "spillway/base/units.hpp"
#include "spillway/chat/engine_facts.hpp"
#include "spillway/chat/usage.hpp"

namespace spillway::ledger {

enum class Outcome : std::uint8_t {
    served,    ///< The client has the whole answer.
    refused,   ///< We or the last upstream said no; nothing was streamed.
    broken,    ///< Cut after the commit point.
    abandoned  ///< The client left first.
};

/// How a request was routed. No text of the request.
struct RouteTaken {
    std::string route;        ///< Empty when the client named a model.
    std::string rule;         ///< Empty when it is not known which.
    std::string reason;       ///< One line.
    std::string features;     ///< JSON of route::to_json, for `spillway replay`.
    bool kept_local = false;  ///< By whatever: header, key, class or rule.
    bool scanned = false;     ///< Sensitive classes were looked for, so none means none.
    bool code_known = false;  ///< The same of code.
};

/// What one authenticated request cost and why. Exactly one per request; written once.
struct SpendRecord {
    RequestId id;  ///< Made when it started: its millisecond is that of `started`.
    WallTime started{};
    std::string call_type;  ///< "acompletion", ...
    std::string key_hash;
    std::string team_id;  ///< Of the key, at that time; empty when it has none.
    std::string user_id;  ///< The internal user that owns the key.
    std::string end_user;
    std::string tags;           ///< JSON array; empty when none.
    std::string asked_model;    ///< What the client wrote; printable, at most 256 bytes.
    std::string group;          ///< The group that served or was tried last.
    std::string deployment_id;  ///< Served, or tried last; empty when none was.
    std::string provider;
    std::string upstream_model;
    std::string api_base;
    Outcome outcome = Outcome::served;
    int status = 0;     ///< HTTP status the client got (0: it left before).
    std::string error;  ///< Errc name; empty when served.
    std::string why;    ///< One line: attempts and the reason of each failure. No prompt text.
    int attempts = 0;
    int retries = 0;
    int fallbacks = 0;
    bool streamed = false;
    chat::Usage usage;
    std::optional<NanoUsd> cost;  ///< Empty: unknown price or unknown usage. Zero is a fact.
    bool at_least = false;        ///< The cost is a lower bound (cut or estimated).
    /// What budgets were charged, where that is not `cost`: a call that may have cost more than
    /// what was seen of it is charged what was reserved.
    std::optional<NanoUsd> charged;
    /// The moment that chose the budgets' periods, where that is not `started` (a clock that was
    /// set back).
    std::optional<WallTime> charged_at;
    /// The same usage at the prices of the reference model (`ledger.reference_model`).
    std::optional<NanoUsd> reference_cost;
    bool replayed = false;  ///< The stored answer of an earlier request; it cost nothing.
    Millis queue{};         ///< From the last request byte to the first attempt.
    std::optional<Millis> first_token;
    Millis total{};
    /// What the local engine and the queue in front of it told: JSON of `engine_json`; empty when
    /// none did.
    std::string engine;
    /// Null when there was nothing to decide: the client named a model.
    std::shared_ptr<const RouteTaken> routing;
};

/// "served", "refused", "broken", "abandoned".
[[nodiscard]] std::string_view name(Outcome outcome);
/// "exact", "estimated", "unknown".
[[nodiscard]] std::string_view name(chat::UsageSource source);

/// USD in decimal, exactly, without trailing zeros: 42 nano-dollars are "0.000000042".
[[nodiscard]] std::string decimal_usd(NanoUsd amount);

/// One JSON object with those facts that are known; empty when none is.
[[nodiscard]] std::string engine_json(const chat::EngineFacts& facts);

/// The id that prints as `text` (26 digits of Crockford base 32, any case); empty for other texts.
[[nodiscard]] std::optional<RequestId> parse_request_id(std::string_view text);

/// The record as one JSON object: a row of LiteLLM's SpendLogs (litellm-surface 2.12), with what
/// LiteLLM has no column for under `metadata`. `spend` is exact, and null when it is unknown.
[[nodiscard]] std::string spend_log_json(const SpendRecord& record);

}  // namespace spillway::ledger
